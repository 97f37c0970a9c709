// SPDX-License-Identifier: GPL-2.0-only
/* dmaownctl can-exit: what would break if a process exited now */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "device.h"
#include "exits.h"
#include "finding.h"
#include "holding.h"
#include "options.h"
#include "process.h"
#include "shares.h"
#include "size.h"

struct leaving {
	struct channel_choice choice;
	const char *text;		/* the process, as it was named */
	struct process_name name;
	bool json;

	struct channel channel;
	struct process_ref process;
	struct record_list holders, devices, contexts;
	struct share_list shares;
	struct finding_list findings;
};

static const struct argp_option can_exit_options[] = {
	{ "json", 'J', NULL, 0, "Write JSON", 0 },
	{ 0 }
};

static error_t parse_can_exit(int key, char *arg, struct argp_state *state)
{
	struct leaving *leaving = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &leaving->choice;
		return 0;
	case 'J':
		leaving->json = true;
		return 0;
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
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child can_exit_children[] = { { &channel_argp, 0, NULL, 0 }, { 0 } };

static const struct argp can_exit_argp = {
	.options = can_exit_options,
	.parser = parse_can_exit,
	.children = can_exit_children,
	.args_doc = "PID",
	.doc = "Show what would break if a process exited now, and what to do about it; nothing if "
	       "nothing would.\v"
	       "PID may be PID:INODE of its pidfd.\n"
	       "Exit status: 0 nothing would break; 2 something would; 14 unknown, for something was "
	       "locked; 10 there is no such process; see dmaownctl(8).",
};

/* WHAT WOULD BREAK */

/* Of a context; or of the file of a device in it. */
static struct holding find_holding(const struct leaving *leaving, uint64_t context,
				   const char *device)
{
	const struct dmaown_process *process = &leaving->process.process;

	return holding_find(&leaving->holders, context, device,
			    (struct holding_process){ process->pid, process->start });
}

static void set_process(const struct leaving *leaving, struct finding *finding)
{
	cell_set_number(&finding->pid, CELL_NUMBER, leaving->process.process.pid);
	cell_set_number(&finding->owner, CELL_HEX, leaving->process.owner);
}

static void find_resets(struct leaving *leaving)
{
	const struct device_record *device;
	struct finding *finding;
	struct holding holding;
	size_t i;

	for (i = 0; i < leaving->devices.nr; i++) {
		device = &leaving->devices.items[i].device;
		holding = find_holding(leaving, device->context, device->device);
		if (!holding.own || holding.other)
			continue;
		finding = finding_add(&leaving->findings, FOUND_RESET,
				      "device %s in context 0x%" PRIx64 ": nobody else has its file open",
				      device->device, device->context);
		finding_advice(finding, "pass descriptor %" PRIu32 " of process %" PRIu32
			       " to the process that is to have the device",
			       holding.own->fd, holding.own->pid);
		set_process(leaving, finding);
		cell_set_number(&finding->context, CELL_HEX, device->context);
		cell_give_text(&finding->device, strdup(device->device));
	}
}

static void find_losses(struct leaving *leaving)
{
	const struct context_record *context;
	struct finding *finding;
	struct holding holding;
	size_t i;

	for (i = 0; i < leaving->contexts.nr; i++) {
		context = &leaving->contexts.items[i].context;
		holding = find_holding(leaving, context->context, NULL);
		if (!holding.own || holding.other)
			continue;
		finding = finding_add(&leaving->findings, FOUND_LOST,
				      "context 0x%" PRIx64 ": nobody else holds it",
				      context->context);
		finding_advice(finding, "pass descriptor %" PRIu32 " of process %" PRIu32
			       " to the process that is to have the context",
			       holding.own->fd, holding.own->pid);
		set_process(leaving, finding);
		cell_set_number(&finding->context, CELL_HEX, context->context);
		cell_set_field(&finding->areas,
			       record_field(RECORD_CONTEXT, DMAOWN_A_CONTEXT_AREAS),
			       &leaving->contexts.items[i]);
		cell_set_field(&finding->pinned,
			       record_field(RECORD_CONTEXT, DMAOWN_A_CONTEXT_PINNED),
			       &leaving->contexts.items[i]);
	}
}

/* What it owns in a context, over all IOASes. */
static struct share sum_shares(const struct leaving *leaving, uint64_t context)
{
	const struct share *share;
	struct share sum = { 0 };
	size_t i;

	for (i = 0; i < leaving->shares.nr; i++) {
		share = &leaving->shares.items[i];
		if (share->area.context != context || share->area.owner != leaving->process.owner)
			continue;
		sum.areas += share->areas;
		sum.pinned += share->pinned;
		if (share->by_address && share->area.state == DMAOWN_STATE_STALE)
			sum.by_address = true;
	}
	return sum;
}

static void advise_transfer(const struct leaving *leaving, struct finding *finding,
			    uint64_t context, const struct holder_record *other, bool adopt)
{
	if (other && known(other, HOLDER, PID))
		finding_command(finding, "dmaownctl transfer --to %" PRIu32 " --from %s"
				CONTEXT_OPTION "%s", other->pid, leaving->text, context,
				adopt ? " --adopt" : "");
	else if (other)
		finding_advice(finding, "its other holder has no number in this PID namespace; "
			       "look for it in the initial one (nsenter -t 1 -p -m)");
	else
		finding_advice(finding, "whoever holds it is not seen; pass the context to a process, "
			       "and make that the owner");
}

static void find_mischarged_in(struct leaving *leaving, uint64_t context)
{
	struct holding holding = find_holding(leaving, context, NULL);
	struct share sum = sum_shares(leaving, context);
	struct finding *finding;
	char size[SIZE_TEXT];

	/* What only it holds is lost with it, and uncharged. */
	if (!sum.areas || (holding.own && !holding.other))
		return;
	finding = finding_add(&leaving->findings, FOUND_MISCHARGED,
			      "%" PRIu64 " area%s in context 0x%" PRIx64 ", %s pinned: owned by "
			      "process %" PRIu32 ", while others hold the context", sum.areas,
			      sum.areas == 1 ? "" : "s", context, size_format(size, sum.pinned),
			      leaving->process.process.pid);
	advise_transfer(leaving, finding, context, holding.other, sum.by_address);
	set_process(leaving, finding);
	cell_set_number(&finding->context, CELL_HEX, context);
	cell_set_number(&finding->areas, CELL_NUMBER, sum.areas);
	cell_set_number(&finding->pinned, CELL_SIZE, sum.pinned);
}

static void find_unknown(struct leaving *leaving)
{
	findings_add_locked(&leaving->findings, &leaving->holders);
	if (leaving->shares.busy)
		finding_add(&leaving->findings, FOUND_UNKNOWN,
			    "%" PRIu32 " IOAS%s locked by another thread: who owns what there is not known",
			    leaving->shares.busy, leaving->shares.busy > 1 ? "es are" : " is");
}

static void find_all(struct leaving *leaving)
{
	size_t i;

	find_resets(leaving);
	find_losses(leaving);
	for (i = 0; i < leaving->contexts.nr; i++)
		find_mischarged_in(leaving, leaving->contexts.items[i].context.context);
	find_unknown(leaving);
}

/* THE COMMAND */

static int find_process(struct leaving *leaving)
{
	int device;
	int rc = device_open(&device);

	if (rc)
		return rc;
	rc = process_find(device, &leaving->channel, leaving->text, &leaving->name,
			  &leaving->process);
	close(device);
	if (rc != -ESRCH)
		return rc;
	warnx("there is no process %s", leaving->text);
	return EXIT_NO_PROCESS;
}

static int collect(struct leaving *leaving)
{
	struct { enum record_kind kind; struct record_list *list; } parts[] = {
		{ RECORD_HOLDER, &leaving->holders },
		{ RECORD_DEVICE, &leaving->devices },
		{ RECORD_CONTEXT, &leaving->contexts },
	};
	size_t i;
	int rc;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		rc = channel_collect(&leaving->channel, parts[i].kind, 0, parts[i].list);
		if (rc)
			return channel_failed(&leaving->channel, parts[i].kind, rc);
	}
	rc = shares_collect(&leaving->channel, 0, &leaving->shares);
	return rc ? channel_failed(&leaving->channel, RECORD_AREA, rc) : 0;
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

static int look(struct leaving *leaving)
{
	int rc = find_process(leaving) ?: collect(leaving);

	if (rc)
		return rc;
	find_all(leaving);
	if (leaving->json)
		print_json(leaving);
	else
		findings_print(&leaving->findings);
	if (ferror(stdout) || fflush(stdout)) {
		warn("cannot write");
		return EXIT_OTHER;
	}
	return findings_status(&leaving->findings);
}

int can_exit_main(int argc, char **argv, const struct channel_choice *channel)
{
	struct leaving leaving = { .choice = *channel };
	int rc;

	parse_command(&can_exit_argp, argc, argv, &leaving);
	rc = channel_open(&leaving.channel, &leaving.choice);
	if (rc)
		return rc;
	rc = look(&leaving);
	findings_free(&leaving.findings);
	shares_free(&leaving.shares);
	record_list_free(&leaving.holders);
	record_list_free(&leaving.devices);
	record_list_free(&leaving.contexts);
	channel_close(&leaving.channel);
	return rc;
}
