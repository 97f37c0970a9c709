// SPDX-License-Identifier: GPL-2.0-only
/* Tests of health/memory.c and host/pagemap.c: verify --memory. */
#include "fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CONTEXT "0x1f2e3d4c5b6a7988"

/* The context of 4242, in which all is well as far as the records go. */
static void write_context(void)
{
	write_file("holders",
		   "context=" CONTEXT " pid=4241 start=5241 comm=x via=device fd=12 "
		   "device=0000:00:01.0 busy=0\n"
		   "context=" CONTEXT " pid=4242 start=5242 comm=vm via=context fd=11 busy=0\n");
	write_file("contexts",
		   "context=" CONTEXT " kind=iommufd mode=none holders=2 ioases=1 hwpts=1 "
		   "devices=1 accesses=0 areas=1 mapped=1048576 pinned=1048576 owners=1 busy=0\n");
	write_file("areas", "context=" CONTEXT " ioas=2 iova=0x0 length=1048576 source=address "
			    "addr=0x10000000000 pinned=1048576 mode=none owner=0xbeef1092 pid=4242 "
			    "start=5242 state=live uid=0 busy=0\n");
	write_file("owners",
		   "owner=0xbeef1092 pid=4242 start=5242 comm=vm uid=0 state=live mode=none "
		   "contexts=1 areas=1 pinned=1048576 charged=0 vm_pinned=1048576 vm_locked=0 "
		   "user_locked=0 user_other=0 busy=0\n");
}

static void find_range(uint32_t difference, uint64_t iova, uint64_t length)
{
	module.ranges[module.nr_ranges++] = (struct dmaown_range){
		.difference = difference,
		.ioas = 2,
		.iova = iova,
		.length = length,
		.addr = 0x10000000000 + iova,
		.owner = 0xbeef1092,
		.start = 5242,
		.pid = 4242,
	};
}

static void begin(void)
{
	reset_module();
	module.ranges_at_once = 8;
	write_context();
}

static void test_well(void **state)
{
	(void)state;
	begin();
	assert_int_equal(RUN(verify, "--memory"), 0);
	assert_false(satisfies("grep -q", "stdout", "."));
	assert_int_equal(module.comparisons, 1);
	assert_int_equal(module.compared_file.holder.pid, 4242);
	assert_int_equal(module.compared_file.fd, 11);
	assert_int_equal(module.compared_file.context, 0x1f2e3d4c5b6a7988);
	assert_int_equal(RUN(verify), 0);
	assert_int_equal(module.comparisons, 1);

	/* Areas by file, and areas whose owner is gone, have no address to compare with. */
	write_file("areas",
		   "context=" CONTEXT " ioas=2 iova=0x0 length=4096 source=file pinned=4096 "
		   "mode=none owner=0xbeef1092 pid=4242 start=5242 state=live uid=0 busy=0\n"
		   "context=" CONTEXT " ioas=2 iova=0x1000 length=4096 source=address addr=0x1000 "
		   "pinned=0 mode=none owner=0x1 pid=77 start=3 state=dead uid=0 busy=0\n");
	assert_int_equal(RUN(verify, "--memory", "-J"), 2);
	assert_json("[.verify.findings[].finding] == [\"dead-owner\"]");
	assert_json(".verify.findings[0] | has(\"iova\") | not");
	assert_int_equal(module.comparisons, 1);
	write_files();
}

static void test_detached(void **state)
{
	(void)state;
	begin();
	find_range(DMAOWN_DIFFERENCE_REPLACED, 0x1000, 0x1000);
	assert_int_equal(RUN(verify, "--memory"), 2);
	assert_stdout("^detached: 4K at IOVA 0x1000-0x1fff of IOAS 2 in context " CONTEXT
		      ": at 0x10000001000 process 4242 has other pages now; the device still ");
	assert_stdout("^  neither sees what the other writes there, until the program unmaps ");
	assert_int_equal(RUN(verify, "--memory", "-J"), 2);
	assert_json(".verify.findings | length == 1 and (.[0] | .finding == \"detached\" and "
		    ".context == \"" CONTEXT "\" and .owner == \"0xbeef1092\" and .pid == 4242 "
		    "and .user == \"root\" and .difference == \"replaced\" and .ioas == 2 and "
		    ".iova == \"0x1000\" and .length == 4096 and .addr == \"0x10000001000\" and "
		    ".command == null)");

	/* One range, in three calls, and others that do not continue it. */
	begin();
	module.ranges_at_once = 1;
	find_range(DMAOWN_DIFFERENCE_UNMAPPED, 0x0, 0x1000);
	find_range(DMAOWN_DIFFERENCE_UNMAPPED, 0x1000, 0x1000);
	find_range(DMAOWN_DIFFERENCE_UNMAPPED, 0x2000, 0x1000);
	find_range(DMAOWN_DIFFERENCE_ABSENT, 0x3000, 0x1000);
	find_range(DMAOWN_DIFFERENCE_ABSENT, 0x5000, 0x1000);
	assert_int_equal(RUN(verify, "--memory", "-J"), 2);
	assert_json("[.verify.findings[] | [.difference, .iova, .length]] == "
		    "[[\"unmapped\", \"0x0\", 12288], [\"absent\", \"0x3000\", 4096], "
		    "[\"absent\", \"0x5000\", 4096]]");
	assert_int_equal(module.comparisons, 5);
	write_files();
}

