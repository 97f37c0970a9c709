// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl watch: print events as they happen */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "channel/events.h"
#include "channel/kmsg.h"
#include "channel/netlink.h"
#include "command.h"
#include "exit_status.h"
#include "host/streams.h"
#include "options.h"
#include "output/size.h"
#include "output/value.h"

#define SECOND (uint64_t)1000000000

struct watch {
	struct common_options common;
	uint64_t next; /* expected sequence number; 0: any */
	int log;       /* of kmsg_open(), or -errno */
};

static const struct argp_option watch_options[] = { { "json", 'J', NULL, 0,
						      "Write one JSON object per line", 0 },
						    { 0 } };

static error_t parse_watch(int key, char *arg, struct argp_state *state)
{
	struct watch *watch = state->input;

	switch (key) {
	case ARGP_KEY_END:
		if (watch->common.channel.name &&
		    strcmp(watch->common.channel.name, netlink_channel.name))
			usage_error(state, "events come over netlink only");
		return 0;
	default:
		return parse_common(key, arg, state);
	}
}

static const struct argp watch_argp = {
	.options = watch_options,
	.parser = parse_watch,
	.children = channel_children,
	.doc = "Print transfers, refusals, progress, and the reasons why the module cannot be loaded, "
	       "one per line, as they happen, until interrupted.\v"
	       "Exit status: 0 after SIGINT or SIGTERM.",
};

/* TIME */

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

/* Convert boot time to wall-clock time. */
static void format_wall(uint64_t time, char *text, size_t size)
{
	uint64_t wall = now(CLOCK_REALTIME) - (now(CLOCK_BOOTTIME) - time);
	time_t seconds = wall / SECOND;
	char zone[8];
	struct tm tm;
	size_t length;

	localtime_r(&seconds, &tm);
	length = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	/* +0100 as +01:00 */
	snprintf(text + length, size - length, ".%06" PRIu64 "%.3s:%.2s", wall % SECOND / 1000,
		 zone, zone + 3);
}

/* LINES */

/* A line of output: an event, or a notice about the events themselves. */
struct line {
	const char *name;
	union record event;
	uint64_t lost; /* number of missing events, if counted is set */
	bool counted;
	const char *text; /* text of the module, or NULL */
};

static void print_json(const struct line *line)
{
	static const char *const own[] = { "event", "error", NULL };
	const struct event_record *event = &line->event.event;
	struct json json = { .out = stdout, .compact = true };
	char wall[64];

	format_wall(event->time, wall, sizeof(wall));
	json_open(&json, NULL, '{');
	json_string(&json, "event", line->name);
	json_string(&json, "wall", wall);
	if (line->counted)
		json_number(&json, "lost", line->lost);
	else
		json_null(&json, "lost");
	json_string(&json, "errno",
		    known(event, EVENT, ERROR) ? strerrorname_np(event->error) : NULL);
	json_string(&json, "text", line->text);
	value_record_to_json(&json, RECORD_EVENT, &line->event, own);
	json_close(&json, '}');
}

static void print_processes(const struct event_record *event)
{
	if (known(event, EVENT, TO))
		printf(" to %" PRIu32, event->to);
	if (known(event, EVENT, FROM))
		printf(" from %" PRIu32, event->from);
	if (known(event, EVENT, CALLER))
		printf(" by %" PRIu32, event->caller);
}

static void print_counts(const struct event_record *event)
{
	char size[SIZE_TEXT], total[SIZE_TEXT];

	if (known(event, EVENT, AREAS))
		printf(", %" PRIu64 " area%s", event->areas, event->areas == 1 ? "" : "s");
	if (known(event, EVENT, CONTEXTS))
		printf(", %" PRIu32 " context%s", event->contexts, event->contexts == 1 ? "" : "s");
	if (known(event, EVENT, PINNED))
		printf(", %s pinned", size_format(size, event->pinned));
	if (known(event, EVENT, ADOPTED) && event->adopted)
		printf(", %" PRIu64 " adopted", event->adopted);
	if (known(event, EVENT, DONE) && known(event, EVENT, TOTAL))
		printf(", %s of %s compared", size_format(size, event->done),
		       size_format(total, event->total));
	if (known(event, EVENT, REASON))
		printf(", %s", event->reason);
	if (known(event, EVENT, ERROR))
		printf(", %s", strerrorname_np(event->error) ?: "unknown error");
}

static void print_text(const struct line *line)
{
	const struct event_record *event = &line->event.event;
	char wall[64];

	format_wall(event->time, wall, sizeof(wall));
	printf("%s %" PRIu64 ".%06" PRIu64, wall, (uint64_t)(event->time / SECOND),
	       (uint64_t)(event->time % SECOND / 1000));
	if (known(event, EVENT, SEQUENCE))
		printf(" #%" PRIu64, event->sequence);
	printf(" %s", line->name);
	if (line->counted)
		printf(", %" PRIu64 " event%s", line->lost, line->lost == 1 ? "" : "s");
	if (line->text)
		printf(", %s", line->text);
	print_processes(event);
	print_counts(event);
	putchar('\n');
}

static int print(const struct watch *watch, const struct line *line)
{
	if (watch->common.json)
		print_json(line);
	else
		print_text(line);
	return streams_flush() ? -EPIPE : 0;
}

/* NEWS */

