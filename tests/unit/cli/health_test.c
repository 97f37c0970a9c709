// SPDX-License-Identifier: GPL-2.0-only
/* Tests of health/, cmd/can_exit.c and cmd/verify.c. */
#include "fixture.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Write records that match the answers of module: 4242 started at 5242 as owner 0xbeef1092. */
static void write_holders(bool other)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "context=0x1f2e3d4c5b6a7988 pid=4242 start=5242 comm=vm via=context fd=11 busy=0\n"
		 "context=0x1f2e3d4c5b6a7988 pid=4242 start=5242 comm=vm via=device fd=12 "
		 "device=0000:00:01.0 busy=0\n%s",
		 other ? "context=0x1f2e3d4c5b6a7988 pid=4241 start=5 comm=vm via=context fd=3 busy=0\n" :
			 "");
	write_file("holders", text);
	write_file("contexts",
		   "context=0x1f2e3d4c5b6a7988 kind=iommufd mode=user holders=2 ioases=1 hwpts=1 "
		   "devices=1 accesses=0 areas=2 mapped=67112960 pinned=67108864 owners=2 busy=0\n");
	write_file("areas",
		   "context=0x1f2e3d4c5b6a7988 ioas=2 iova=0x100000 length=67108864 source=address "
		   "addr=0x7f0000000000 pinned=67108864 mode=user owner=0xbeef1092 pid=4242 "
		   "start=5242 state=live uid=0 busy=0\n");
	write_file("owners",
		   "owner=0xbeef1092 pid=4242 start=5242 comm=vm uid=0 state=live mode=user contexts=1 "
		   "areas=1 pinned=67108864 charged=67108864 limit=134217728 used=67108864 "
		   "headroom=67108864 vm_pinned=67108864 vm_locked=0 user_locked=67108864 "
		   "user_other=0 busy=0\n");
}

#define CONTEXT 0x1f2e3d4c5b6a7988
#define DEVICE	"0000:00:01.0"

/* Let DMAOWN_IOC_LEAVE give one more report. */
static void report(uint32_t reason, uint64_t context, const char *device)
{
	struct dmaown_report *report = &module.leave_reports[module.nr_leave_reports++];

	*report = (struct dmaown_report){ .reason = reason, .context = context };
	strcpy(report->device, device);
}

static void report_nothing(void)
{
	module.nr_leave_reports = 0;
	module.leave_error = 0;
}

static void test_can_exit(void **state)
{
	(void)state;
	reset_module();
	write_holders(false);
	report(DMAOWN_REASON_WOULD_RESET, CONTEXT, DEVICE);
	report(DMAOWN_REASON_WOULD_LOSE, CONTEXT, "");
	assert_int_equal(RUN(can_exit, "4242", "-J"), 2);
	assert_json(".can_exit | .ok == false and .pid == 4242 and .owner == \"0xbeef1092\" and "
		    "[.findings[].finding] == [\"reset\", \"lost\"]");
	assert_json(".can_exit.findings[0] | .device == \"0000:00:01.0\" and .command == null and "
		    "(.advice | test(\"descriptor 12 of process 4242\"))");
	assert_json(".can_exit.findings[1] | .areas == 2 and .pinned == 67108864 and "
		    "(.advice | test(\"descriptor 11 of process 4242\"))");
	report_nothing();
	assert_int_equal(RUN(can_exit, "4241"), 0);
	assert_false(satisfies("grep -q", "stdout", "."));

	write_holders(true);
	report(DMAOWN_REASON_WOULD_RESET, CONTEXT, DEVICE);
	assert_int_equal(RUN(can_exit, "4242", "-J"), 2);
	assert_json("[.can_exit.findings[].finding] == [\"reset\", \"mischarged\"]");
	assert_json(".can_exit.findings[1] | .areas == 1 and .pinned == 67108864 and .command == "
		    "\"dmaownctl transfer --to 4241 --from 4242 --context 0x1f2e3d4c5b6a7988\"");
	assert_int_equal(RUN(can_exit, "4242"), 2);
	assert_stdout("^reset: device 0000:00:01.0 in context 0x1f2e3d4c5b6a7988: ");
	assert_stdout("^  mend it with: dmaownctl transfer --to 4241 --from 4242 ");

	report_nothing();
	/* The holder had the same PID, but was another process that has exited. */
	write_file("holders",
		   "context=0x1f2e3d4c5b6a7988 pid=4242 start=1 comm=vm via=context fd=11 busy=0\n");
	assert_int_equal(RUN(can_exit, "4241", "-J"), 0);
	assert_json(".can_exit | .ok and .findings == []");

	/* Locked areas may belong to the process. */
	write_file("areas", "context=0x1f2e3d4c5b6a7988 ioas=2 busy=1\n");
	assert_int_equal(RUN(can_exit, "4241"), 14);
	assert_stdout("^unknown: 1 IOAS is locked");

	module.leave_error = ESRCH;
	assert_int_equal(RUN(can_exit, "4242"), 10);
	assert_stderr("no process 4242");
	module.leave_error = ENOTTY;
	assert_int_equal(RUN(can_exit, "4242"), 1);
	assert_stderr("cannot find out what would break: Inappropriate ioctl");
	module.leave_error = EPERM;
	assert_int_equal(RUN(can_exit, "4242"), 77);
	module.process_error = ESRCH;
	assert_int_equal(RUN(can_exit, "4242"), 10);
	assert_stderr("no process 4242");
	module.open_error = EACCES;
	assert_int_equal(RUN(can_exit, "4242"), 77);
	write_files();
}

