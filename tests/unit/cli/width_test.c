// SPDX-License-Identifier: GPL-2.0-only
/* Tests of widths of tables on terminals. */
#include "fixture.h"

#include <string.h>

/* No table cuts IDs, however narrow the terminal is. */
static void assert_whole_ids(void)
{
	assert_stdout("(^|[^0-9a-f])0x1f2e3d4c5b6a7988([^0-9a-f]|$)");
	assert_stdout("(^|[^0-9a-f])0xbeef109211112222([^0-9a-f]|$)");
	assert_stdout("(^|[^0-9a-f])0xfedcba9876543210([^0-9a-f]|$)");
}

static void test_whole_ids(void **state)
{
	static const unsigned short widths[] = { 20, 40, 80, 132 };
	unsigned short width;
	size_t i;

	(void)state;
	write_file("owners",
		   "owner=0xbeef109211112222 pid=4242 start=7 comm=qemu-system-x86 uid=0 state=live "
		   "mode=user contexts=1 areas=1 pinned=67108864 charged=67108864 limit=67108864 "
		   "used=67108864 headroom=0 user_locked=67108864 user_other=0 busy=0\n"
		   "owner=0xfedcba9876543210 pid=777 start=3 comm=qemu-system-x86 uid=12345 state=dead "
		   "mode=mm contexts=1 areas=1 pinned=4096 charged=4096 limit=- busy=0\n");
	write_file("areas",
		   "context=0x1f2e3d4c5b6a7988 ioas=2 iova=0xfffffffff0000000 length=67108864 "
		   "source=address addr=0x7f1234567000 readable=1 writable=1 "
		   "pages=0xaaaabbbbccccdddd sharers=1 pinned=67108864 accesses=0 mode=user "
		   "owner=0xbeef109211112222 pid=4242 start=7 state=live uid=0 busy=0\n"
		   "context=0x1f2e3d4c5b6a7988 ioas=2 iova=0x100000 length=4096 source=file "
		   "offset=0x123456789000 readable=1 writable=0 pages=0xab sharers=1 pinned=0 "
		   "accesses=0 mode=mm owner=0xfedcba9876543210 pid=777 start=3 state=dead uid=12345 "
		   "busy=0\n");
	reset_module();
	for (i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		width = widths[i];
		assert_int_equal(RUN_ON_TERMINAL(width, list), 0);
		assert_stdout("^0x1f2e3d4c5b6a7988 ");
		assert_stdout("[^0-9a-f]0xfedcba9876543210([^0-9a-f]|$)");
		assert_int_equal(RUN_ON_TERMINAL(width, ioas), 0);
		assert_stdout("^0x1f2e3d4c5b6a7988 ");
		assert_int_equal(RUN_ON_TERMINAL(width, devices), 0);
		assert_stdout(" 0x1f2e3d4c5b6a7988 ");
		assert_int_equal(RUN_ON_TERMINAL(width, owners), 0);
		assert_stdout("^0xbeef109211112222 ");
		assert_stdout("^0xfedcba9876543210 ");
		assert_int_equal(RUN_ON_TERMINAL(width, areas), 0);
		assert_stdout("^0x1f2e3d4c5b6a7988 .* 0xfffffffff0000000 .* 0x7f1234567000 ");
		assert_int_equal(RUN_ON_TERMINAL(width, areas, "-o", "+OWNER,PAGES,LAST,OFFSET"),
				 0);
		assert_whole_ids();
		assert_stdout(" 0xaaaabbbbccccdddd ");
		assert_stdout(" 0x123456789000");
		assert_int_equal(RUN_ON_TERMINAL(width, tree), 0);
		assert_stdout("^0x1f2e3d4c5b6a7988 ");
		assert_stdout("-owner 0xfedcba9876543210 ");
		assert_int_equal(RUN_ON_TERMINAL(width, tree, "-o", "+OWNER,CONTEXT"), 0);
		assert_whole_ids();
		assert_int_equal(RUN_ON_TERMINAL(width, transfer, "--to", "4241"), 0);
		assert_stdout("^0x1f2e3d4c5b6a7988 .* 0xfedcba9876543210 ");
	}
	write_files();
}

int width_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_ids),
	};

	return cmocka_run_group_tests_name("width", tests, set_up, tear_down);
}
