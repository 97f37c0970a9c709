// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thread reports progress while the ioctl runs, because a signal would end the ioctl. The thread
 * reads the module's events if they are available; otherwise it shows only the time.
 */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "channel/events.h"
#include "host/clock.h"
#include "output/size.h"
#include "progress.h"

#define SECOND 1000 /* in milliseconds */

/* THE LINE */

static int terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return 80;
	return size.ws_col;
}

/*
 * Replace the line by the text. The last column stays free, because some terminals begin a new line
 * after it.
 */
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
	uint64_t seconds = (monotonic_ms() - progress->begin) / SECOND;
	char done[SIZE_TEXT], total[SIZE_TEXT];
	char text[128];

	if (progress->total)
		snprintf(text, sizeof(text), "%s: %s of %s compared (%d %%), %" PRIu64 " s so far",
			 program_invocation_short_name, size_format(done, progress->done),
			 size_format(total, progress->total),
			 (int)(100.0 * progress->done / progress->total), seconds);
	else
		snprintf(text, sizeof(text),
			 "%s: waiting, %" PRIu64 " s so far; up to %" PRIu32
			 " s for what is locked or in flux",
			 program_invocation_short_name, seconds, progress->timeout);
	put_line(progress, text);
}

/* EVENTS */

/* Ignore the events of other callers. */
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

/*
 * Read events until the deadline.
 * @events: or NULL
 * Return: false if the transfer has ended.
 */
static bool wait_until(struct progress *progress, uint64_t deadline, struct events *events)
{
	struct pollfd polls[] = {
		{ .fd = progress->end, .events = POLLIN },
		{ .fd = events ? events_fd(events) : -1, .events = POLLIN },
	};
	uint64_t now;

	while ((now = monotonic_ms()) < deadline) {
		if (poll(polls, 2, deadline - now) < 0)
			return false;
		if (polls[0].revents)
			return false;
		/* After an error there are no further events. */
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
	uint64_t deadline = progress->begin + SECOND;

	for (; wait_until(progress, deadline, has_events ? &events : NULL); deadline += SECOND)
		show(progress);
	if (has_events)
		events_close(&events);
	if (progress->shown)
		put_line(progress, "");
	return NULL;
}

/* BEGIN AND END */

/* Return: the PID of this process in the initial PID namespace, as in events; or 0. */
static uint32_t initial_pid(int device)
{
	struct dmaown_process_info info = { .size = sizeof(info), .process.pid = getpid() };

	return ioctl(device, DMAOWN_IOC_PROCESS, &info) ? 0 : info.initial_pid;
}

/* Block all signals in the thread: they are for the thread that calls the ioctl. */
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

void progress_begin(struct progress *progress, const struct transfer_request *request, int device)
{
	*progress = (struct progress){ .timeout = (request->timeout_ms + SECOND - 1) / SECOND };
	if (request->json || request->quiet || !isatty(STDERR_FILENO))
		return;
	progress->end = eventfd(0, EFD_CLOEXEC);
	if (progress->end < 0)
		return;
	progress->caller = initial_pid(device);
	progress->begin = monotonic_ms();
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