/* A mapping that is the only holder is lost with its process; a mapping elsewhere keeps all. */
static void test_mappings(void **state)
{
	static const char mapping[] = "context=0x1f2e3d4c5b6a7988 pid=%d start=%d comm=vm "
				      "via=mapping device=0000:00:01.0 busy=0 addr=0x7f0000001000\n"
				      "context=- pid=4242 start=5242 comm=vm via=device fd=7 "
				      "device=0000:00:02.0 busy=0\n";
	static const char unknown[] = "context=0x1f2e3d4c5b6a7988 pid=- via=unknown "
				      "device=0000:00:01.0 busy=0 files=1\n";
	char text[768];

	(void)state;
	reset_module();
	write_holders(false);
	snprintf(text, sizeof(text), mapping, 4242, 5242);
	write_file("holders", text);
	report(DMAOWN_REASON_WOULD_RESET, CONTEXT, DEVICE);
	report(DMAOWN_REASON_WOULD_LOSE, CONTEXT, "");
	assert_int_equal(RUN(can_exit, "4242", "-J"), 2);
	assert_json("[.can_exit.findings[].finding] == [\"reset\", \"lost\"]");
	assert_json(
		"[.can_exit.findings[].advice | test(\"has only mapped it, at 0x7f0000001000\")] == "
		"[true, true]");

	/* The files are closed while the tool asks. */
	write_file("holders", "");
	assert_int_equal(RUN(can_exit, "4242", "-J"), 2);
	assert_json(
		"[.can_exit.findings[].advice | test(\"is closing its files\")] == [true, true]");

	/* Files that no process has do not keep it, as far as is known. One finding is enough. */
	report(DMAOWN_REASON_UNKNOWN_HOLDER, CONTEXT, DEVICE);
	strcat(text, unknown);
	write_file("holders", text);
	write_file("devices",
		   "context=0x1f2e3d4c5b6a7988 id=3 device=0000:00:01.0 opens=2 unknown=1\n");
	assert_int_equal(RUN(can_exit, "4242", "-J"), 2);
	assert_json("[.can_exit.findings[].finding] == [\"reset\", \"lost\", \"unknown\"]");
	assert_json(".can_exit.findings[2] | .device == \"0000:00:01.0\" and "
		    "(.text | test(\"no process has 1 open file of it, neither\")) and "
		    "(.advice | test(\"io_uring or KVM\") and (test(\"grep\") | not))");

	write_files();
	write_holders(false);
	snprintf(text, sizeof(text),
		 "context=0x1f2e3d4c5b6a7988 pid=4242 start=5242 comm=vm via=context fd=11 busy=0\n");
	snprintf(text + strlen(text), sizeof(text) - strlen(text), mapping, 4241, 5241);
	write_file("holders", text);
	report_nothing();
	assert_int_equal(RUN(can_exit, "4242", "-J"), 2);
	assert_json("[.can_exit.findings[].finding] == [\"mischarged\"]");
	report(DMAOWN_REASON_WOULD_RESET, CONTEXT, DEVICE);
	assert_int_equal(RUN(can_exit, "4241", "-J"), 2);
	assert_json("[.can_exit.findings[].finding] == [\"reset\"]");
	write_files();
}

