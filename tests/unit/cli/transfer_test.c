// SPDX-License-Identifier: GPL-2.0-only
/* Tests of transfer/transfer.c. */
#include "fixture.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void test_transfer_moved(void **state)
{
	(void)state;
	reset_module();
	assert_int_equal(RUN(transfer, "--to", "4241", "--from", "4242", "-c", "0x1f2e3",
			     "--timeout", "0.5", "-J"),
			 0);
	assert_int_equal(module.asked->to.pid, 4241);
	assert_int_equal(module.asked->to.start, 5241);
	assert_int_equal(module.asked->from.pid, 4242);
	assert_int_equal(module.asked->timeout_ms, 500);
	assert_int_equal(module.asked->nr_files, 1);
	/* the descriptor of the context, although that of a device comes first */
	assert_int_equal(module.asked_file->fd, 11);
	assert_int_equal(module.asked_file->holder.pid, 4242);
	assert_int_equal(module.asked_file->holder.start, 7);
	assert_int_equal(module.asked_file->context, 0x1f2e3d4c5b6a7988);
	assert_json(".result == \"moved\" and .changed and .errno == null and .reasons == []");
	assert_json(".undo == \"dmaownctl transfer --to 4242 --from 4241 "
		    "--context 0x1f2e3d4c5b6a7988\"");
	assert_json(".areas == 2 and .pinned == 67108864 and .charged_user == 67108864");

	/* one of the old owners is dead: there is no undo */
	assert_int_equal(RUN(transfer, "--to", "4241"), 0);
	assert_int_equal(module.asked->nr_files, 0);
	assert_int_equal(module.asked->timeout_ms, 10000);
	assert_stdout(
		"^moved 2 of 2 areas in 1 context to process 4241: 2 pages objects, 64M pinned");
	assert_stdout("^user root is charged 64M more");
	assert_stdout("^this cannot be undone: the old owner is dead$");
	assert_false(satisfies("grep -q", "stdout", "undo with"));

	assert_int_equal(RUN(transfer, "--to", "4241", "--dry-run", "-J"), 0);
	assert_int_equal(module.asked->flags, DMAOWN_TRANSFER_DRY_RUN);
	assert_json(".result == \"would-move\" and .changed == false and .undo == null");
	assert_int_equal(RUN(transfer, "--to", "4241", "-q"), 0);
	assert_false(satisfies("grep -q", "stdout", "."));

	module.answer.areas = 0;
	assert_int_equal(RUN(transfer, "--to", "4241"), 0);
	assert_stdout("^nothing to do: process 4241 owns everything already$");
	assert_int_equal(RUN(transfer, "--to", "4241", "-J"), 0);
	assert_json(".result == \"unchanged\" and .changed == false");
}

/* A context is named by a mapping only if no descriptor is left. */
static void test_transfer_mapping(void **state)
{
	static const char mapping[] =
		"context=0x1f2e3d4c5b6a7988 pid=- via=unknown device=0000:00:01.0 busy=0 files=1\n"
		"context=0x1f2e3d4c5b6a7988 pid=4242 start=7 comm=vm via=mapping device=0000:00:01.0 "
		"busy=0 addr=0x7f0000001000\n";
	static const char *const names[] = { "0x1f2e3", "00:01.0", "4242", "4242/0x7f0000001000" };
	char text[512];
	size_t i;

	(void)state;
	reset_module();
	write_file("holders", mapping);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		memset(module.asked_file, 0, sizeof(*module.asked_file));
		assert_int_equal(RUN(transfer, "--to", "4241", "-q", "-c", strdupa(names[i])), 0);
		assert_int_equal(module.asked_file->fd, DMAOWN_FD_ANY);
		assert_int_equal(module.asked_file->holder.pid, 4242);
		assert_int_equal(module.asked_file->holder.start, 7);
		assert_int_equal(module.asked_file->context, 0x1f2e3d4c5b6a7988);
	}
	snprintf(text, sizeof(text),
		 "%scontext=0x1f2e3d4c5b6a7988 pid=4243 start=8 comm=vm via=eventq fd=3 busy=0\n",
		 mapping);
	write_file("holders", text);
	assert_int_equal(RUN(transfer, "--to", "4241", "-q", "-c", "0x1f2e3"), 0);
	assert_int_equal(module.asked_file->fd, 3);
	assert_int_equal(module.asked_file->holder.pid, 4243);
	/* Nobody holds it but files that no process has. */
	*strchr(text, '\n') = '\0';
	strcat(text, "\n");
	write_file("holders", text);
	assert_int_equal(RUN(transfer, "--to", "4241", "-q", "-c", "0x1f2e3"), 1);
	assert_stderr("context 0x1f2e3: no process holds it; .*io_uring");
	write_file("holders", "context=0x1f2e3d4c5b6a7988 pid=- start=7 via=context fd=3 busy=0\n");
	assert_int_equal(RUN(transfer, "--to", "4241", "-q", "-c", "0x1f2e3"), 1);
	assert_stderr("none of its holders has a PID");
	write_files();
}

