// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl can-exit: find what would break if a process exited now */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel/device.h"
#include "command.h"
#include "exit_status.h"
#include "health/finding.h"
#include "health/mend.h"
#include "health/unknown.h"
#include "host/number_set.h"
#include "host/vfio.h"
#include "options.h"
#include "output/size.h"
#include "query/holding.h"
#include "query/leave.h"
#include "query/owner_areas.h"
#include "query/process.h"

struct leaving {
	struct common_options common;
	const char *text; /* the process, as the user names it */
	struct process_name name;

	struct channel *channel;
	struct process_ref process;
	struct leave_answer answer;
	bool locked; /* the answer is that something is locked */
	struct record_list holders, contexts;
	struct owner_areas_list owner_areas;
	struct number_set lost; /* contexts that would be lost */
	struct finding_list findings;
};

static error_t parse_can_exit(int key, char *arg, struct argp_state *state)
{
	struct leaving *leaving = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (leaving->text)
			usage_error(state, "unexpected argument '%s'", arg);
		leaving->text = arg;
		if (!process_parse(arg, &leaving->name) || !leaving->name.pid)
			usage_error(state, "not a PID or PID:INODE: '%s'", arg);
		return 0;
	case ARGP_KEY_END:
		if (!leaving->text)
			usage_error(state, "which process is to exit?");
		return 0;
	default:
		return parse_common(key, arg, state);
	}
}

static const struct argp can_exit_argp = {
	.options = json_options,
	.parser = parse_can_exit,
	.children = channel_children,
	.args_doc = "PID",
	.doc = "Show what would break if a process exited now, and what to do about it. Print "
	       "nothing if nothing would break.\v"
	       "PID may be PID:INODE of its pidfd.\n"
	       "Exit status: 0 nothing would break; 2 something would; 14 unknown, because not "
	       "everything could be inspected; 10 there is no such process; see dmaownctl(8).",
};

/* FINDINGS */

/* @device: as for holding_find() */
static struct holding find_files(const struct leaving *leaving, uint64_t context,
				 const char *device)
{
	const struct dmaown_process *process = &leaving->process.process;
	const struct holding_process self = { process->pid, process->start };

	return holding_find(&leaving->holders, context, device, self);
}

/*
 * @own: the best file of the process, or NULL if it has closed its files since the module was asked
 * @subject: "the device" or "the context"
 */
static void advise_passing(struct finding *finding, const struct holder_record *own,
			   const char *subject)
{
	if (!own)
		finding_advice(finding, "the process is closing its files: try again in a moment");
	else if (known(own, HOLDER, FD))
		finding_advice(finding,
			       "pass descriptor %" PRIu32 " of process %" PRIu32
			       " to the process that is to have %s",
			       own->fd, own->pid, subject);
	else
		finding_advice(finding,
			       "process %" PRIu32 " has only mapped it, at 0x%" PRIx64
			       ", and has no descriptor to pass on: let it live as long as %s is needed",
			       own->pid, own->addr, subject);
}

static void set_process(const struct leaving *leaving, struct finding *finding)
{
	value_set_number(&finding->pid, VALUE_NUMBER, leaving->process.process.pid);
	value_set_number(&finding->owner, VALUE_HEX, leaving->process.owner);
}

static bool is_group(const char *device)
{
	struct vfio_name name;

	return vfio_name_parse(device, &name) && name.by == VFIO_GROUP;
}

/* A group that is reported comes with the loss of its container, which is a report of its own. */
static void add_reset(struct leaving *leaving, const struct dmaown_report *report)
{
	struct finding *finding;

	if (is_group(report->device))
		return;
	finding = finding_add(&leaving->findings, FOUND_RESET,
			      "device %s in context 0x%" PRIx64 ": no other process holds its file",
			      report->device, (uint64_t)report->context);
	advise_passing(finding, find_files(leaving, report->context, report->device).own,
		       "the device");
	set_process(leaving, finding);
	value_set_number(&finding->context, VALUE_HEX, report->context);
	value_give_text(&finding->device, strdup(report->device));
}

/* Return: the record of a context, or NULL if it is gone. */
static const union record *find_context(const struct leaving *leaving, uint64_t context)
{
	const struct record_range range = record_list_range(&leaving->contexts, context);

	return range.nr ? record_range_at(&range, 0) : NULL;
}

