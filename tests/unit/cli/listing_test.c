// SPDX-License-Identifier: GPL-2.0-only
/* Tests of cmd/listing.c and the listings. */
#include "fixture.h"

#include <string.h>

static void test_list(void **state)
{
	(void)state;
	assert_int_equal(RUN(list, "-J"), 0);
	assert_json(".contexts | length == 2");
	assert_json(".contexts[0].id == \"0x1f2e3d4c5b6a7988\"");
	assert_json(".contexts[0].holders == [4241, 4242]");
	assert_json(".contexts[0].owners == [4242, \"0xdead\"]");
	assert_json(".contexts[0].devices == [\"0000:00:01.0\"]");
	assert_json(".contexts[0].pinned == 67108864");
	assert_json(".contexts[1] | .devices == [] and .areas == null and .owners == null");
	assert_stderr("^[^ ]+: 1 IOAS is locked");
	assert_int_equal(RUN(list), 0);
	assert_stdout("^0x1f2e3d4c5b6a7988 iommufd 4241,4242 +1 0000:00:01.0 +2 +64M 4242,0xdead");
	assert_int_equal(RUN(list, "-J", "-o", "+MODE,BUSY", "-c", "4243/5"), 0);
	assert_json(".contexts | length == 1 and .[0].busy == 1 and .[0].mode == null");
	assert_int_equal(RUN(list, "-J", "-p", "4243"), 0);
	assert_json(".contexts | map(.id) == [\"0x1f2e000000000001\"]");
	assert_int_equal(RUN(list, "-o", "ID,NIX"), 64);
	assert_stderr("unknown column .NIX.");
	assert_int_equal(RUN(list, "-c", "0x1f2e"), 1);
	assert_stderr("any of 2");
}

static void test_areas(void **state)
{
	(void)state;
	assert_int_equal(RUN(areas, "-J", "-o", "+LAST,OFFSET,USER,BUSY"), 0);
	assert_json(".areas | length == 3");
	assert_json(
		".areas[0] | .iova == \"0x100000\" and .length == 67108864 and .prot == \"rw\"");
	assert_json(".areas[1] | .addr == null and .offset == \"0x0\" and .prot == \"r-\"");
	assert_json(".areas[1] | .last == \"0xffffffffffffffff\" and .state == \"dead\"");
	assert_json(".areas[1].user == \"12345\"");
	assert_json(".areas[2] | .state == \"busy\" and .iova == null and .busy == true");
	assert_int_equal(RUN(areas, "-rn", "-o", "IOVA,ADDR,LENGTH"), 0);
	assert_stdout("^0xfffffffffffff000 - 4K$");
	assert_int_equal(RUN(areas, "-rnb", "-o", "IOVA,LENGTH"), 0);
	assert_stdout("^0x100000 67108864$");
	assert_int_equal(RUN(areas, "-J", "-p", "4242", "-c", "00:01.0"), 0);
	assert_json(".areas | length == 1");
}

static void test_owners(void **state)
{
	(void)state;
	assert_int_equal(RUN(owners, "-J"), 0);
	assert_json(".owners[0] | .headroom == 0 and .user == \"root\" and .command == \"vm\"");
	assert_json(".owners[1] | .limit == null and .unit == null and .user == \"12345\"");
	assert_json(".owners[1].command == \"x\\ufffd\\u001by\"");
	assert_int_equal(RUN(owners), 0);
	assert_stdout("x\\\\xff\\\\x1by");
	assert_int_equal(RUN(owners, "-J", "-c", "0x1f2e000000000001"), 0);
	assert_json(".owners == []");
	assert_int_equal(RUN(owners, "-J", "-c", "0x1f2e3"), 0);
	assert_json(".owners | length == 2");
}

static void test_others(void **state)
{
	(void)state;
	assert_int_equal(RUN(ioas, "-J"), 0);
	assert_json(".ioases[1] | .busy == true and .areas == null");
	assert_int_equal(RUN(ioas), 0);
	assert_stdout("^0x1f2e000000000001 .* busy$");
	assert_int_equal(RUN(devices, "-J"), 0);
	assert_json(".devices[0].holders == [4241, 4242]");
	assert_json(".devices[0] | .ioas == 2 and .device == \"0000:00:01.0\"");
	assert_int_equal(RUN(devices, "-H"), 0);
	assert_stdout("^HOLDERS +list ");
}

static void test_broken_file(void **state)
{
	(void)state;
	write_file("devices", "context=0x1 id=3\ncontext=zwei\n");
	assert_int_equal(RUN(devices), 1);
	assert_stderr("file devices, line 2: cannot understand .context=zwei.");
	assert_int_equal(RUN(devices, "-J"), 1);
	assert_false(satisfies("grep -q", "stdout", "."));
	write_file("devices", "");
	assert_int_equal(RUN(devices, "-J"), 0);
	assert_json(". == {devices: []}");
	write_files();
}