static void test_transfer_owner(void **state)
{
	(void)state;
	reset_module();
	assert_int_equal(RUN(transfer, "--to", "4241", "--from", "0xdead", "-c", "4243/5", "-q"),
			 0);
	assert_int_equal(module.asked->from.pid, 777);
	assert_int_equal(module.asked->from.start, 3);
	assert_int_equal(module.asked->from.flags, DMAOWN_PROCESS_INITIAL);
	assert_int_equal(module.asked_file->fd, 5);
	assert_int_equal(RUN(transfer, "--to", "4241", "--from", "0xffff", "-J"), 3);
	assert_json(".errno == \"ENOENT\" and .reasons[0].reason == \"nothing\"");
}

/* Owner IDs have a common beginning, or are the beginning of another. One owner has two modes. */
static void test_owner_prefixes(void **state)
{
	(void)state;
	reset_module();
	write_file("owners",
		   "owner=0xbeef109211112222 pid=4242 start=7 uid=0 state=live mode=user\n"
		   "owner=0xbeef109233334444 pid=4243 start=8 uid=0 state=live mode=user\n"
		   "owner=0xdead pid=777 start=3 uid=1 state=dead mode=mm\n"
		   "owner=0xdead pid=777 start=3 uid=1 state=dead mode=user\n"
		   "owner=0xdeadbeef pid=778 start=4 uid=1 state=dead mode=mm\n"
		   "owner=0xcafe000000000001 pid=779 start=5 uid=1 state=dead mode=mm\n"
		   "owner=0xcafe000000000001 pid=779 start=5 uid=1 state=dead mode=user\n");
	assert_int_equal(RUN(transfer, "--to", "4241", "--from", "0xbeef10921", "-q"), 0);
	assert_int_equal(module.asked->from.pid, 4242);
	assert_int_equal(RUN(transfer, "--to", "4241", "--from", "0xdead", "-q"), 0);
	assert_int_equal(module.asked->from.pid, 777);
	assert_int_equal(RUN(transfer, "--to", "4241", "--from", "0xdeadb", "-q"), 0);
	assert_int_equal(module.asked->from.pid, 778);
	assert_int_equal(RUN(transfer, "--to", "4241", "--from", "0xc", "-q"), 0);
	assert_int_equal(module.asked->from.pid, 779);
	assert_int_equal(module.asked->from.flags, DMAOWN_PROCESS_INITIAL);

	module.calls = 0;
	assert_int_equal(RUN(transfer, "--to", "4241", "--from", "0xbeef", "-J"), 1);
	assert_json(".result == \"refused\" and .changed == false and .reasons == []");
	assert_stderr("owner 0xbeef: this may be any of 2; name one of them by its ID:$");
	assert_stderr("  0xbeef109211112222$");
	assert_stderr("  0xbeef109233334444$");
	assert_int_equal(RUN(transfer, "--to", "4241", "--from", "0xbeef00"), 3);
	assert_stderr("owner 0xbeef00: no owner has this ID; see: dmaownctl owners$");
	assert_int_equal(RUN(transfer, "--to", "4241", "--from", "0x00dead0", "-q"), 3);
	assert_int_equal(module.calls, 0);
	/* only the areas of the owner with the full ID move */
	write_file("areas",
		   "context=0x1f2e3d4c5b6a7988 ioas=2 iova=0x0 length=4096 source=file pinned=4096 "
		   "mode=mm owner=0xdeadbeef pid=778 start=4 state=dead uid=1 busy=0\n");
	assert_int_equal(RUN(check, "--to", "4241", "--from", "0xdeadb", "-J"), 0);
	assert_json("[.moves[].owner] == [\"0xdeadbeef\"]");
	write_files();
}