/* A device that is held by a mapping alone cannot be passed on, which mends a reset otherwise. */
static void test_mend_reset(void **state)
{
	static const char others[] =
		"context=0x1f2e3d4c5b6a7988 pid=4242 start=5242 comm=vm via=context fd=11 busy=0\n"
		"context=0x1f2e3d4c5b6a7988 pid=4241 start=5 comm=vm via=context fd=3 busy=0\n";
	static const char *const how[][2] = {
		{ "via=device fd=12", "would be reset .*; pass the device.s descriptor to it$" },
		{ "via=mapping addr=0x1000",
		  "; no process has a descriptor of the device to pass on: let the process that" },
	};
	char text[512];
	size_t i;

	(void)state;
	reset_module();
	write_holders(true);
	module.transfer_error = EXDEV;
	module.answer.reports_total = 1;
	module.nr_reports = 1;
	module.reports[0] = (struct dmaown_report){ .reason = DMAOWN_REASON_WOULD_RESET,
						    .error = EXDEV,
						    .device = DEVICE };
	for (i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		snprintf(text, sizeof(text),
			 "%scontext=0x1f2e3d4c5b6a7988 pid=4242 start=5242 busy=0 device=" DEVICE
			 " %s\n",
			 others, how[i][0]);
		write_file("holders", text);
		assert_int_equal(RUN(can_exit, "4242"), 2);
		assert_stdout(how[i][1]);
	}
	write_files();
}

/* A container loses everything with its last group, whoever else holds the container. */
static void test_groups(void **state)
{
	(void)state;
	reset_module();
	write_file("devices", "");
	write_file("holders",
		   "context=0x1f2e3d4c5b6a7988 pid=4242 start=5242 comm=vm via=group fd=11 "
		   "device=group-5 busy=0\n"
		   "context=0x1f2e3d4c5b6a7988 pid=4241 start=5 comm=vm via=context fd=3 busy=0\n");
	write_file("contexts",
		   "context=0x1f2e3d4c5b6a7988 kind=type1 areas=2 pinned=4096 busy=0\n");
	write_file("areas",
		   "context=0x1f2e3d4c5b6a7988 ioas=1 iova=0x0 length=4096 source=address addr=0x1000 "
		   "pinned=4096 mode=mm owner=0xbeef1092 pid=4242 start=5242 state=live uid=0 busy=0\n");
	/* The group is part of the loss. With the areas, the charge goes. */
	report(DMAOWN_REASON_WOULD_RESET, CONTEXT, "group-5");
	report(DMAOWN_REASON_WOULD_LOSE, CONTEXT, "group-5");
	assert_int_equal(RUN(can_exit, "4242", "-J"), 2);
	assert_json(".can_exit.findings | length == 1 and (.[0] | .finding == \"lost\" and "
		    ".areas == 2 and .device == null and "
		    "(.text | test(\"no other process holds group-5, .*last group\")) and "
		    "(.advice | test(\"pass descriptor 11\")))");
	report_nothing();
	assert_int_equal(RUN(can_exit, "4242", "-J"), 2);
	assert_json("[.can_exit.findings[].finding] == [\"mischarged\"]");
	write_files();
}

/* The module does not know: an answer of its own, which is given once. */
static void test_unknown(void **state)
{
	static const struct {
		uint32_t reason;
		const char *device;
		const char *text;
	} reports[] = {
		{ DMAOWN_REASON_UNKNOWN_HOLDER, DEVICE,
		  "^unknown: device 0000:00:01.0 in context 0x1f2e3d4c5b6a7988: it cannot be known" },
		{ DMAOWN_REASON_UNREAD, "",
		  "^unknown: the files of a process without a PID in this PID namespace could not" },
		{ DMAOWN_REASON_UNSEEN, "",
		  "^unknown: the module was not built for the VFIO that is loaded" },
	};
	size_t i;

	(void)state;
	reset_module();
	write_holders(false);
	write_file("devices", "");
	write_file("areas", "");
	for (i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		report(reports[i].reason, CONTEXT, reports[i].device);
		assert_int_equal(RUN(can_exit, "4242"), 14);
		assert_stdout(reports[i].text);
		/* Twice the same is one finding. */
		if (reports[i].reason != DMAOWN_REASON_UNREAD)
			report(reports[i].reason, CONTEXT, reports[i].device);
		assert_int_equal(RUN(can_exit, "4242", "-J"), 14);
		assert_json(".can_exit.findings | length == 1");
		report_nothing();
	}
	report(DMAOWN_REASON_UNREAD, 0, "");
	module.leave_reports[0].process = 4245;
	write_file("holders", "context=- pid=4245 start=9 comm=many busy=1 unseen=0\n");
	assert_int_equal(RUN(can_exit, "4242", "-J"), 14);
	assert_json("[.can_exit.findings[] | .finding, .pid] == [\"unknown\", 4245]");
	report_nothing();

	/* If something is locked, a context that only this process is known to hold may be lost. */
	write_holders(false);
	report(DMAOWN_REASON_LOCKED, CONTEXT, "");
	module.leave_error = EBUSY;
	assert_int_equal(RUN(can_exit, "4242"), 14);
	assert_stdout("^unknown: context 0x1f2e3d4c5b6a7988: it or a device in it is locked");
	write_holders(true);
	assert_int_equal(RUN(can_exit, "4242", "-J"), 2);
	assert_json("[.can_exit.findings[].finding] == [\"mischarged\", \"unknown\"]");
	report_nothing();
	report(DMAOWN_REASON_LOCKED, 0, "");
	module.leave_reports[0].process = 4242;
	module.leave_error = EBUSY;
	write_file("areas", "");
	assert_int_equal(RUN(can_exit, "4242"), 14);
	assert_stdout("^unknown: a file of process 4242 is locked, or its files could not");
	write_files();
}

