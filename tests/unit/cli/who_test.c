// SPDX-License-Identifier: GPL-2.0-only
/* Tests of cmd/who.c and query/subject.c. */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

/*
 * Write holders of device 0000:00:01.0, which is in group 5 and in a container, in each way, and of
 * 0000:00:02.0, which is in no context.
 */
static void write_holders(void)
{
	write_sysfs();
	write_file("contexts",
		   "context=0x1f2e3d4c5b6a7988 kind=type1 mode=mm holders=3 busy=0\n"
		   "context=0x2f2e000000000001 kind=iommufd mode=user holders=1 busy=0\n");
	write_file("devices",
		   "context=0x1f2e3d4c5b6a7988 id=1 device=0000:00:01.0 ioas=1 kind=type1 opens=3 "
		   "unknown=2 removing=1\n"
		   "context=0x2f2e000000000001 id=- device=emulated.0 kind=iommufd opens=1 unknown=0 "
		   "removing=0\n");
	write_file("holders",
		   "context=0x1f2e3d4c5b6a7988 pid=4241 start=5 comm=vm uid=0 via=context fd=10 "
		   "device=- busy=0 unseen=0\n"
		   "context=0x1f2e3d4c5b6a7988 pid=4241 start=5 comm=vm uid=0 via=group fd=11 "
		   "device=group-5 busy=0 unseen=0\n"
		   "context=0x1f2e3d4c5b6a7988 pid=4242 start=7 comm=bar uid=12345 via=mapping fd=- "
		   "device=0000:00:01.0 busy=0 unseen=0 addr=0x7f0000001000 files=- removing=1\n"
		   "context=0x1f2e3d4c5b6a7988 pid=- start=- comm=- uid=- via=unknown fd=- "
		   "device=0000:00:01.0 busy=0 unseen=0 addr=- files=2 removing=1\n"
		   "context=- pid=4243 start=8 comm=early uid=0 via=device fd=7 "
		   "device=0000:00:02.0 busy=0 unseen=0\n"
		   "context=- pid=4243 start=8 comm=early uid=0 via=context fd=8 busy=0 unseen=0\n"
		   "context=0x2f2e000000000001 pid=4244 start=9 comm=queue uid=0 via=eventq fd=3 "
		   "busy=0 unseen=0\n"
		   "context=0x2f2e000000000001 pid=4244 start=9 comm=queue uid=0 via=mapping fd=- "
		   "device=- busy=0 unseen=0 addr=0x7f0000002000\n");
}

static void test_devices(void **state)
{
	static const char *const same[] = { "0000:00:01.0", "00:01.0", "vfio3",
					    "/dev/vfio/devices/vfio3" };
	size_t i;

	(void)state;
	write_holders();
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_int_equal(RUN(who, "-J", strdupa(same[i])), 0);
		assert_json("[.holders[].how] == [\"group\", \"mapping\", \"unknown\"]");
	}
	assert_int_equal(RUN(who, "-J", "-o", "+FD,ADDR,DEVICE,CONTEXT,FILES", "00:01.0"), 0);
	assert_json(
		".holders[0] | .name == \"00:01.0\" and .pid == 4241 and .command == \"vm\" and "
		".user == \"root\" and .fd == 11 and .addr == null and .device == \"group-5\" and "
		".context == \"0x1f2e3d4c5b6a7988\" and .state == null and "
		".frees == \"closes descriptor 11\"");
	assert_json(".holders[1] | .pid == 4242 and .user == \"12345\" and .fd == null and "
		    ".addr == \"0x7f0000001000\" and .state == \"removing\" and "
		    ".frees == \"unmaps 0x7f0000001000\"");
	assert_json(".holders[2] | .pid == null and .command == null and .user == null and "
		    ".fd == null and .addr == null and .files == 2 and "
		    "(.frees | test(\"^unknown: .*io_uring\"))");
	assert_int_equal(RUN(who, "-rn", "-o", "PID,FD,ADDR,HOW", "00:01.0"), 0);
	assert_stdout("^4242 - 0x7f0000001000 mapping$");
	assert_stdout("^\\? - - unknown$");
	assert_false(satisfies("grep -q", "stderr", "."));

	/* The file is in no context yet. */
	assert_int_equal(RUN(who, "-rn", "-o", "PID,COMMAND,STATE,FD,CONTEXT", "00:02.0"), 0);
	assert_stdout("^4243 early no-context 7 -$");
	/* A device that sysfs lacks */
	assert_int_equal(RUN(who, "-J", "0000:77:00.0"), 1);
	assert_json(".holders == []");
	assert_stderr("0000:77:00.0: there is no such device or group$");
	assert_int_equal(RUN(who, "vfio77"), 1);
	assert_stderr("vfio77: no VFIO device has this name");
	/* A neighbour in the group is held by the group's file. */
	assert_int_equal(RUN(who, "-J", "00:03.0"), 0);
	assert_json("[.holders[].how] == [\"group\"]");
	/* A device that nobody holds */
	assert_int_equal(RUN(who, "-J", "emulated.0"), 1);
	assert_json(".holders == []");
	assert_false(satisfies("grep -q", "stderr", "."));
}

