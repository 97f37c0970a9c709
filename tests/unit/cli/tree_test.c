// SPDX-License-Identifier: GPL-2.0-only
/* Tests of cmd/tree.c. */
#include "fixture.h"

#include <string.h>

static void test_tree(void **state)
{
	(void)state;
	assert_int_equal(RUN(tree, "-J"), 0);
	assert_json(".contexts | length == 2");
	assert_json(".contexts[0] | .id == \"0x1f2e3d4c5b6a7988\" and .areas == 2 and "
		    "(.holders | length) == 3 and .devices == [] and (has(\"context\") | not)");
	assert_json(".contexts[0].ioases[0] | .ioas == 2 and .pinned == 67108864 and "
		    "[.hwpts[].hwpt] == [4, 5] and .accesses == [{id: 6, ioas: 2}]");
	assert_json(".contexts[0].ioases[0].hwpts | .[0].devices[0].device == \"0000:00:01.0\" and "
		    ".[1].devices == [] and .[1].type == \"nested\"");
	assert_json(".contexts[0].ioases[0].owners | length == 2 and .[0].pid == 4242 and "
		    ".[0].command == \"vm\" and .[0].pinned == 67108864 and .[0].areas == 1 and "
		    ".[1].state == \"dead\" and .[1].command == null and .[1].unit == null");
	assert_json(".contexts[1].ioases[0] | .busy and .areas == null and .owners == []");
	assert_stderr("1 object is marked busy");

	assert_int_equal(RUN(tree), 0);
	assert_stdout("^NODE +KIND +AREAS +MAPPED +PINNED +MODE +STATE +COMMAND +UNIT");
	assert_stdout("^0x1f2e3d4c5b6a7988 iommufd +2 +64M +64M user");
	assert_stdout("^  \\|-hwpt 4");
	assert_stdout("^  \\| `-0000:00:01.0");
	assert_stdout("^  \\|-access 6");
	assert_stdout("^  `-owner 0xdead +1 +4K +0B mm +dead");
	assert_stdout("^`-ioas 1 .* busy");
	assert_int_equal(RUN(tree, "-rn", "-o", "TYPE,CONTEXT,IOAS,PID", "0x1f2e3"), 0);
	assert_stdout("^owner 0x1f2e3d4c5b6a7988 2 4242$");
	assert_stdout("^device 0x1f2e3d4c5b6a7988 2 -$");
	assert_false(satisfies("grep -q", "stdout", "0x1f2e000000000001"));
	assert_int_equal(RUN(tree, "-J", "-p", "4243"), 0);
	assert_json(".contexts | map(.id) == [\"0x1f2e000000000001\"]");
	assert_int_equal(RUN(tree, "0x7"), 1);
	assert_int_equal(RUN(tree, "-H"), 0);

	/* a device that is not attached */
	write_file("devices", "context=0x1f2e3d4c5b6a7988 id=3 device=0000:00:01.0\n");
	assert_int_equal(RUN(tree), 0);
	assert_stdout("^`-0000:00:01.0");
	assert_int_equal(RUN(tree, "-J"), 0);
	assert_json(".contexts[0].devices[0] | .hwpt == null and .device == \"0000:00:01.0\"");
	write_files();
}

int tree_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
	};

	return cmocka_run_group_tests_name("tree", tests, set_up, tear_down);
}