/* With more than one batch, columns keep their places, and JSON is one document. */
static void test_many(void **state)
{
	FILE *file = create("areas");
	int i;

	(void)state;
	for (i = 0; i < 2000; i++)
		fprintf(file,
			"context=0x1f2e000000000001 ioas=%d iova=0x%x length=4096 state=live\n",
			i < 700 ? 10 : 1, i << 12);
	fclose(file);
	assert_int_equal(RUN(areas, "-J"), 0);
	assert_json(".areas | length == 2000");
	assert_int_equal(RUN(areas, "-o", "IOAS,STATE,LENGTH"), 0);
	assert_true(satisfies("awk", "stdout", "{ n[length] = 1 } END { exit length(n) != 1 }"));
	write_files();
}

/* A process that a PID namespace hides is an unknown holder, not a missing one. */
static void test_hidden(void **state)
{
	(void)state;
	write_file("holders",
		   "context=0x1f2e3d4c5b6a7988 pid=- start=5 comm=vm via=device fd=12 "
		   "device=0000:00:01.0 busy=0\n"
		   "context=0x1f2e3d4c5b6a7988 pid=4242 start=7 comm=vm via=context fd=11 busy=0\n");
	assert_int_equal(RUN(list, "-J"), 0);
	assert_json(".contexts[0].holders == [null, 4242] and .contexts[1].holders == []");
	assert_int_equal(RUN(list, "-rn", "-o", "HOLDERS"), 0);
	assert_stdout("^-,4242$");
	assert_int_equal(RUN(list, "-rn", "-o", "FILES"), 0);
	assert_stdout("^4242/11$");
	assert_int_equal(RUN(devices, "-J"), 0);
	assert_json(".devices[0].holders == [null]");
	write_files();
}

/* Mappings hold like descriptors. Unknown holders, and files in no context, stay apart. */
static void test_mappings(void **state)
{
	(void)state;
	write_file("holders",
		   "context=0x1f2e3d4c5b6a7988 pid=- start=5 comm=vm via=device fd=12 "
		   "device=0000:00:01.0 busy=0\n"
		   "context=0x1f2e3d4c5b6a7988 pid=4242 start=7 comm=vm via=mapping "
		   "device=0000:00:01.0 busy=0 addr=0x7f0000001000\n"
		   "context=0x1f2e3d4c5b6a7988 pid=4243 start=8 comm=vm via=mapping fd=- device=- "
		   "busy=0 addr=0x7f0000002000\n"
		   "context=0x1f2e3d4c5b6a7988 pid=4244 start=9 comm=vm via=eventq fd=3 busy=0\n"
		   "context=0x1f2e3d4c5b6a7988 pid=- start=- fd=- via=unknown device=0000:00:01.0 "
		   "busy=0 files=2\n"
		   "context=- pid=4245 start=10 comm=vm via=device fd=4 device=0000:00:02.0 busy=0\n"
		   "context=- pid=4246 start=11 comm=vm via=- busy=1\n");
	write_file("devices",
		   "context=0x1f2e3d4c5b6a7988 id=3 device=0000:00:01.0 hwpt=4 ioas=2 opens=4 "
		   "unknown=2 removing=1\n"
		   "context=0x1f2e3d4c5b6a7988 id=- device=emulated.0 opens=1 unknown=0 removing=0\n");
	assert_int_equal(RUN(list, "-J", "-o", "HOLDERS,FILES"), 0);
	assert_json(".contexts[0] | .holders == [null, 4242, 4243, 4244, null] and .files == "
		    "[\"4242/0x7f0000001000\", \"4243/0x7f0000002000\", \"4244/3\"]");
	assert_json(".contexts[1] | .holders == [] and .files == []");
	assert_int_equal(RUN(list, "-rn", "-o", "HOLDERS"), 0);
	assert_stdout("^-,4242,4243,4244,\\?$");
	assert_int_equal(RUN(devices, "-rn", "-o", "HOLDERS,ID,REMOVING"), 0);
	assert_stdout("^-,4242,\\? 3 yes$");
	assert_stdout("^- - no$");
	assert_int_equal(RUN(tree, "-J"), 0);
	assert_json(".contexts[0].holders[1] | .via == \"mapping\" and .fd == null and "
		    ".addr == \"0x7f0000001000\"");
	assert_json(
		".contexts[0].holders[4] | .via == \"unknown\" and .pid == null and .files == 2");
	assert_int_equal(RUN(list, "-rn", "-o", "ID", "-c", "4243/0x7f0000002000"), 0);
	assert_stdout("^0x1f2e3d4c5b6a7988$");
	assert_int_equal(RUN(list, "-c", "4243/0x1000"), 1);
	assert_stderr("no such mapping");
	/* Their files are in no context. */
	assert_int_equal(RUN(list, "-c", "4245"), 1);
	assert_stderr("this process holds no context");
	assert_int_equal(RUN(list, "-c", "4245/4"), 1);
	assert_int_equal(RUN(list, "-J", "-p", "4246"), 0);
	assert_json(".contexts == []");
	write_files();
}

