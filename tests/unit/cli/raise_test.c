// SPDX-License-Identifier: GPL-2.0-only
/* Tests of transfer/raise.c. */
#include "fixture.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* These tests raise RLIMIT_MEMLOCK of their own process, and put it back. */

static void set_limit(rlim_t soft, rlim_t hard)
{
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ soft, hard }), 0);
}

static void assert_limit(rlim_t soft, rlim_t hard)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
	assert_int_equal(limit.rlim_cur, soft);
	assert_int_equal(limit.rlim_max, hard);
}

#define LOW    65536
#define HIGH   1048576
#define NEEDED (LOW + 4096)

static void test_raise_limit(void **state)
{
	struct rlimit first;
	char self[16];
	rlim_t hard;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &first), 0);
	hard = first.rlim_max;
	assert_true(hard >= HIGH);
	snprintf(self, sizeof(self), "%d", getpid());
	reset_module();
	module.needed = NEEDED;

	set_limit(LOW, hard);
	assert_int_equal(RUN(transfer, "--to", self), 11);
	assert_stderr("--raise-limit, or with: prlimit --pid [0-9]+ --memlock=69632:$");
	assert_int_equal(RUN(check, "--to", self, "--raise-limit", "-J"), 0);
	assert_json(".result == \"would-move\" and .changed == false and .reasons_total == 0");
	assert_json(".limit_raised | .from == 65536 and .to == 69632 and .hard_from == .hard_to");
	assert_int_equal(RUN(check, "--to", self, "--raise-limit"), 0);
	assert_stdout("^RLIMIT_MEMLOCK of process [0-9]+ would be raised from 64K to 68K "
		      "\\(69632 bytes\\)$");
	assert_limit(LOW, hard);
	module.calls = 0;
	assert_int_equal(RUN(transfer, "--to", self, "--raise-limit"), 0);
	assert_stdout("^RLIMIT_MEMLOCK .* was raised from 64K to 68K .*, and stays so$");
	assert_int_equal(module.calls, 2);
	assert_int_equal(module.asked->flags, 0);
	assert_limit(NEEDED, hard);

	/* the limit is high enough now */
	assert_int_equal(RUN(transfer, "--to", self, "--raise-limit", "-J"), 0);
	assert_json(".result == \"moved\" and .limit_raised == null");
	assert_limit(NEEDED, hard);

	/* there is another obstacle: all reasons are reported, and nothing is raised */
	set_limit(LOW, hard);
	module.nr_reports = 1;
	module.answer.reports_total = 1;
	module.reports[0] = (struct dmaown_report){
		.reason = DMAOWN_REASON_HOLE,
		.error = ENXIO,
		.context = 0x1f2e,
		.ioas = 2,
		.process = 4241,
		.iova = 0x100000,
		.last = 0x40fffff,
		.addr = 0x7f0000000000,
	};
	module.calls = 0;
	assert_int_equal(RUN(transfer, "--to", self, "--raise-limit", "-J"), 11);
	assert_json("[.reasons[].reason] == [\"not-mapped\", \"limit-user\"]");
	assert_json(".limit_raised == null and .reasons_total == 2");
	assert_int_equal(module.calls, 1);
	/* there are more reasons than reports */
	module.nr_reports = 0;
	assert_int_equal(RUN(transfer, "--to", self, "--raise-limit"), 11);
	assert_int_equal(module.calls, 2);
	assert_limit(LOW, hard);
	setrlimit(RLIMIT_MEMLOCK, &first);
}

/* The transfer itself fails, for a signal or otherwise: the limit is put back. */
static void test_raise_limit_failed(void **state)
{
	struct rlimit first;
	char self[16];
	pid_t pid;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &first), 0);
	snprintf(self, sizeof(self), "%d", getpid());
	reset_module();
	module.needed = NEEDED;
	module.sleep = 30;
	set_limit(LOW, first.rlim_max);
	signal(SIGTERM, SIG_DFL);
	pid = fork();
	if (!pid) {
		/* Wait until the limit has been raised. */
		struct rlimit now = { 0 };

		while (now.rlim_cur != NEEDED)
			prlimit(getppid(), RLIMIT_MEMLOCK, NULL, &now);
		usleep(100000);
		kill(getppid(), SIGTERM);
		_exit(0);
	}
	assert_int_equal(RUN(transfer, "--to", self, "--raise-limit", "-J"), 75);
	assert_json(".errno == \"EINTR\" and .limit_raised == null");
	assert_stderr("had been raised, and has been restored$");
	assert_limit(LOW, first.rlim_max);

	/* Nothing moves: the limit is put back. */
	module.sleep = 0;
	module.answer.areas = 0;
	assert_int_equal(RUN(transfer, "--to", self, "--raise-limit", "-J"), 0);
	assert_json(".result == \"unchanged\" and .limit_raised == null");
	assert_limit(LOW, first.rlim_max);
	setrlimit(RLIMIT_MEMLOCK, &first);
}

int raise_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raise_limit),
		cmocka_unit_test(test_raise_limit_failed),
	};

	return cmocka_run_group_tests_name("raise", tests, set_up, tear_down);
}