/* Print a line that is no event of the module, with the present time. */
static int print_now(const struct watch *watch, struct line *line)
{
	const struct field *time = record_field(RECORD_EVENT, DMAOWN_A_EVENT_TIME);

	field_set_number(time, &line->event, now(CLOCK_BOOTTIME));
	return print(watch, line);
}

static int print_notice(const struct watch *watch, const char *name, const uint64_t *lost)
{
	struct line line = { .name = name, .lost = lost ? *lost : 0, .counted = lost };

	return print_now(watch, &line);
}

/* Report missing events. Sequence numbers begin at 1 when the module is loaded. */
static int print_gap(struct watch *watch, uint64_t sequence)
{
	uint64_t lost = 0;

	if (watch->next && sequence > watch->next)
		lost = sequence - watch->next;
	else if (watch->next && sequence < watch->next)
		lost = sequence - 1;
	watch->next = sequence + 1;
	return lost ? print_notice(watch, "lost", &lost) : 0;
}

static int print_event(struct watch *watch, const union record *record)
{
	const char *name = enum_name(TYPE_EVENT, record->event.event);
	struct line line = { .name = name ?: "unknown", .event = *record };

	return print_gap(watch, record->event.sequence) ?: print(watch, &line);
}

static int on_news(enum news news, const union record *record, void *data)
{
	struct watch *watch = data;

	switch (news) {
	case NEWS_SUBSCRIBED:
		return print_notice(watch, "subscribed", NULL);
	case NEWS_UNLOADED:
		/* Sequence numbers begin again when the module is loaded. */
		watch->next = 1;
		return print_notice(watch, "unloaded", NULL);
	case NEWS_OVERRUN:
		return print_notice(watch, "lost", NULL);
	case NEWS_EVENT:
		return print_event(watch, record);
	}
	return 0;
}

/* Print a line of the kernel log with the present time: the log's clock stops during suspend. */
static int on_kmsg(const char *text, void *data)
{
	struct line line = { .name = "layout", .text = text };

	return text ? print_now(data, &line) : print_notice(data, "lost", NULL);
}

/* THE COMMAND */

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

/*
 * Let signals arrive only while this process waits, never while it prints a line.
 * @mask: set to the signal mask for ppoll()
 */
static void block_signals(sigset_t *mask)
{
	static const int signals[] = { SIGINT, SIGTERM };
	struct sigaction action = { .sa_handler = end }, old;
	sigset_t blocked;
	size_t i;

	sigemptyset(&blocked);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaction(signals[i], NULL, &old);
		if (old.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &action, NULL);
		sigaddset(&blocked, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, mask);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigdelset(mask, signals[i]);
}

static int failed(int error)
{
	switch (error) {
	case -EPIPE:
		return EXIT_OTHER;
	case -EPERM:
		return not_allowed();
	case -ENOENT:
		if (!module_loaded())
			return module_missing();
		warnx("netlink: %s", netlink_channel.why(error));
		return EXIT_OTHER;
	default:
		warnx("netlink: %s", strerror(-error));
		return EXIT_OTHER;
	}
}

static int ignore(const union record *record, void *data)
{
	(void)record;
	(void)data;
	return 0;
}

/*
 * Check that this user may receive events: otherwise the kernel sends none, without an error. Read
 * a record, which needs the same privileges.
 */
static int check_allowed(const struct watch *watch)
{
	struct channel channel;
	int rc = channel_open_with(&channel, &netlink_channel, &watch->common.channel);

	if (rc)
		return rc;
	rc = channel_each(&channel, RECORD_STATUS, 0, ignore, NULL);
	channel_close(&channel);
	return rc;
}

/* Open the kernel log. Continue without it after a message. */
static int open_log(void)
{
	int fd = kmsg_open();

	if (fd < 0)
		warnx("cannot read /dev/kmsg: %s; reasons why the module cannot be loaded will be missing",
		      strerror(-fd));
	return fd;
}

/* Wait for news and print it. Return: 0, -EINTR after a signal, or another error. */
static int wait_for_news(struct watch *watch, struct events *events, const sigset_t *mask)
{
	struct pollfd polls[] = {
		{ .fd = events_fd(events), .events = POLLIN },
		{ .fd = watch->log, .events = POLLIN },
	};
	int rc = 0;

	if (ppoll(polls, 2, NULL, mask) < 0)
		return -errno;
	if (polls[0].revents)
		rc = events_read(events);
	if (!rc && polls[1].revents)
		rc = kmsg_read(watch->log, on_kmsg, watch);
	return rc;
}

static int follow(struct watch *watch, const sigset_t *mask)
{
	struct events events;
	int rc = events_open(&events, on_news, watch);

	if (rc)
		return rc;
	while (!ended && (!rc || rc == -EINTR))
		rc = wait_for_news(watch, &events, mask);
	events_close(&events);
	return rc;
}

int watch_main(int argc, char **argv, const struct channel_choice *channel)
{
	struct watch watch = { .common.channel = *channel };
	sigset_t mask;
	int rc;

	parse_command(&watch_argp, argc, argv, &watch);
	rc = check_allowed(&watch);
	if (rc)
		return failed(rc);
	block_signals(&mask);
	watch.log = open_log();
	rc = follow(&watch, &mask);
	if (watch.log >= 0)
		close(watch.log);
	return ended ? EXIT_DONE : failed(rc);
}