/* Contexts by the names of devices and groups. */
static void test_names(void **state)
{
	static const char *const same[] = { "0000:00:01.0", "vfio3", "/dev/vfio/devices/vfio3",
					    "/dev/vfio/5", "group-5" };
	size_t i;

	(void)state;
	write_sysfs();
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_int_equal(RUN(list, "-rn", "-o", "ID", "-c", strdupa(same[i])), 0);
		assert_stdout("^0x1f2e3d4c5b6a7988$");
	}
	assert_int_equal(RUN(list, "-c", "00:02.0"), 1);
	assert_stderr("context 00:02.0: no device or group .* see: dmaownctl who 00:02.0$");
	assert_int_equal(RUN(list, "-c", "vfio77"), 1);
	assert_stderr("see: dmaownctl who vfio77$");
	assert_int_equal(RUN(list, "-c", "/dev/iommu"), 1);
	assert_stderr("/dev/iommu: every context of its kind");
	/* The devices of the group are in two contexts. */
	write_file("devices", "context=0x1f2e3d4c5b6a7988 id=3 device=0000:00:01.0\n"
			      "context=0x1f2e000000000001 id=3 device=0000:00:03.0\n");
	assert_int_equal(RUN(list, "-c", "group-5"), 1);
	assert_stderr("group-5: this may be any of 2; name one");
	write_files();
}

/* Listings of holders say how many are missing, because their context is unknown. */
static void test_unclear(void **state)
{
	static const char *const many =
		"3 holders could not be inspected and may hold any context; "
		"see: dmaownctl verify$";

	(void)state;
	write_file("contexts", "");
	assert_int_equal(RUN(list, "-J"), 0);
	assert_stderr(": 1 holder could not be inspected and may hold any context");
	write_file("holders",
		   "context=0x1f2e3d4c5b6a7988 pid=4242 start=7 via=context fd=11 busy=0\n"
		   "context=- pid=4242 start=7 via=device fd=13 device=0000:00:02.0 busy=1\n"
		   "context=- pid=- via=unknown device=0000:00:02.0 busy=1\n"
		   "context=- pid=4243 start=8 via=context fd=14 busy=0 unseen=1\n"
		   "context=- pid=4243 start=8 via=device fd=15 device=0000:00:03.0 busy=0\n");
	assert_int_equal(RUN(list), 0);
	assert_stderr(many);
	assert_int_equal(RUN(devices, "-J"), 0);
	assert_stderr(many);
	assert_int_equal(RUN(tree, "-J"), 0);
	assert_stderr(many);
	assert_int_equal(RUN(tree), 0);
	assert_stderr(many);
	write_file("holders", "");
	assert_int_equal(RUN(devices), 0);
	assert_false(satisfies("grep -q", "stderr", "."));
	write_files();
}

static void test_mark(void **state)
{
	(void)state;
	assert_int_equal(RUN(owners, "-J"), 0);
	assert_json("[.owners[].mark] == [\"low\", null]");
	assert_int_equal(RUN(owners), 0);
	assert_stdout(" low$");
}

static void test_holders(void **state)
{
	(void)state;
	write_file("holders",
		   "context=0x1f2e3d4c5b6a7988 pid=4242 start=7 comm=vm via=device fd=12 "
		   "device=0000:00:01.0 busy=0 files=3 uid=0\n"
		   "context=0x1f2e3d4c5b6a7988 pid=- via=unknown device=0000:00:01.0 busy=0 "
		   "files=1\n");
	assert_int_equal(RUN(holders, "-r"), 0);
	assert_stdout("^CONTEXT PID COMMAND USER UNIT HOW DEVICE FILES MODE LIMIT USED HEADROOM$");
	assert_stdout("^0x1f2e3d4c5b6a7988 4242 vm root [^ ]+ device 0000:00:01.0 3 - - - -$");
	assert_stdout("^0x1f2e3d4c5b6a7988 [?] - - - unknown 0000:00:01.0 1 - - - -$");
	assert_int_equal(RUN(holders, "-J"), 0);
	assert_json("[.holders[] | [.pid, .files]] == [[4242, 3], [null, 1]]");
	write_files();
}

int listing_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),	    cmocka_unit_test(test_areas),
		cmocka_unit_test(test_owners),	    cmocka_unit_test(test_others),
		cmocka_unit_test(test_broken_file), cmocka_unit_test(test_many),
		cmocka_unit_test(test_mappings),    cmocka_unit_test(test_names),
		cmocka_unit_test(test_hidden),	    cmocka_unit_test(test_mark),
		cmocka_unit_test(test_unclear),	    cmocka_unit_test(test_holders),
	};

	return cmocka_run_group_tests_name("listing", tests, set_up, tear_down);
}