static void test_groups(void **state)
{
	static const char *const same[] = { "5", "group-5", "/dev/vfio/5" };
	size_t i;

	(void)state;
	write_holders();
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_int_equal(RUN(who, "-J", strdupa(same[i])), 0);
		assert_json("[.holders[].pid] == [4241, 4242, null]");
	}
	assert_int_equal(RUN(who, "6"), 1);
	assert_stderr("6: there is no such device or group");
}

static void test_contexts(void **state)
{
	(void)state;
	write_holders();
	assert_int_equal(RUN(who, "-J", "0x1f"), 0);
	assert_json("[.holders[].how] == [\"context\", \"group\", \"mapping\", \"unknown\"]");
	assert_int_equal(RUN(who, "-J", "0x2f"), 0);
	assert_json("[.holders[] | .how, .pid, .device] == "
		    "[\"eventq\", 4244, null, \"mapping\", 4244, null]");
	assert_int_equal(RUN(who, "-J", "/dev/iommu"), 0);
	assert_json("[.holders[].pid] == [4244, 4244]");
	/* A container without an IOMMU is an open /dev/vfio/vfio as well. */
	assert_int_equal(RUN(who, "-J", "/dev/vfio/vfio"), 0);
	assert_json("[.holders[].pid] == [4241, 4241, 4242, null, 4243]");
	assert_int_equal(RUN(who, "0xabc"), 1);
	assert_stderr("context 0xabc: no context has this ID");
	assert_int_equal(RUN(who, "/dev/zero"), 1);
	assert_stderr("/dev/zero: this names no device");
	write_file("holders", "");
	assert_int_equal(RUN(who, "-J", "/dev/iommu"), 1);
	assert_json(".holders == []");
	assert_false(satisfies("grep -q", "stderr", "."));
	assert_int_equal(RUN(who, "/dev/vfio/vfio"), 1);
	assert_stderr("/dev/vfio/vfio: this host has no such device file");
}

static void test_several(void **state)
{
	(void)state;
	write_holders();
	assert_int_equal(RUN(who, "-J", "emulated.0", "00:02.0"), 0);
	assert_json("[.holders[] | .name, .pid] == [\"00:02.0\", 4243]");
	/* One name does not exist: the others are shown all the same. */
	assert_int_equal(RUN(who, "-J", "vfio77", "00:02.0"), 1);
	assert_json("[.holders[] | .name, .pid] == [\"00:02.0\", 4243]");
	assert_int_equal(RUN(who, "-J", "-p", "4242", "5"), 0);
	assert_json("[.holders[].pid] == [4242]");
	/* Nothing of 4243, but the unknown holder may depend on it. */
	assert_int_equal(RUN(who, "-J", "-p", "4243", "5"), 14);
	assert_json(".holders == []");
	assert_stderr(
		"device 0000:00:01.0 in context 0x1f2e3d4c5b6a7988: no process has 2 open files");
	assert_stderr("^[^ ]+:   .*io_uring or KVM may hold it: receive the message");
	assert_int_equal(RUN(who, "-J", "-p", "4242", "0x2f"), 1);
	assert_false(satisfies("grep -q", "stderr", "."));
	assert_int_equal(RUN(who, "-J", "-c", "0x2f", "5"), 1);
	assert_json(".holders == []");
	assert_int_equal(RUN(who, "-H"), 0);
	assert_stdout("^FREES +string ");
}

/* A holder that the filter excludes does not count. */
static void test_filters(void **state)
{
	(void)state;
	write_holders();
#ifdef HAVE_SCOLS_FILTER
	assert_int_equal(RUN(who, "-J", "-Q", "COMMAND == \"bar\"", "5"), 0);
	assert_json("[.holders[].pid] == [4242]");
	assert_int_equal(RUN(who, "-J", "-Q", "COMMAND == \"nix\"", "5"), 1);
	assert_json(".holders == []");
#endif
}