static void set_content(struct finding *finding, const union record *record)
{
	value_set_field(&finding->areas, record_field(RECORD_CONTEXT, DMAOWN_A_CONTEXT_AREAS),
			record);
	value_set_field(&finding->pinned, record_field(RECORD_CONTEXT, DMAOWN_A_CONTEXT_PINNED),
			record);
}

static void add_loss(struct leaving *leaving, const struct dmaown_report *report)
{
	const char *file = *report->device ? report->device : NULL;
	const union record *record = find_context(leaving, report->context);
	struct finding *finding;

	if (file)
		finding = finding_add(&leaving->findings, FOUND_LOST,
				      "context 0x%" PRIx64
				      ": no other process holds %s, nor another group or device in "
				      "it, and with its last group it loses all that is mapped",
				      (uint64_t)report->context, file);
	else
		finding = finding_add(&leaving->findings, FOUND_LOST,
				      "context 0x%" PRIx64 ": no other process holds it",
				      (uint64_t)report->context);
	advise_passing(finding, find_files(leaving, report->context, file).own, "the context");
	set_process(leaving, finding);
	value_set_number(&finding->context, VALUE_HEX, report->context);
	if (record)
		set_content(finding, record);
}

/* Add what the module has reported, except what is not known. */
static void add_reports(struct leaving *leaving)
{
	const struct dmaown_report *report = leaving->answer.reports;
	uint32_t i;

	for (i = 0; i < leaving->answer.nr; i++)
		if (report[i].reason == DMAOWN_REASON_WOULD_RESET)
			add_reset(leaving, &report[i]);
	for (i = 0; i < leaving->answer.nr; i++) {
		if (report[i].reason != DMAOWN_REASON_WOULD_LOSE)
			continue;
		add_loss(leaving, &report[i]);
		if (number_set_add(&leaving->lost, report[i].context) < 0)
			err(EXIT_OTHER, "contexts");
	}
}

/* Is the context lost, or may it be? */
static bool may_be_lost(const struct leaving *leaving, uint64_t context)
{
	struct holding files;

	if (number_set_has(&leaving->lost, context))
		return true;
	files = find_files(leaving, context, NULL);
	return leaving->locked && files.own && !files.other;
}

/* Sum what the process owns in a context, over all IOASes. */
static struct owner_areas sum_owned(const struct leaving *leaving, uint64_t context)
{
	const struct owner_areas *items, *owned;
	struct owner_areas sum = { 0 };
	size_t i, nr;

	items = owner_areas_near(&leaving->owner_areas, context, &nr);
	for (i = 0; i < nr; i++) {
		owned = &items[i];
		if (owned->area.context != context || owned->area.owner != leaving->process.owner)
			continue;
		sum.areas += owned->areas;
		sum.pinned += owned->pinned;
	}
	return sum;
}

static void advise_transfer(const struct leaving *leaving, struct finding *finding,
			    uint64_t context)
{
	const struct mend mend = {
		.channel = leaving->channel,
		.holders = &leaving->holders,
		.owner_areas = &leaving->owner_areas,
		.context = context,
		.from = leaving->process,
		.from_text = leaving->text,
	};

	mend_find(&mend, finding);
}

static void find_mischarged_in(struct leaving *leaving, const struct context_record *record)
{
	uint64_t context = record->context;
	struct owner_areas sum = sum_owned(leaving, context);
	struct finding *finding;
	char size[SIZE_TEXT];

	/* In a context that is lost nothing stays charged. */
	if (!sum.areas || may_be_lost(leaving, context))
		return;
	finding = finding_add(&leaving->findings, FOUND_MISCHARGED,
			      "%" PRIu64 " area%s in context 0x%" PRIx64 ", %s pinned: owned by "
			      "process %" PRIu32 ", while others hold the context",
			      sum.areas, sum.areas == 1 ? "" : "s", context,
			      size_format(size, sum.pinned), leaving->process.process.pid);
	advise_transfer(leaving, finding, context);
	set_process(leaving, finding);
	value_set_number(&finding->context, VALUE_HEX, context);
	value_set_number(&finding->areas, VALUE_NUMBER, sum.areas);
	value_set_number(&finding->pinned, VALUE_SIZE, sum.pinned);
}

