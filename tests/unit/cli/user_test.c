// SPDX-License-Identifier: GPL-2.0-only
/* Tests of host/user.c. */
#include "fixture.h"

#include <stdlib.h>

#include "host/user.h"

static void test_units(void **state)
{
	static const struct {
		const char *contents, *unit;
	} cgroups[] = {
		{ "0::/system.slice/ssh.service\n", "ssh.service" },
		{ "0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator\n",
		  "machine-qemu\\x2d1\\x2dvm.scope" },
		{ "0::/user.slice/user-0.slice/session-2.scope\n", "session-2.scope" },
		{ "0::/docker/0123\n", "/docker/0123" },
		{ "0::/\n", "/" },
		{ "0::/.service/x", "/.service/x" },
		{ "4:memory:/x\n1:name=systemd:/system.slice/a.service\n0::/\n", "a.service" },
		{ "4:memory:/x\n", NULL },
		{ "", NULL },
	};
	char *unit;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cgroups) / sizeof(cgroups[0]); i++) {
		unit = unit_of_cgroup(cgroups[i].contents);
		if (cgroups[i].unit)
			assert_string_equal(unit, cgroups[i].unit);
		else
			assert_null(unit);
		free(unit);
	}
}

static void assert_user(uint32_t uid, const char *expected)
{
	char *name = user_name(uid);

	assert_non_null(name);
	assert_string_equal(name, expected);
	free(name);
}

/* Consecutive rows of one user need one lookup. */
static void test_users(void **state)
{
	(void)state;
	assert_user(0, "root");
	assert_user(12345, "12345");
	assert_user(4294967294, "4294967294");
	assert_user(0, "root");
	user_lookups = 0;
	assert_user(0, "root");
	assert_int_equal(user_lookups, 0);
	assert_user(12345, "12345");
	assert_user(12345, "12345");
	assert_int_equal(user_lookups, 1);
}

int user_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_users),
	};

	return cmocka_run_group_tests_name("user", tests, set_up, tear_down);
}