static void test_unknown(void **state)
{
	(void)state;
	begin();
	find_range(DMAOWN_DIFFERENCE_OWNER_LOCKED, 0x0, 0x100000);
	find_range(DMAOWN_DIFFERENCE_LOCKED, 0x200000, 0);
	find_range(99, 0x300000, 0x1000);
	assert_int_equal(RUN(verify, "--memory", "-J"), 14);
	assert_json("[.verify.findings[] | [.finding, .difference, .iova, .length]] == "
		    "[[\"unknown\", \"owner-locked\", \"0x0\", 1048576], "
		    "[\"unknown\", \"locked\", null, null], "
		    "[\"unknown\", \"unknown\", \"0x300000\", 4096]]");
	assert_int_equal(RUN(verify, "--memory"), 14);
	assert_stdout("^unknown: 1M at IOVA 0x0-0xfffff of IOAS 2 in context " CONTEXT
		      ": whether process 4242 still has these pages at 0x10000000000 is unknown: "
		      "the owner.s address space is locked");
	assert_stdout("^unknown: IOAS 2 in context " CONTEXT " is locked by another thread: memory "
		      "from IOVA 0x200000 on");
	write_files();
}

static void test_errors(void **state)
{
	(void)state;
	begin();
	module.compare_error = EBUSY;
	assert_int_equal(RUN(verify, "--memory"), 14);
	assert_stdout("^unknown: context " CONTEXT ": its memory was not compared to the end: ");
	module.compare_error = EBADF;
	assert_int_equal(RUN(verify, "--memory"), 14);
	assert_stdout("its holders come and go");
	module.compare_error = ENOTTY;
	assert_int_equal(RUN(verify, "--memory"), 1);
	assert_stderr("older than dmaownctl");
	module.compare_error = EPERM;
	assert_int_equal(RUN(verify, "--memory"), 77);
	module.compare_error = 0;
	module.open_error = EACCES;
	assert_int_equal(RUN(verify, "--memory"), 77);
	assert_int_equal(RUN(verify), 0);

	/* Only a holder without a PID here: no file names the context. */
	begin();
	write_file("holders",
		   "context=" CONTEXT " pid=- via=unknown device=0000:00:01.0 busy=0 files=1\n");
	assert_int_equal(RUN(verify, "--memory"), 2);
	assert_stdout("none of its holders has a PID");
	assert_int_equal(module.comparisons, 0);
	write_files();
}

/* Private memory that is not present: the pagemap of this process tells what it is. */
static void test_pagemap(void **state)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory =
		mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(memory, MAP_FAILED);
	/* A kernel without transparent huge pages refuses this. */
	madvise(memory, 4 * page, MADV_NOHUGEPAGE);
	memory[page] = 1;
	begin();
	find_range(DMAOWN_DIFFERENCE_NOT_PRESENT, 0x0, 4 * page);
	module.ranges[0].pid = getpid();
	module.ranges[0].addr = (uintptr_t)memory;
	assert_int_equal(RUN(verify, "--memory", "-J"), 2);
	assert_json("[.verify.findings[] | [.finding, .difference, .length / 4096]] == "
		    "[[\"detached\", \"absent\", 1], [\"unknown\", \"not-present\", 1], "
		    "[\"detached\", \"absent\", 2]]");
	assert_int_equal(module.comparisons, 2);

	/* The PID is another process by now. */
	module.process_error = ESRCH;
	assert_int_equal(RUN(verify, "--memory", "-J"), 14);
	assert_json("[.verify.findings[] | [.finding, .difference, .length / 4096]] == "
		    "[[\"unknown\", \"not-present\", 4]]");
	module.process_error = 0;
	module.ranges[0].pid = 0;
	assert_int_equal(RUN(verify, "--memory", "-J"), 14);
	assert_json(".verify.findings[0].pid == null");
	munmap(memory, 4 * page);
	write_files();
}

int memory_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_well),	cmocka_unit_test(test_detached),
		cmocka_unit_test(test_unknown), cmocka_unit_test(test_errors),
		cmocka_unit_test(test_pagemap),
	};

	return cmocka_run_group_tests_name("memory", tests, set_up, tear_down);
}
