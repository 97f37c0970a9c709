// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"
#include "tap.h"

#define COLUMNS 16
#define ROWS	128
#define REMARKS 32

/* The table that is being filled; row 0 holds the headings. */
static struct {
	const char *title;
	char *cells[ROWS][COLUMNS];
	char *remarks[REMARKS];
	unsigned int rows, columns, column, nr_remarks;
} t;

static char *copy(const char *text)
{
	char *kept = strdup(text);

	need(kept, "memory");
	return kept;
}

void table(const char *title, const char *heads)
{
	char *all = copy(heads), *rest = all, *head;

	t.title = title;
	t.rows = t.columns = t.column = t.nr_remarks = 0;
	while ((head = strsep(&rest, "|")) && t.columns < COLUMNS)
		t.cells[0][t.columns++] = copy(head);
	free(all);
	t.rows = 1;
}

void cell(const char *format, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (t.rows < ROWS && t.column < t.columns)
		t.cells[t.rows][t.column++] = copy(text);
}

static const char *count_text(uint64_t n)
{
	static char text[32];
	char plain[24];
	int i, used = 0, digits = snprintf(plain, sizeof(plain), "%llu", (unsigned long long)n);

	for (i = 0; i < digits; i++) {
		if (i && (digits - i) % 3 == 0)
			text[used++] = ',';
		text[used++] = plain[i];
	}
	text[used] = '\0';
	return text;
}

/* Return: the number of decimals that makes three digits. */
static int decimals(double value)
{
	return value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
}

/* Return: the value with three digits, in the unit that fits. */
static const char *with_unit(double value, double step, const char *const *units)
{
	static char text[48];

	for (; value >= 999.5 && units[1]; units++)
		value /= step;
	snprintf(text, sizeof(text), "%.*f %s", decimals(value), value, *units);
	return text;
}

static const char *time_text(uint64_t ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s", NULL };

	return with_unit(ns, 1000, units);
}

static const char *bytes_text(uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", NULL };
	static char text[48];
	const char *const *unit = units;

	if (bytes % 1024 || !bytes)
		return with_unit(bytes, 1024, units);
	for (; bytes % 1024 == 0 && unit[1]; unit++)
		bytes /= 1024;
	if (bytes >= 10000)
		return with_unit(bytes, 1024, unit);
	snprintf(text, sizeof(text), "%llu %s", (unsigned long long)bytes, *unit);
	return text;
}

void cell_count(uint64_t n)
{
	cell("%s", count_text(n));
}

void cell_time(uint64_t ns)
{
	cell("%s", time_text(ns));
}

void cell_bytes(uint64_t bytes)
{
	cell("%s", bytes_text(bytes));
}

void cell_ratio(double ratio)
{
	cell("%.*f", decimals(ratio), ratio);
}

void no_cell(void)
{
	cell("-");
}

static void verdict(int reached)
{
	cell(reached ? "reached" : "missed");
}

void goal_at_most(double goal, double figure)
{
	cell("at most %.*f", decimals(goal), goal);
	verdict(figure <= goal);
}

void goal_at_least(double goal, double figure)
{
	cell("at least %.*f", decimals(goal), goal);
	verdict(figure >= goal);
}

void goal_time(uint64_t ns, uint64_t took)
{
	cell("at most %s", time_text(ns));
	verdict(took <= ns);
}

void goal_bytes(uint64_t bytes, uint64_t figure)
{
	cell("below %s", bytes_text(bytes));
	verdict(figure < bytes);
}

void no_goal(void)
{
	no_cell();
	no_cell();
}

void end_row(void)
{
	while (t.rows < ROWS && t.column < t.columns)
		cell(" ");
	if (t.rows < ROWS)
		t.rows++;
	t.column = 0;
}

void remark(const char *format, ...)
{
	char text[500];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (t.nr_remarks < REMARKS)
		t.remarks[t.nr_remarks++] = copy(text);
}

/* Is any cell of the column a number? The column is right-aligned then. */
static int is_numeric(unsigned int column)
{
	unsigned int row;

	for (row = 1; row < t.rows; row++)
		if (isdigit((unsigned char)t.cells[row][column][0]))
			return 1;
	return 0;
}

static unsigned int width_of(unsigned int column)
{
	unsigned int row, width = 0;

	for (row = 0; row < t.rows; row++)
		if (strlen(t.cells[row][column]) > width)
			width = strlen(t.cells[row][column]);
	return width;
}

static void print_row(unsigned int row)
{
	unsigned int column;
	char line[1000];
	size_t used = 0;

	for (column = 0; column < t.columns && used < sizeof(line); column++) {
		int width = width_of(column);

		used += snprintf(line + used, sizeof(line) - used, "%s%*s", column ? "  " : "",
				 is_numeric(column) ? width : -width, t.cells[row][column]);
	}
	if (used >= sizeof(line))
		used = sizeof(line) - 1;
	while (used && line[used - 1] == ' ')
		used--;
	printf("  %.*s\n", (int)used, line);
}

void end_table(void)
{
	unsigned int row, column;

	printf("%s\n\n", t.title);
	for (row = 0; row < t.rows; row++)
		print_row(row);
	for (row = 0; row < t.nr_remarks; row++) {
		printf("%s  %s\n", row ? "" : "\n", t.remarks[row]);
		free(t.remarks[row]);
	}
	printf("\n");
	fflush(stdout);
	for (row = 0; row < t.rows; row++)
		for (column = 0; column < t.columns; column++)
			free(t.cells[row][column]);
}

double ratio(uint64_t a, uint64_t b)
{
	return b ? (double)a / b : 0;
}

void doing(const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	va_start(ap, format);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
}
