// SPDX-License-Identifier: GPL-2.0-only
/* Tests of cmd/status.c. */
#include "fixture.h"

#include <string.h>

#define assert_problems(part, count) \
	assert_json("[.status.problems[] | select(contains(\"" part "\"))] | length == " #count)

/* Here netlink is missing, which is a problem, too. */
static void test_status_iommufd(void **state)
{
	(void)state;
	write_file("refusals", "");
	write_file("status", "version=1 vfio=1 iommufd=0 type1=1 type1_id=ab\n");
	host_iommufd = NULL;
	RUN(status, "-J");
	assert_problems("iommufd", 0);
	/* The host has an iommufd, and the module was built without it. */
	host_iommufd = "ab01ff";
	assert_int_not_equal(RUN(status, "-J"), 0);
	assert_problems("the module was built without iommufd, ", 1);
	assert_problems("iommufd", 1);
	assert_stderr("the module was built without iommufd, .*UNTESTED=1");
	write_file("status",
		   "version=1 subject=iommufd build_id=ab01ff vfio=1 iommufd=1 type1=1\n");
	RUN(status, "-J");
	assert_problems("iommufd", 0);
	host_iommufd = "ab01fe";
	RUN(status, "-J");
	assert_problems("the module was built for another iommufd", 1);
	assert_problems("iommufd", 1);
	host_iommufd = NULL;
}

int status_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_iommufd),
	};

	return cmocka_run_group_tests_name("status", tests, set_up, tear_down);
}