static void test_transfer_refused(void **state)
{
	(void)state;
	reset_module();
	module.transfer_error = ENOMEM;
	module.nr_reports = 2;
	module.answer.reports_total = 5;
	module.reports[0] = (struct dmaown_report){
		.reason = DMAOWN_REASON_HOLE,
		.error = ENXIO,
		.context = 0x1f2e,
		.ioas = 2,
		.process = 4241,
		.iova = 0x100000,
		.last = 0x40fffff,
		.addr = 0x7f0000000000,
	};
	module.reports[1] = (struct dmaown_report){
		.reason = DMAOWN_REASON_LIMIT_USER,
		.error = ENOMEM,
		.process = 4241,
		.value = 75497472,
		.limit = 8388608,
	};
	assert_int_equal(RUN(transfer, "--to", "4241", "-J"), 11);
	assert_json(".result == \"refused\" and .changed == false and .errno == \"ENOMEM\"");
	assert_json(".reasons_total == 5 and (.reasons | length) == 2 and .undo == null");
	assert_json(".reasons[0] | .reason == \"not-mapped\" and .iova == \"0x100000\" and "
		    ".last == \"0x40fffff\" and .ioas == 2 and .limit == null and .pid == 4241");
	assert_json(".reasons[1] | .value == 75497472 and .limit == 8388608 and .iova == null");
	assert_stderr(": 0x1f2e ioas 2 iova 0x100000-0x40fffff: the new owner has nothing mapped "
		      "there \\(address 0x7f0000000000 of process 4241\\)$");
	assert_stderr(
		"has used 8M \\(8388608 bytes\\), would need 72M \\(75497472 bytes\\), and its "
		"limit is 8M \\(8388608 bytes\\)$");
	assert_stderr("--raise-limit, or with: prlimit --pid 4241 --memlock=75497472$");
	assert_stderr("and 3 more reasons, 5 in all$");
	assert_stderr("nothing was changed");

	reset_module();
	module.transfer_error = EBUSY;
	assert_int_equal(RUN(transfer, "--to", "4241"), 14);
	assert_stderr("wait longer with: --timeout 20$");
	reset_module();
	module.process_error = ESRCH;
	assert_int_equal(RUN(transfer, "--to", "4241", "-J"), 10);
	assert_json(".errno == \"ESRCH\" and .reasons[0].pid == 4241");
	reset_module();
	module.transfer_error = EPERM;
	assert_int_equal(RUN(transfer, "--to", "4241"), 77);
	reset_module();
	module.open_error = EACCES;
	assert_int_equal(RUN(transfer, "--to", "4241", "-J"), 77);
	assert_json(".errno == \"EPERM\"");
}

static void test_transfer_adopted(void **state)
{
	(void)state;
	reset_module();
	module.transfer_error = ESRCH;
	module.nr_reports = 1;
	module.answer.reports_total = 1;
	module.reports[0] = (struct dmaown_report){
		.reason = DMAOWN_REASON_OWNER_STALE,
		.error = ESRCH,
		.context = 0x1f2e,
		.ioas = 2,
		.process = 4242,
		.iova = 0x100000,
		.last = 0x40fffff,
	};
	assert_int_equal(RUN(check, "--to", "4241"), 10);
	assert_int_equal(module.asked->flags, DMAOWN_TRANSFER_DRY_RUN);
	assert_stderr("adopt .* with: --adopt; ");
	assert_stderr("would be refused: No such process$");
	module.reports[0].reason = DMAOWN_REASON_NOT_PINNED;
	assert_int_equal(RUN(check, "--to", "4241", "--adopt"), 10);
	assert_stderr("what is not pinned cannot be adopted: ");
	assert_false(satisfies("grep -q", "stderr", "with: --adopt"));

	reset_module();
	module.answer.adopted = 1;
	assert_int_equal(RUN(check, "--to", "4241", "--adopt"), 0);
	assert_int_equal(module.asked->flags, DMAOWN_TRANSFER_DRY_RUN | DMAOWN_TRANSFER_ADOPT);
	assert_stdout("^would move 2 of 2 areas");
	assert_stdout("^1 of them would be adopted from");
	assert_int_equal(RUN(transfer, "--to", "4241", "--adopt"), 0);
	assert_int_equal(module.asked->flags, DMAOWN_TRANSFER_ADOPT);
	assert_stdout("^1 of them was adopted from");
	assert_stdout("^this cannot be undone: the old owner is dead$");
	assert_int_equal(RUN(transfer, "--to", "4241", "--adopt", "-J"), 0);
	assert_json(".adopted == 1 and .undo == null");
}

/* A signal ends the ioctl, and not the tool. */
static void test_transfer_interrupted(void **state)
{
	pid_t pid;

	(void)state;
	reset_module();
	module.sleep = 30;
	/* A shell ignores SIGINT for background jobs. */
	signal(SIGINT, SIG_DFL);
	pid = fork();
	if (!pid) {
		sleep(1);
		kill(getppid(), SIGINT);
		_exit(0);
	}
	assert_int_equal(RUN(transfer, "--to", "4241", "-J"), 75);
	assert_json(".errno == \"EINTR\" and .changed == false");
}

int transfer_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transfer_moved),
		cmocka_unit_test(test_transfer_mapping),
		cmocka_unit_test(test_transfer_owner),
		cmocka_unit_test(test_owner_prefixes),
		cmocka_unit_test(test_transfer_refused),
		cmocka_unit_test(test_transfer_adopted),
		cmocka_unit_test(test_transfer_interrupted),
	};

	return cmocka_run_group_tests_name("transfer", tests, set_up, tear_down);
}
