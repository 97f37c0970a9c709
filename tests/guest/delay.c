// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a command, and measures for how long a real-time task on the same processor is held up
 * meanwhile.
 *
 *	delay REPORT [-k MICROSECONDS] COMMAND [ARG]...
 *
 * This process wakes up every millisecond, as a SCHED_FIFO task of a higher priority than anything
 * that the command does. It writes one line into the file REPORT:
 *
 *	TOOK LATE STATUS ENDED
 *
 * TOOK	 from the start of the command to its end, in microseconds
 * LATE	 how much too late this process woke up, at most, in microseconds
 * STATUS exit status of the command, or 128 and the number of the signal that ended it
 * ENDED from SIGKILL, which -k sends after so many microseconds, to the end of the command, in
 *	 microseconds; - if the command had ended before
 *
 *	delay spin MICROSECONDS
 *
 * This only computes, for so long. As the COMMAND it shows for how long the machine itself holds up
 * a task.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define US	 1000ull
#define MS	 1000000ull
#define SECOND	 1000000000ull
#define PRIORITY 90

struct run {
	pid_t pid;
	uint64_t kill_after; /* 0: never */
	uint64_t began, killed, ended;
	uint64_t late;
	int status;
};

static void fail(const char *what)
{
	fprintf(stderr, "delay: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void need(bool good, const char *what)
{
	if (!good)
		fail(what);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

static void sleep_until(uint64_t at)
{
	struct timespec time = { .tv_sec = at / SECOND, .tv_nsec = at % SECOND };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

static int spin(uint64_t duration)
{
	uint64_t end = now() + duration;

	while (now() < end)
		;
	return 0;
}

/* Stay on this processor, which the command inherits. It does not inherit the priority. */
static void become_urgent(void)
{
	struct sched_param param = { .sched_priority = PRIORITY };
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	need(!sched_setaffinity(0, sizeof(here), &here), "sched_setaffinity");
	need(!mlockall(MCL_CURRENT | MCL_FUTURE), "mlockall");
	need(!sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param),
	     "sched_setscheduler");
}

static pid_t start(char **argv)
{
	pid_t pid = fork();

	need(pid >= 0, "fork");
	if (!pid) {
		execvp(argv[0], argv);
		fail(argv[0]);
	}
	return pid;
}

/* Return: true if the command has ended. */
static bool look(struct run *run)
{
	pid_t pid;

	if (run->kill_after && !run->killed && now() >= run->began + run->kill_after) {
		need(!kill(run->pid, SIGKILL), "kill");
		run->killed = now();
	}
	pid = waitpid(run->pid, &run->status, WNOHANG);
	need(pid >= 0, "waitpid");
	run->ended = now();
	return pid == run->pid;
}

/* The next time is a whole number of milliseconds later: missed ones are not made up for. */
static void watch(struct run *run)
{
	uint64_t next = run->began, woken = run->began;

	do {
		next += ((woken - next) / MS + 1) * MS;
		sleep_until(next);
		woken = now();
		if (woken - next > run->late)
			run->late = woken - next;
	} while (!look(run));
}

/* A command that had exited of itself before the signal is not one that the signal has ended. */
static void report(FILE *file, const struct run *run)
{
	bool signalled = WIFSIGNALED(run->status);

	fprintf(file, "%llu %llu %d ", (run->ended - run->began) / US, run->late / US,
		signalled ? 128 + WTERMSIG(run->status) : WEXITSTATUS(run->status));
	if (run->killed && signalled)
		fprintf(file, "%llu\n", (run->ended - run->killed) / US);
	else
		fprintf(file, "-\n");
	need(!fclose(file), "the report");
}

int main(int argc, char **argv)
{
	struct run run = { 0 };
	int first = 2;
	FILE *file;

	if (argc == 3 && !strcmp(argv[1], "spin"))
		return spin(strtoull(argv[2], NULL, 0) * US);
	if (argc > 4 && !strcmp(argv[2], "-k")) {
		run.kill_after = strtoull(argv[3], NULL, 0) * US;
		first = 4;
	}
	if (argc <= first) {
		fprintf(stderr, "usage: delay REPORT [-k MICROSECONDS] COMMAND [ARG]...\n"
				"       delay spin MICROSECONDS\n");
		return 64;
	}
	file = fopen(argv[1], "we");
	need(file, argv[1]);
	become_urgent();
	run.began = now();
	run.pid = start(argv + first);
	watch(&run);
	report(file, &run);
	return 0;
}