/* A device that is locked or being removed may be open: nobody knows. */
static void test_unclear_devices(void **state)
{
	static const char *const others[] = { "0x1f", "/dev/iommu" };
	size_t i;

	(void)state;
	write_holders();
	write_file("holders", "context=- pid=- start=- comm=- uid=- via=unknown fd=- "
			      "device=0000:00:01.0 busy=1 unseen=0 addr=- files=- removing=1\n");
	assert_int_equal(RUN(who, "-J", "-o", "+FILES", "00:01.0"), 14);
	assert_json(".holders | length == 1 and (.[0] | .pid == null and .how == \"unknown\" and "
		    ".state == \"removing\" and .frees == null and .files == null)");
	assert_stderr(
		"device 0000:00:01.0 is locked or being removed: who has it open is unknown$");
	assert_stderr("^[^ ]+:   try again in a moment$");
	assert_int_equal(RUN(who, "-J", "-p", "4242", "00:01.0"), 14);
	assert_json(".holders == []");
	/* It may be in any context, but it is no other device. */
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(RUN(who, "-J", strdupa(others[i])), 14);
		assert_json(".holders == []");
	}
	assert_int_equal(RUN(who, "00:02.0"), 1);
	assert_false(satisfies("grep -q", "stderr", "."));

	/* Its open files were counted: they are held. */
	write_file("holders", "context=- pid=- start=- comm=- uid=- via=unknown fd=- "
			      "device=0000:00:01.0 busy=0 unseen=1 addr=- files=1 removing=0\n");
	assert_int_equal(RUN(who, "-rn", "-o", "PID,STATE,FILES", "00:01.0"), 0);
	assert_stdout("^\\? unseen 1$");
	assert_int_equal(RUN(who, "0x1f"), 14);
	assert_stderr("device 0000:00:01.0: the module was not built for its context");

	/* The module was not built for VFIO at all. */
	write_file("holders", "");
	write_file("status", "version=0.1.0 vfio_unseen=1\n");
	assert_int_equal(RUN(who, "00:02.0"), 14);
	assert_stderr("the module was not built for the VFIO that is loaded");
	assert_stderr("^[^ ]+:   build the module for this kernel");
	write_files();
}

/* Without vfio_iommu_type1, iommufd provides /dev/vfio/vfio. */
static void test_container_of_iommufd(void **state)
{
	char command[128];

	(void)state;
	write_holders();
	snprintf(command, sizeof(command), "cd %s/sys && mkdir -p module/iommufd class/misc/vfio",
		 directory);
	assert_int_equal(system(command), 0);
	assert_int_equal(RUN(who, "-J", "/dev/vfio/vfio"), 0);
	assert_json("[.holders[].pid] == [4244, 4244]");
	snprintf(command, sizeof(command), "mkdir %s/sys/module/vfio_iommu_type1", directory);
	assert_int_equal(system(command), 0);
	assert_int_equal(RUN(who, "-J", "/dev/vfio/vfio"), 0);
	assert_json("[.holders[].pid] == [4241, 4241, 4242, null, 4243]");
	snprintf(command, sizeof(command), "cd %s/sys && rm -r module class/misc/vfio", directory);
	assert_int_equal(system(command), 0);
	write_files();
}

/* A name that nobody seems to hold is not free if something could not be inspected. */
static void test_unclear(void **state)
{
	(void)state;
	write_holders();
	write_file("holders",
		   "context=- pid=4245 start=9 comm=many fd=- device=- busy=1 unseen=0\n");
	assert_int_equal(RUN(who, "00:02.0"), 14);
	assert_stderr("the files of process 4245 could not be read to the end");
	write_file("holders",
		   "context=- pid=4245 start=9 comm=many via=device fd=4 device=0000:00:01.0 busy=1 "
		   "unseen=0 addr=- files=- removing=1\n");
	assert_int_equal(RUN(who, "00:02.0"), 1);
	assert_int_equal(RUN(who, "0x1f"), 14);
	assert_stderr("descriptor 4 of process 4245 is of a device or group that is locked");
	assert_int_equal(RUN(who, "-rn", "-o", "PID,STATE", "00:03.0", "5"), 0);
	assert_stdout("^4245 removing$");
	write_file("holders",
		   "context=- pid=4245 start=9 comm=many via=device fd=4 device=- busy=0 unseen=1\n");
	assert_int_equal(RUN(who, "00:02.0"), 14);
	assert_stderr("was not built for");
	write_file("holders", "");
	write_file("devices",
		   "context=- device=0000:00:02.0 kind=iommufd opens=1 unknown=- removing=0\n");
	assert_int_equal(RUN(who, "00:02.0"), 14);
	assert_stderr("device 0000:00:02.0: it cannot be known");
}

int who_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_devices),	 cmocka_unit_test(test_groups),
		cmocka_unit_test(test_contexts), cmocka_unit_test(test_several),
		cmocka_unit_test(test_filters),	 cmocka_unit_test(test_unclear_devices),
		cmocka_unit_test(test_unclear),	 cmocka_unit_test(test_container_of_iommufd),
	};

	return cmocka_run_group_tests_name("who", tests, set_up, tear_down);
}
