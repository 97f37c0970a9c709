/* SPDX-License-Identifier: GPL-2.0-only */
/* Prints tables of figures on standard output, as plain text, with the goals beside them. */
#ifndef FIGURES_H
#define FIGURES_H

#include <stdint.h>

/* Begins a table. @heads: the headings of its columns, separated by '|' */
void table(const char *title, const char *heads);

/* Fill the next cell of the row. A column with a cell that begins with a digit is right-aligned. */
__attribute__((format(printf, 1, 2))) void cell(const char *format, ...);
void cell_count(uint64_t n);	 /* 50,000 */
void cell_time(uint64_t ns);	 /* 42.1 us */
void cell_bytes(uint64_t bytes); /* 64 MiB */
void cell_ratio(double ratio);
void no_cell(void);

/* Fill two cells: the limit for the figure, and the verdict, "reached" or "missed". */
void goal_at_most(double goal, double figure);
void goal_at_least(double goal, double figure);
void goal_time(uint64_t ns, uint64_t took);
void goal_bytes(uint64_t bytes, uint64_t figure);
void no_goal(void);

void end_row(void);

/* Adds a line that is printed below the table. */
__attribute__((format(printf, 1, 2))) void remark(const char *format, ...);

void end_table(void);

/* Return: a / b, or 0 if b is 0. */
double ratio(uint64_t a, uint64_t b);

/*
 * Growth by at most this factor counts as none: the larger of two amounts of work always fits worse
 * into the caches.
 */
#define STEADY 1.25

/* Prints on standard error what is being measured, for people who wait. */
__attribute__((format(printf, 1, 2))) void doing(const char *format, ...);

#endif
