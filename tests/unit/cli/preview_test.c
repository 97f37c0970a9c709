// SPDX-License-Identifier: GPL-2.0-only
/* Tests of transfer/preview.c and transfer/preview_print.c. */
#include "fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

/* The table of moves, with limit and headroom by mode, stands before the verdict, and in JSON. */
static void test_transfer_moves(void **state)
{
	(void)state;
	reset_module();
	assert_int_equal(RUN(transfer, "--to", "4241"), 0);
	assert_stdout(
		"^CONTEXT +AREAS PINNED +FROM COMMAND +USER +STATE +TO MODE ACCOUNT +LIMIT HEADROOM$");
	assert_stdout("^0x1f2e3d4c5b6a7988 +1 +64M +4242 vm +root +live +4241 user root +66M +1M$");
	assert_stdout("^0x1f2e3d4c5b6a7988 +1 +0B 0xdead x.* 12345 dead +4241 mm +4241 +66M +66M$");
	assert_true(satisfies("awk", "stdout",
			      "/^CONTEXT/ { n = NR } /^moved 2/ { exit n != NR - 3 }"));
	assert_int_equal(RUN(transfer, "--to", "4241", "-J"), 0);
	assert_json(".moves | length == 2");
	assert_json(".moves[0] == {context: \"0x1f2e3d4c5b6a7988\", areas: 1, pinned: 67108864, "
		    "owner: \"0xbeef1092\", pid: 4242, command: \"vm\", user: \"root\", "
		    "state: \"live\", to: 4241, mode: \"user\", account: \"root\", "
		    "limit: 69206016, headroom: 1048576}");
	assert_json(".moves[1] | .owner == \"0xdead\" and .mode == \"mm\" and "
		    ".account == \"4241\" and .headroom == 69201920");

	/* only the areas of --from, and no areas that the new owner has already */
	assert_int_equal(RUN(check, "--to", "4241", "--from", "4242", "-J"), 0);
	assert_json("[.moves[].pid] == [4242]");
	assert_int_equal(RUN(check, "--to", "4242", "-J"), 0);
	assert_json("[.moves[].owner] == [\"0xdead\"]");
	/* except those that get another address; areas by file have none */
	assert_int_equal(RUN(check, "--to", "4242", "--remap", "2:0x100000=0x5000", "-J"), 0);
	assert_json("[.moves[].owner] == [\"0xbeef1092\", \"0xdead\"]");
	assert_int_equal(RUN(check, "--to", "4242", "--remap", "2:0x100000=0x7f0000000000", "-J"),
			 0);
	assert_json("[.moves[].owner] == [\"0xdead\"]");

	/* the module has counted other areas than the table shows */
	module.answer.areas = 3;
	assert_int_equal(RUN(check, "--to", "4241"), 0);
	assert_stderr("areas came or went after the listing that the table shows");

	/* without a limit, and without headroom */
	reset_module();
	module.answer.limit = RLIM_INFINITY;
	assert_int_equal(RUN(check, "--to", "4241", "-J"), 0);
	assert_json("[.moves[] | .limit, .headroom] == [null, null, null, null]");
	module.answer.limit = 4096;
	module.transfer_error = ENOMEM;
	assert_int_equal(RUN(check, "--to", "4241", "-J"), 11);
	assert_json("[.moves[] | .limit, .headroom] == [4096, 0, 4096, 0]");
	assert_int_equal(RUN(check, "--to", "4241"), 11);
	assert_stdout("^0x1f2e3d4c5b6a7988 .* 4K +0B$");
	/* the limit applies to all kinds of contexts except those in unlimited */
	module.answer.unlimited = 1U << DMAOWN_KIND_TYPE1;
	write_file("areas",
		   "context=0x1f2e3d4c5b6a7988 ioas=2 iova=0x0 length=4096 source=address addr=0x1000 "
		   "pinned=4096 mode=mm owner=0xbeef1092 pid=4242 start=7 state=live uid=0 busy=0 "
		   "kind=iommufd\n"
		   "context=0x1f2e000000000001 ioas=1 iova=0x0 length=4096 source=address addr=0x1000 "
		   "pinned=4096 mode=mm owner=0xbeef1092 pid=4242 start=7 state=live uid=0 busy=0 "
		   "kind=type1\n");
	assert_int_equal(RUN(check, "--to", "4241", "-c", "0x1f2e3d4c5b6a7988", "-J"), 11);
	assert_json(
		"[.moves[] | .context, .limit, .headroom] == [\"0x1f2e3d4c5b6a7988\", 4096, 0]");
	write_file("contexts", "context=0x1f2e000000000001 kind=type1 owners=1 busy=0\n");
	write_file("holders",
		   "context=0x1f2e000000000001 pid=4241 start=7 comm=vm via=context fd=3 busy=0\n");
	assert_int_equal(RUN(check, "--to", "4241", "-c", "0x1f2e000000000001", "-J"), 11);
	assert_json(
		"[.moves[] | .context, .limit, .headroom] == [\"0x1f2e000000000001\", null, null]");
	write_files();
	/* a transfer that failed prints no table: it could be mistaken for the result */
	assert_int_equal(RUN(transfer, "--to", "4241"), 11);
	assert_false(satisfies("grep -q", "stdout", "."));
	assert_int_equal(RUN(check, "--to", "4241", "--quiet"), 11);
	assert_false(satisfies("grep -q", "stdout", "."));

	/* one line for an owner in a context, with all IOASes; mode none has no limit */
	reset_module();
	write_file("areas",
		   "context=0x1f2e3d4c5b6a7988 ioas=2 iova=0x0 length=8192 source=file pinned=8192 "
		   "mode=none owner=0xbeef1092 pid=4242 start=7 state=live uid=0 busy=0\n"
		   "context=0x1f2e3d4c5b6a7988 ioas=3 iova=0x0 length=4096 source=file pinned=4096 "
		   "mode=none owner=0xbeef1092 pid=4242 start=7 state=live uid=0 busy=0\n"
		   "context=0x1f2e3d4c5b6a7988 ioas=4 busy=1\n"
		   "context=0x1f2e000000000001 ioas=1 iova=0x0 length=4096 source=file pinned=4096 "
		   "mode=none owner=0xbeef1092 pid=4242 start=7 state=live uid=0 busy=0\n");
	assert_int_equal(RUN(check, "--to", "4241", "-J"), 0);
	assert_json(".moves | length == 1 and (.[0] | .areas == 2 and .pinned == 12288 and "
		    ".account == null and .limit == null and .headroom == null)");
	assert_int_equal(RUN(check, "--to", "4241"), 0);
	assert_stderr("part of a context was locked");
	write_files();
}

int preview_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transfer_moves),
	};

	return cmocka_run_group_tests_name("preview", tests, set_up, tear_down);
}
