/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_CLI_FIXTURE_H
#define DMAOWN_CLI_FIXTURE_H

/*
 * The tool without the module. Listings run unchanged over the debugfs channel and read files that
 * the tests write. Transfers call an ioctl() that the fixture answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "channel/channel.h"
#include "command.h"
#include "dmaown.h"

/* Each X(NAME) is NAME_test.c, whose NAME_tests() runs its tests. */
#define SUITES(X)      \
	X(debugfs)     \
	X(netlink)     \
	X(remap)       \
	X(maps)        \
	X(columns)     \
	X(query)       \
	X(user)        \
	X(kmsg)        \
	X(exit_status) \
	X(listing)     \
	X(vfio)        \
	X(who)         \
	X(plain_table) \
	X(filter)      \
	X(transfer)    \
	X(preview)     \
	X(width)       \
	X(streams)     \
	X(force)       \
	X(undo)        \
	X(raise)       \
	X(tree)        \
	X(health)      \
	X(memory)      \
	X(metrics)     \
	X(status)      \
	X(module_hint) \
	X(hash)        \
	X(range)

#define X(name) int name##_tests(void);
SUITES(X)
#undef X

/* Make and remove the folder, and the memory that module shares. */
int set_up(void **state);
int tear_down(void **state);

/* The module's stand-in: how its ioctls answer, and what they were called with. */
struct fake_module {
	int open_error;
	int process_error;
	int transfer_error;
	unsigned int sleep; /* seconds that a transfer waits */
	struct dmaown_transfer answer;
	struct dmaown_report reports[4];
	unsigned int nr_reports;
	int leave_error; /* of DMAOWN_IOC_LEAVE, with these reports */
	struct dmaown_report leave_reports[4];
	unsigned int nr_leave_reports;
	uint64_t needed; /* least RLIMIT_MEMLOCK of the new owner, or 0 */
	unsigned int calls;
	/* Comparisons find these ranges, ranges_at_once in a call. */
	unsigned int comparisons;
	int compare_error;
	struct dmaown_range ranges[8];
	unsigned int nr_ranges;
	unsigned int ranges_at_once;
	struct dmaown_file compared_file; /* of the last call */
	struct dmaown_force asked_forces[8];
	/* in memory shared with child processes */
	struct dmaown_transfer *asked;
	struct dmaown_file *asked_file;
};

extern struct fake_module module;

/* Let the module answer that it has moved two areas. */
void reset_module(void);

/* The number of calls of getpwuid(), and of tables that libsmartcols printed. */
extern unsigned int user_lookups, tables_printed;

/* The build ID of the host's iommufd, or NULL if the host has none. */
extern const char *host_iommufd;

/* The folder of the files that stand in for debugfs. */
extern char directory[];

FILE *create(const char *name);
void write_file(const char *name, const char *text);

/* Write all files of debugfs: two contexts, one of which is locked, and a live and a dead owner. */
void write_files(void);

/*
 * Write a sysfs below the folder, and let the tool read it: devices 0000:00:01.0 (vfio3) and
 * 0000:00:03.0 in group 5, 0000:00:02.0 and emulated.0 in none, and /dev/iommu.
 */
void write_sysfs(void);

/* Run a command over debugfs and keep its output in the files stdout and stderr. */
int run(command_function *main, char **argv);

#define RUN(command, ...) run(command##_main, (char *[]){ strdupa(#command), ##__VA_ARGS__, NULL })

/* Run a command on a terminal of that many columns. */
int run_on_terminal(unsigned short columns, command_function *main, char **argv);

#define RUN_ON_TERMINAL(columns, command, ...)   \
	run_on_terminal(columns, command##_main, \
			(char *[]){ strdupa(#command), ##__VA_ARGS__, NULL })

/*
 * Return: true if a tool, called with the condition, accepts what the last command wrote to the
 * file.
 */
bool satisfies(const char *tool, const char *file, const char *condition);

#define assert_json(condition)	  assert_true(satisfies("jq -e", "stdout", condition))
#define assert_stdout(expression) assert_true(satisfies("grep -Eqa -e", "stdout", expression))
#define assert_stderr(expression) assert_true(satisfies("grep -Eqa -e", "stderr", expression))

#endif