static void test_unread(void **state)
{
	static const char *const holders[][2] = {
		{ "context=- pid=4245 start=9 comm=many busy=1 unseen=0\n",
		  "^unknown: the files of process 4245 could not be read to the end: " },
		{ "context=- pid=- start=9 busy=1 unseen=0\n",
		  "^unknown: the files of a process without a PID in this PID namespace could not" },
		{ "context=- pid=4245 via=device fd=4 device=0000:00:02.0 busy=1\n",
		  "^unknown: descriptor 4 of process 4245 is of a device or group that is locked" },
		{ "context=- pid=4245 via=mapping addr=0x1000 device=0000:00:02.0 busy=1\n",
		  "^unknown: the mapping at 0x1000 of process 4245 is of a device or group that is locked" },
		{ "context=- pid=4245 via=mapping addr=0x1000 busy=0 unseen=1\n",
		  "^unknown: the mapping at 0x1000 of process 4245 is of a VFIO or iommufd" },
		{ "context=- pid=- via=unknown device=0000:00:02.0 busy=1 unseen=0 removing=1\n",
		  "^unknown: device 0000:00:02.0 is locked or being removed: who has it open is unknown" },
		{ "context=- pid=- via=unknown device=0000:00:02.0 busy=0 unseen=1 files=1\n",
		  "^unknown: device 0000:00:02.0: the module was not built for its context: who has it" },
	};
	size_t i;

	(void)state;
	reset_module();
	for (i = 0; i < sizeof(holders) / sizeof(holders[0]); i++) {
		write_holders(false);
		write_file("contexts", "");
		write_file("areas", "");
		write_file("owners", "");
		write_file("devices", "");
		write_file("holders", holders[i][0]);
		assert_int_equal(RUN(verify), 14);
		assert_stdout(holders[i][1]);
		assert_int_equal(RUN(can_exit, "4242"), 14);
	}
	/* A device that could not be inspected is one finding, whichever records show it. */
	write_file("holders",
		   "context=- pid=- via=unknown device=0000:00:02.0 busy=1 removing=1\n"
		   "context=- pid=- via=unknown device=0000:00:03.0 busy=1 removing=0\n");
	write_file("devices", "context=0x1f2e device=0000:00:02.0 opens=1 unknown=-\n");
	assert_int_equal(RUN(verify, "-J"), 14);
	assert_json("[.verify.findings[] | .finding, .device] == "
		    "[\"unknown\", \"0000:00:02.0\", \"unknown\", \"0000:00:03.0\"]");
	write_file("devices", "");
	/* A file in no context is no finding, nor is a device that is open and not bound. */
	write_file("holders",
		   "context=- pid=4242 start=5242 via=device fd=4 device=0000:00:02.0 busy=0\n"
		   "context=- pid=- via=unknown device=0000:00:03.0 busy=0 unseen=0 files=1\n");
	assert_int_equal(RUN(verify), 0);
	assert_int_equal(RUN(can_exit, "4242"), 0);
	write_file("devices", "context=0x1f2e device=0000:00:02.0 opens=1 unknown=-\n"
			      "context=- device=emulated.0 opens=2 unknown=2\n");
	assert_int_equal(RUN(verify), 14);
	assert_stdout("^unknown: device 0000:00:02.0 in context 0x1f2e: it cannot be known");
	assert_stdout("^unknown: device emulated.0: no process has 2 open files");
	write_files();
}

