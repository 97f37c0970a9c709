// SPDX-License-Identifier: GPL-2.0-only
/* Tests of cmd/metrics.c. */
#include "fixture.h"

#include <string.h>

static void test_metrics(void **state)
{
	(void)state;
	assert_int_equal(RUN(metrics), 0);
	assert_stdout("^# TYPE dmaown_transfers_total counter$");
	assert_stdout("^dmaown_transfers_total 1$");
	assert_stdout("^dmaown_refusals_total\\{reason=\"\"\\} 2$");
	assert_stdout("^dmaown_refusals_total\\{reason=\"limit-mm\"\\} 3$");
	assert_stdout("^dmaown_refusals_total\\{reason=\"exec\"\\} 0$");
	assert_stdout("^dmaown_busy 1$");
	assert_stdout("^dmaown_areas\\{unit=\"[^\"]*\",mode=\"mm\",state=\"dead\"\\} 1$");
	assert_stdout(
		"^dmaown_pinned_bytes\\{unit=\"[^\"]*\",mode=\"user\",state=\"live\"\\} 67108864$");
	assert_stdout("^dmaown_headroom_bytes\\{unit=\"[^\"]*\",mode=\"user\"\\} 0$");
	assert_stdout("^dmaown_findings\\{unit=\"[^\"]*\",finding=\"dead-owner\"\\} 1$");
	assert_stdout("^dmaown_findings\\{unit=\"\",finding=\"corrupt\"\\} 0$");
	/* no series of a PID, an owner or an address */
	assert_false(satisfies("grep -Eq", "stdout", "pid|owner=|0x"));
	/* each family is one block, and each series occurs once */
	assert_true(satisfies("awk", "stdout",
			      "/^# TYPE/ { if (seen[$3]++) exit 1; family = $3; next } "
			      "/^#/ { next } { split($1, name, \"{\"); if (name[1] != family || "
			      "lines[$1]++) exit 1 }"));

	/* Labels are escaped. */
	write_file("status", "version=0.1.0 kernel=a\\134b\\042c\\012d\\377 transfers=1\n");
	assert_int_equal(RUN(metrics), 0);
	assert_true(satisfies("grep -Fq", "stdout", "kernel=\"a\\\\b\\\"c\\nd\xef\xbf\xbd\""));
	write_files();
}

int metrics_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metrics),
	};

	return cmocka_run_group_tests_name("metrics", tests, set_up, tear_down);
}
