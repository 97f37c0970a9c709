// SPDX-License-Identifier: GPL-2.0-only
/* Tests of host/streams.c. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exit_status.h"
#include "host/streams.h"

/* Standard output is a full device, closed, or a pipe without a reader. */
enum lost { FULL, CLOSED, UNREAD };

static void lose_output(enum lost lost)
{
	int fds[2];

	switch (lost) {
	case FULL:
		dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
		break;
	case CLOSED:
		close(STDOUT_FILENO);
		break;
	case UNREAD:
		assert_int_equal(pipe(fds), 0);
		close(fds[0]);
		dup2(fds[1], STDOUT_FILENO);
		break;
	}
}

/* Run a command. Return: the exit status, or -1 if a signal has ended the command. */
static int run_lost(enum lost lost, command_function *main, char **argv)
{
	struct channel_choice choice = { "debugfs", directory };
	char path[128];
	int argc = 0, status;
	pid_t pid;

	while (argv[argc])
		argc++;
	snprintf(path, sizeof(path), "%s/stderr", directory);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		signal(SIGPIPE, SIG_DFL);
		assert_non_null(freopen(path, "w", stderr));
		lose_output(lost);
		streams_begin();
		exit(main(argc, argv, &choice));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define RUN_LOST(lost, command, ...) \
	run_lost(lost, command##_main, (char *[]){ strdupa(#command), ##__VA_ARGS__, NULL })

/* A transfer without a reader is reported on standard error. SIGPIPE does not end it. */
static void test_transfer_lost(void **state)
{
	static const char *const reasons[] = {
		[FULL] = "No space left on device",
		[CLOSED] = "Bad file descriptor",
		[UNREAD] = "Broken pipe",
	};
	char expected[128];
	enum lost lost;

	(void)state;
	reset_module();
	for (lost = FULL; lost <= UNREAD; lost++) {
		snprintf(expected, sizeof(expected), "cannot write standard output: %s$",
			 reasons[lost]);
		assert_int_equal(RUN_LOST(lost, transfer, "--to", "4241", "--from", "4242"), 1);
		assert_stderr("standard output was lost, but the transfer was made:$");
		assert_stderr("^the old owner: process 4242$");
		assert_stderr("^moved 2 of 2 areas in 1 context to process 4241: ");
		assert_stderr(
			"^undo with: dmaownctl transfer --to 4242 --from 4241 --context 0x1f2e3d4c5b6a7988$");
		assert_stderr(expected);
		assert_int_equal(RUN_LOST(lost, transfer, "--to", "4241", "-J"), 1);
		assert_stderr("^the old owner: process 4242$");
		assert_stderr("^the old owner: 0xdead$");
		assert_stderr("^this cannot be undone: the old owner is dead$");
		assert_int_equal(RUN_LOST(lost, transfer, "--to", "4241", "-q"), 0);
		assert_false(satisfies("grep -q", "stderr", "."));
	}
	/* a refusal keeps its exit status; until the module is called, SIGPIPE ends the command */
	assert_int_equal(RUN_LOST(FULL, transfer, "--to", "4241", "--from", "0xffff", "-J"), 3);
	assert_false(satisfies("grep", "stderr", "was made"));
	assert_stderr("cannot write standard output: No space left on device$");
	assert_int_equal(RUN_LOST(UNREAD, transfer, "--to", "4241", "--from", "0xffff", "-J"), -1);
	module.transfer_error = EBUSY;
	assert_int_equal(RUN_LOST(UNREAD, transfer, "--to", "4241", "-J"), 14);
	assert_false(satisfies("grep", "stderr", "was made"));
	assert_stderr("cannot write standard output: Broken pipe$");
	write_files();
}

/* Other commands change nothing: SIGPIPE ends them. */
static void test_output_lost(void **state)
{
	enum lost lost;
	int status;

	(void)state;
	reset_module();
	for (lost = FULL; lost <= UNREAD; lost++) {
		status = lost == UNREAD ? -1 : 1;
		assert_int_equal(RUN_LOST(lost, list), status);
		assert_int_equal(RUN_LOST(lost, owners, "-J"), status);
		assert_int_equal(RUN_LOST(lost, areas, "-r"), status);
		assert_int_equal(RUN_LOST(lost, tree), status);
		assert_int_equal(RUN_LOST(lost, tree, "-J"), status);
		assert_int_equal(RUN_LOST(lost, devices, "-H"), status);
		assert_int_equal(RUN_LOST(lost, metrics), status);
		assert_int_equal(RUN_LOST(lost, transfer, "--help"), status);
		assert_int_equal(RUN_LOST(lost, transfer, "--usage"), status);
		assert_int_equal(RUN_LOST(lost, transfer, "--version"), status);
		assert_int_equal(RUN_LOST(lost, check, "--to", "4241"), status);
		assert_int_equal(RUN_LOST(lost, check, "--to", "4241", "-J"), status);
		/* findings keep their exit status */
		assert_int_equal(RUN_LOST(lost, verify), status < 0 ? status : EXIT_FOUND);
		assert_int_equal(RUN_LOST(lost, can_exit, "4242", "-J"),
				 status < 0 ? status : EXIT_FOUND);
	}
	assert_int_equal(RUN_LOST(FULL, list), 1);
	assert_stderr("cannot write standard output: No space left on device$");
	write_files();
}

int streams_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transfer_lost),
		cmocka_unit_test(test_output_lost),
	};

	return cmocka_run_group_tests_name("streams", tests, set_up, tear_down);
}
