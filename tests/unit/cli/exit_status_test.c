// SPDX-License-Identifier: GPL-2.0-only
/* Tests of exit_status.c and the reasons of refusals. */
#include "fixture.h"

#include <errno.h>

#include "exit_status.h"
#include "transfer/reason.h"

/* The list is in the order in which the module chooses one of several reasons as the errno. */
static void test_exits(void **state)
{
	static const struct {
		int error, status;
	} exits[] = {
		{ ENOENT, 3 }, { ESRCH, 10 }, { ENOMEM, 11 }, { ENXIO, 12 }, { EINVAL, 13 },
		{ EBUSY, 14 }, { EXDEV, 15 }, { EINTR, 75 },  { EPERM, 77 }, { EACCES, 77 },
		{ 0, 0 },      { EBADF, 1 },  { EIO, 1 },     { E2BIG, 1 },
	};
	const struct reason *reason;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		assert_int_equal(exit_of_errno(exits[i].error), exits[i].status);
		if (i && exits[i].status > 1 && exits[i - 1].status)
			assert_true(exits[i].status >= exits[i - 1].status);
	}
	for (i = 1; i <= DMAOWN_REASON_NO_CONTEXT; i++) {
		reason = reason_of(i);
		assert_string_not_equal(reason->name, "unknown");
		assert_true(exit_of_errno(reason->error) != 0);
	}
	assert_string_equal(reason_of(0)->name, "unknown");
	assert_string_equal(reason_of(9999)->name, "unknown");
}

int exit_status_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exits),
	};

	return cmocka_run_group_tests_name("exit_status", tests, set_up, tear_down);
}
