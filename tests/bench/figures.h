/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables of figures on standard output, as plain text, with the goals beside them. */
#ifndef FIGURES_H
#define FIGURES_H

#include <stdint.h>

/* Begins a table: its title, and the heads of its columns, separated by '|'. */
void table(const char *title, const char *heads);

/* The next cell of the row; what begins with a digit stands on the right. */
__attribute__((format(printf, 1, 2)))
void cell(const char *format, ...);
void cell_count(uint64_t n);		/* 50,000 */
void cell_time(uint64_t ns);		/* 42.1 us */
void cell_bytes(uint64_t bytes);	/* 64 MiB */
void cell_ratio(double ratio);
void no_cell(void);

/* Two cells: what the figure should be at most (or least), and whether it is. */
void goal_at_most(double goal, double figure);
void goal_at_least(double goal, double figure);
void goal_time(uint64_t ns, uint64_t took);
void goal_bytes(uint64_t bytes, uint64_t figure);
void no_goal(void);

void end_row(void);

/* A line that is printed below the table. */
__attribute__((format(printf, 1, 2)))
void remark(const char *format, ...);

void end_table(void);

/* a / b, or 0 if there is no b */
double ratio(uint64_t a, uint64_t b);

/*
 * Growth by no more than this counts as none: the larger of two amounts of work fits worse into the
 * caches, whoever does it.
 */
#define STEADY	1.25

/* Says on standard error what is being done, for who waits. */
__attribute__((format(printf, 1, 2)))
void doing(const char *format, ...);

#endif