/* Write an area of a dead owner, mapped from a file, in a context that this process holds. */
static void write_file_area(const struct stat *st, uint64_t inode)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "context=0x1f2e3d4c5b6a7988 ioas=2 iova=0x0 length=4096 source=file offset=0x0 "
		 "pinned=4096 mode=none owner=0xdead pid=777 start=3 state=dead uid=0 busy=0 "
		 "file_major=%u file_minor=%u file_inode=%" PRIu64 "\n",
		 major(st->st_dev), minor(st->st_dev), inode);
	write_file("areas", text);
	snprintf(text, sizeof(text),
		 "context=0x1f2e3d4c5b6a7988 pid=%d start=1 comm=vm via=context fd=3 busy=0\n",
		 getpid());
	write_file("holders", text);
	write_file("owners", "");
	write_file("contexts", "context=0x1f2e3d4c5b6a7988 kind=iommufd owners=1 busy=0\n");
}

/* Areas by file could move to any process: only one that maps the file is suggested. */
static void test_verify_files(void **state)
{
	int fd = memfd_create("ram", 0);
	void *memory = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	struct stat st;
	char condition[256];

	(void)state;
	reset_module();
	assert_true(memory != MAP_FAILED && !fstat(fd, &st));
	write_file_area(&st, st.st_ino);
	snprintf(condition, sizeof(condition),
		 ".verify.findings[0] | .finding == \"dead-owner\" and "
		 ".command == \"dmaownctl transfer --to %d --from 0xdead "
		 "--context 0x1f2e3d4c5b6a7988\" and .advice == null",
		 getpid());
	assert_int_equal(RUN(verify, "-J"), 2);
	assert_json(condition);
	/* The dry run was for that owner, in that context. */
	assert_int_equal(module.asked->flags, DMAOWN_TRANSFER_DRY_RUN);
	assert_int_equal(module.asked->from.pid, 777);
	assert_int_equal(module.asked->from.flags, DMAOWN_PROCESS_INITIAL);
	assert_int_equal(module.asked_file->context, 0x1f2e3d4c5b6a7988);
	/* Metrics count the finding without a dry run. */
	module.calls = 0;
	assert_int_equal(RUN(metrics), 0);
	assert_int_equal(module.calls, 0);

	write_file_area(&st, st.st_ino + 1000000);
	assert_int_equal(RUN(verify, "-J"), 2);
	assert_json(".verify.findings[0] | .finding == \"dead-owner\" and .command == null and "
		    "(.advice | test(\"does not map the file\"))");
	assert_int_equal(module.calls, 0);
	/* A device that cannot be opened is mentioned only in the advice. */
	module.open_error = ENOENT;
	assert_int_equal(RUN(verify, "-J"), 2);
	assert_json(".verify.findings[0] | .command == null and (.advice | test(\"cannot open\"))");
	assert_false(satisfies("grep -q", "stderr", "."));
	reset_module();
	munmap(memory, 4096);
	close(fd);
	write_files();
}

static void test_verify(void **state)
{
	(void)state;
	reset_module();
	write_holders(true);
	assert_int_equal(RUN(verify), 0);
	assert_false(satisfies("grep -q", "stdout", "."));
	assert_int_equal(RUN(verify, "-J"), 0);
	assert_json(". == {verify: {ok: true, findings: []}}");
	assert_int_equal(RUN(verify, "--headroom", "51"), 2);
	assert_stdout("^near-limit: process 4242, mode user: 64M left of its limit of 128M$");
	/* 64 MiB used and 51 % left make a limit of 136957388 bytes, in whole pages */
	assert_stdout("^  mend it with: prlimit --pid 4242 --memlock=136957952$");

	/* The owner holds nothing. */
	write_file("holders",
		   "context=0x1f2e3d4c5b6a7988 pid=4241 start=5 comm=vm via=context fd=3 busy=0\n");
	assert_int_equal(RUN(verify, "-J"), 2);
	assert_json(".verify.findings | length == 1 and .[0].finding == \"not-holder\" and "
		    ".[0].pid == 4242 and .[0].command == \"dmaownctl transfer --to 4241 "
		    "--from 0xbeef1092 --context 0x1f2e3d4c5b6a7988\"");
	/* Health looks twice at this, and says once that a process is unread. */
	write_file("holders",
		   "context=0x1f2e3d4c5b6a7988 pid=4241 start=5 comm=vm via=context fd=3 busy=0\n"
		   "context=- pid=4245 start=9 comm=many busy=1 unseen=0\n");
	assert_int_equal(RUN(verify, "-J"), 2);
	assert_json("[.verify.findings[].finding] == [\"unknown\", \"not-holder\"]");
	assert_json(".verify.findings[0].advice == \"it changes them all the time, keeps them "
		    "locked, or its user has too many: try again in a moment\"");
	write_files();

	/* A dead owner, an owner at its limit, and two locked IOASes. */
	assert_int_equal(RUN(verify, "-J"), 2);
	assert_json("[.verify.findings[].finding] == "
		    "[\"unknown\", \"unknown\", \"dead-owner\", \"near-limit\"]");
	assert_json(
		".verify.findings[2] | .owner == \"0xdead\" and .pid == 777 and .areas == 1 and "
		".command == null and (.advice | test(\"process 424[12] cannot be made the owner\"))");
	write_file("areas", "context=0x1f2e3d4c5b6a7988 ioas=2 busy=1\n");
	write_file("owners", "");
	assert_int_equal(RUN(verify), 14);
	write_files();
}

