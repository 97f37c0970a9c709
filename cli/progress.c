// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctl takes as long as it takes, and a signal would end it: so a thread tells how it fares.
 * It knows that from the module's events, where they are to be had, and else from the clock.
 */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "events.h"
#include "progress.h"
#include "size.h"
#include "transfer.h"

#define SECOND	1000

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * (uint64_t)SECOND + ts.tv_nsec / 1000000;
}

/* THE LINE */

static int terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return 80;
	return size.ws_col;
}

/* Over what stands there. The last column stays free: some terminals begin a new line after it. */
static void put_line(struct progress *progress, const char *text)
{
	int width = terminal_width() - 1;
	int length = strlen(text);

	if (length > width)
		length = width;
	fprintf(stderr, "\r%-*.*s\r", progress->shown > length ? progress->shown : length, length,
		text);
	fflush(stderr);
	progress->shown = length;
}

static void show(struct progress *progress)
{
	uint64_t seconds = (now() - progress->begin) / SECOND;
	char done[SIZE_TEXT], total[SIZE_TEXT];
	char text[128];

	if (progress->total)
		snprintf(text, sizeof(text), "%s: %s of %s compared (%d %%), %" PRIu64 " s so far",
			 program_invocation_short_name, size_format(done, progress->done),
			 size_format(total, progress->total),
			 (int)(100.0 * progress->done / progress->total), seconds);
	else
		snprintf(text, sizeof(text), "%s: waiting, %" PRIu64 " s so far; up to %" PRIu32
			 " s for what is locked or in flux", program_invocation_short_name, seconds,
			 progress->timeout);
	put_line(progress, text);
}

/* WHAT THERE IS TO SHOW */

/* Others may be at the same. */
static int on_news(enum news news, const union record *record, void *data)
{
	const struct event_record *event = &record->event;
	struct progress *progress = data;

	if (news != NEWS_EVENT || event->event != DMAOWN_EVENT_PROGRESS ||
	    event->caller != progress->caller)
		return 0;
	progress->done = event->done;
	progress->total = event->total;
	return 0;
}

/* False: it is over. Without events (NULL) only the time goes on. */
static bool wait_until(struct progress *progress, uint64_t time, struct events *events)
{
	struct pollfd polls[] = {
		{ .fd = progress->end, .events = POLLIN },
		{ .fd = events ? events_fd(events) : -1, .events = POLLIN },
	};
	uint64_t at;

	while ((at = now()) < time) {
		if (poll(polls, 2, time - at) < 0)
			return false;
		if (polls[0].revents)
			return false;
		/* What comes no more is not waited for. */
		if (polls[1].revents && events_read(events))
			polls[1].fd = -1;
	}
	return true;
}

static void *run(void *data)
{
	struct progress *progress = data;
	struct events events;
	bool has_events = progress->caller && !events_open(&events, on_news, progress);
	uint64_t time = progress->begin + SECOND;

	for (; wait_until(progress, time, has_events ? &events : NULL); time += SECOND)
		show(progress);
	if (has_events)
		events_close(&events);
	if (progress->shown)
		put_line(progress, "");
	return NULL;
}

/* BEGIN AND END */

/* Events carry the initial namespace's number. */
static uint32_t own_number(int device)
{
	struct dmaown_process_info info = { .size = sizeof(info), .process.pid = getpid() };

	return ioctl(device, DMAOWN_IOC_PROCESS, &info) ? 0 : info.initial_pid;
}

/* Signals are for the thread that asks the module. */
static bool start(struct progress *progress)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&progress->thread, NULL, run, progress);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return !rc;
}

void progress_begin(struct progress *progress, const struct transfer *transfer, int device)
{
	*progress = (struct progress){ .timeout = (transfer->timeout_ms + SECOND - 1) / SECOND };
	if (transfer->json || transfer->quiet || !isatty(STDERR_FILENO))
		return;
	progress->end = eventfd(0, EFD_CLOEXEC);
	if (progress->end < 0)
		return;
	progress->caller = own_number(device);
	progress->begin = now();
	progress->runs = start(progress);
	if (!progress->runs)
		close(progress->end);
}

void progress_end(struct progress *progress)
{
	if (!progress->runs)
		return;
	eventfd_write(progress->end, 1);
	pthread_join(progress->thread, NULL);
	close(progress->end);
}
