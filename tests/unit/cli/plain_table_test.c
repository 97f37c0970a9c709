// SPDX-License-Identifier: GPL-2.0-only
/* Tests of output/plain_table.c. */
#include "fixture.h"

#include <string.h>

/*
 * Some batches of a listing are printed by libsmartcols, because a cell needs an escape, and the
 * others by the tool itself. The listing must look as if one printer had printed all of it. A batch
 * has fewer than FAR rows.
 */
#define FAR 1100

enum { MIXED = 3 * FAR, FIRST_PID = 100000 };

/* The first name is the longest: no later batch is wider. */
static const char *mixed_comm(int i, bool strange, const char *byte)
{
	static char comm[32];

	if (strange)
		snprintf(comm, sizeof(comm), i ? "s%s%d" : "long%s-name-%d", byte, i);
	else
		snprintf(comm, sizeof(comm), i ? "c%d" : "longest-name-%d", i);
	return comm;
}

static void write_mixed(const bool *strange)
{
	FILE *file = create("owners");
	int i;

	for (i = 0; i < MIXED; i++)
		fprintf(file, "owner=0x1 pid=%d comm=%s state=%s pinned=%s busy=0\n", FIRST_PID - i,
			mixed_comm(i, strange[i], "\\377"), i % 2 ? "dead" : "live",
			i % 3 ? "-" : "1048576");
	fclose(file);
}

static void expect_mixed(const bool *strange, bool raw, bool headings)
{
	int comm = raw ? 0 : strlen(mixed_comm(0, strange[0], "\\xff"));
	int pid = raw ? 0 : strlen("100000"), pinned = raw ? 0 : strlen("PINNED");
	FILE *file = create("expected");
	int i;

	if (headings)
		fprintf(file, "%*s %-*s %*s STATE\n", pid, "PID", comm, "COMMAND", pinned,
			"PINNED");
	for (i = 0; i < MIXED; i++)
		fprintf(file, "%*d %-*s %*s %s\n", pid, FIRST_PID - i, comm,
			mixed_comm(i, strange[i], "\\xff"), pinned, i % 3 ? raw ? "-" : "" : "1M",
			i % 2 ? "dead" : "live");
	fclose(file);
}

static void assert_mixed(const bool *strange, unsigned int by_library, bool raw, bool headings)
{
	/* Repeating this option has no effect. */
	static char columns[] = "-oPID,COMMAND,PINNED,STATE";
	char expected[128];

	snprintf(expected, sizeof(expected), "%s/expected", directory);
	expect_mixed(strange, raw, headings);
	tables_printed = 0;
	assert_int_equal(RUN(owners, columns, raw ? "-r" : columns, headings ? columns : "-n"), 0);
	assert_true(satisfies("cmp", "stdout", expected));
	assert_int_equal(tables_printed, by_library);
}

static void test_mixed(void **state)
{
	static const int places[][2] = {
		{ -1, -1 }, { 0, -1 }, { FAR, -1 }, { 0, 2 * FAR }, { FAR, MIXED - 1 },
	};
	unsigned int i, j, nr;

	(void)state;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		bool strange[MIXED] = { false };

		for (j = nr = 0; j < 2 && places[i][j] >= 0; j++, nr++)
			strange[places[i][j]] = true;
		write_mixed(strange);
		assert_mixed(strange, nr, false, true);
		assert_mixed(strange, nr, false, false);
		assert_mixed(strange, nr, true, true);
		assert_mixed(strange, nr, true, false);
	}
	write_files();
}

int plain_table_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mixed),
	};

	return cmocka_run_group_tests_name("plain_table", tests, set_up, tear_down);
}
