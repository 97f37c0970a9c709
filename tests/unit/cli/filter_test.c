// SPDX-License-Identifier: GPL-2.0-only
/* Tests of output/filter.c. */
#include "fixture.h"

#include <string.h>

#include "exit_status.h"

/* libsmartcols never frees the scanner of a filter, or a word that is no number. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:yylex_init\nleak:param_set_data";
}

/* --filter, if libsmartcols has filters */
static void test_filter(void **state)
{
	(void)state;
#ifdef HAVE_SCOLS_FILTER
	assert_int_equal(RUN(areas, "-J", "-o", "PID", "-Q", "PINNED >= 64M && MODE == \"user\""),
			 0);
	assert_json("[.areas[].pid] == [4242]");
	assert_int_equal(RUN(areas, "-rno", "PID", "--filter", "state == \"dead\" or PINNED > 1"),
			 0);
	assert_stdout("^4242$");
	assert_stdout("^777$");
	/* an unknown value is neither less nor more than a number */
	assert_int_equal(RUN(owners, "-J", "-o", "PID", "-Q", "LIMIT >= 0"), 0);
	assert_json("[.owners[].pid] == [4242]");
	assert_int_equal(RUN(owners, "-J", "-o", "PID", "-Q", "HEADROOM < 1M"), 0);
	assert_json("[.owners[].pid] == [4242]");
	assert_int_equal(RUN(list, "-J", "-Q", "DEVICES =~ \"00:01\""), 0);
	assert_json(".contexts | length == 1");
	assert_int_equal(RUN(list, "-J", "-Q", "DEVICES == \"\""), 0);
	assert_json("[.contexts[].id] == [\"0x1f2e000000000001\"]");
	assert_int_equal(RUN(ioas, "-J", "-Q", "BUSY == true"), 0);
	assert_json("[.ioases[].context] == [\"0x1f2e000000000001\"]");
	assert_int_equal(RUN(areas, "-Q", "NIX > 1"), EXIT_USAGE);
	assert_stderr("unknown column .NIX.");
	assert_int_equal(RUN(areas, "-Q", "PINNED >"), EXIT_USAGE);
	assert_stderr("--filter .PINNED >.: ");
	assert_int_equal(RUN(owners, "-Q", "COMMAND > 1"), EXIT_USAGE);
	assert_stderr("a column that is not a number");
#else
	assert_int_equal(RUN(areas, "-Q", "PINNED > 1"), EXIT_USAGE);
	assert_stderr("needs libsmartcols 2.40 or newer; this dmaownctl was built with 2");
	assert_false(satisfies("grep -q", "stdout", "."));
#endif
}

int filter_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter),
	};

	return cmocka_run_group_tests_name("filter", tests, set_up, tear_down);
}