/*
 * The listings show more than the module was asked: an unknown holder of a device in any context
 * may depend on the process.
 */
static int find_unknown(struct leaving *leaving)
{
	int rc;

	if (leaving->owner_areas.busy)
		finding_add(&leaving->findings, FOUND_UNKNOWN,
			    "%" PRIu32
			    " IOAS%s locked by another thread: the owners of its areas are unknown",
			    leaving->owner_areas.busy,
			    leaving->owner_areas.busy > 1 ? "es are" : " is");
	rc = findings_add_unknown(&leaving->findings, leaving->channel, &leaving->holders);
	if (!rc)
		findings_add_reports(&leaving->findings, leaving->answer.reports,
				     leaving->answer.nr);
	if (leaving->answer.total > leaving->answer.nr)
		finding_add(&leaving->findings, FOUND_UNKNOWN,
			    "%" PRIu32 " more reports of the module than there is room for",
			    leaving->answer.total - leaving->answer.nr);
	return rc;
}

static int find_all(struct leaving *leaving)
{
	size_t i;

	add_reports(leaving);
	for (i = 0; i < leaving->contexts.nr; i++)
		find_mischarged_in(leaving, &leaving->contexts.items[i].context);
	return find_unknown(leaving);
}

/* THE COMMAND */

static int no_process(const struct leaving *leaving)
{
	warnx("there is no process %s", leaving->text);
	return EXIT_NO_PROCESS;
}

/* Ask the module. Return: 0, or an exit status after a message. */
static int ask(struct leaving *leaving, int device)
{
	int error = leave_ask(device, &leaving->process.process, &leaving->answer);

	leaving->locked = error == EBUSY;
	if (!error || error == EXDEV || error == EBUSY)
		return 0;
	if (error == ESRCH)
		return no_process(leaving);
	warnx("cannot find out what would break: %s", strerror(error));
	return exit_of_errno(error);
}

static int ask_about_process(struct leaving *leaving)
{
	int device;
	int rc = device_open(&device);

	if (rc)
		return rc;
	rc = process_find(device, leaving->channel, leaving->text, &leaving->name,
			  &leaving->process);
	if (!rc)
		rc = ask(leaving, device);
	else if (rc == -ESRCH)
		rc = no_process(leaving);
	close(device);
	return rc;
}

static int collect(struct leaving *leaving)
{
	const struct channel_part parts[] = {
		{ RECORD_HOLDER, &leaving->holders },
		{ RECORD_CONTEXT, &leaving->contexts },
	};
	int rc =
		channel_collect_parts(leaving->channel, 0, parts, sizeof(parts) / sizeof(parts[0]));

	if (rc)
		return rc;
	rc = owner_areas_collect(leaving->channel, 0, &leaving->owner_areas);
	return rc ? channel_failed(leaving->channel, RECORD_AREA, rc) : 0;
}

static void print_json(const struct leaving *leaving)
{
	struct json json = { .out = stdout };

	json_open(&json, NULL, '{');
	json_open(&json, "can_exit", '{');
	json_number(&json, "pid", leaving->process.process.pid);
	json_hex(&json, "owner", leaving->process.owner);
	json_bool(&json, "ok", !leaving->findings.nr);
	findings_to_json(&leaving->findings, &json);
	json_close(&json, '}');
	json_close(&json, '}');
}

static int look(struct channel *channel, void *data)
{
	struct leaving *leaving = data;
	int rc;

	leaving->channel = channel;
	rc = ask_about_process(leaving) ?: collect(leaving) ?: find_all(leaving);
	if (rc)
		return rc;
	if (leaving->common.json)
		print_json(leaving);
	else
		findings_print(&leaving->findings);
	return findings_status(&leaving->findings);
}

int can_exit_main(int argc, char **argv, const struct channel_choice *channel)
{
	struct leaving leaving = { .common.channel = *channel };
	int rc;

	parse_command(&can_exit_argp, argc, argv, &leaving);
	rc = channel_run(&leaving.common.channel, look, &leaving);
	findings_free(&leaving.findings);
	number_set_free(&leaving.lost);
	owner_areas_free(&leaving.owner_areas);
	record_list_free(&leaving.holders);
	leave_free(&leaving.answer);
	record_list_free(&leaving.contexts);
	return rc;
}