static void test_corrupt(void **state)
{
	static const struct {
		const char *owner, *condition;
	} cases[] = {
		{ "mode=none pinned=4096 vm_pinned=18446744073709547520 vm_locked=0 user_locked=0",
		  ".counter == \"VmPin\" and .value == null and .expected == 4096 and .pid == 4242" },
		{ "mode=none pinned=4096 vm_pinned=0 vm_locked=0 user_locked=0",
		  ".counter == \"VmPin\" and .value == 0 and .expected == 4096" },
		{ "mode=mm pinned=8192 vm_pinned=8192 vm_locked=4096 user_locked=0",
		  ".counter == \"VmLck\" and .value == 4096 and .expected == 8192" },
		{ "mode=user pinned=8192 vm_pinned=8192 vm_locked=0 user_locked=4096",
		  ".counter == \"locked_vm\" and .value == 4096 and .user == \"root\" and .pid == null" },
	};
	char text[512], condition[256];
	size_t i;

	(void)state;
	write_holders(true);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text),
			 "owner=0xbeef1092 pid=4242 start=5242 comm=vm uid=0 "
			 "state=live contexts=1 areas=1 busy=0 %s\n",
			 cases[i].owner);
		write_file("owners", text);
		assert_int_equal(RUN(verify, "-J"), 2);
		snprintf(condition, sizeof(condition),
			 ".verify.findings | length == 1 and (.[0] | .finding == \"corrupt\" and %s)",
			 cases[i].condition);
		assert_json(condition);
		assert_int_equal(RUN(owners, "-rn", "-o", "MARK"), 0);
		assert_stdout("^corrupt$");
	}
	assert_int_equal(RUN(verify), 2);
	assert_stdout("^corrupt: locked pages of user root: 4096 bytes, but 8192 bytes are pinned");

	/* Two records of one process have pinned more than is charged. */
	write_file("owners",
		   "owner=0x1 pid=4242 start=5242 uid=0 state=live mode=none areas=1 pinned=4096 "
		   "vm_pinned=4096 busy=0\n"
		   "owner=0x1 pid=4242 start=5242 uid=0 state=live mode=user areas=1 pinned=4096 "
		   "vm_pinned=4096 user_locked=4096 busy=0\n");
	assert_int_equal(RUN(verify, "-J"), 2);
	assert_json(".verify.findings | length == 1 and .[0].expected == 8192");
	/* An address space that the process has left is another account. */
	write_file("owners",
		   "owner=0x1 pid=4242 start=5242 uid=0 state=live mode=none areas=1 pinned=4096 "
		   "vm_pinned=4096 busy=0\n"
		   "owner=0x1 pid=4242 start=5242 uid=0 state=stale mode=none areas=1 pinned=4096 "
		   "busy=0\n");
	assert_int_equal(RUN(verify), 0);
	write_files();
}

int health_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_can_exit),     cmocka_unit_test(test_mappings),
		cmocka_unit_test(test_groups),	     cmocka_unit_test(test_mend_reset),
		cmocka_unit_test(test_unknown),	     cmocka_unit_test(test_unread),
		cmocka_unit_test(test_verify_files), cmocka_unit_test(test_verify),
		cmocka_unit_test(test_corrupt),
	};

	return cmocka_run_group_tests_name("health", tests, set_up, tear_down);
}
