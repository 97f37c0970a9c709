// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "back.h"
#include "handover.h"
#include "host/clock.h"
#include "output/size.h"
#include "say.h"
#include "transfer/call.h"
#include "transfer/print.h"
#include "transfer/remap_auto.h"

#define LEFT_NOTHING "nothing is left to hold: the memory has another owner now, or is unmapped"

/* Timeout of the module for what is locked or in flux, in each attempt. */
#define ATTEMPT_MS 1000

static const struct process_ref *receiver(const struct hold *hold)
{
	return hold->to_text ? &hold->to : &hold->pid;
}

/* Is nobody left to hand back to? */
static bool is_lost(const struct back *back)
{
	return back->gone && !back->hold->to_text;
}

/* CONTEXTS */

struct look {
	const struct hold *hold;
	bool owned;
	bool taken_back;
};

static int see_area(const union record *record, void *data)
{
	const struct area_record *area = &record->area;
	struct look *look = data;
	bool ours = area->owner == look->hold->self.owner;

	look->owned = look->owned || ours || (known(area, AREA, BUSY) && area->busy);
	look->taken_back = look->taken_back || (ours && area->invalid);
	return look->owned && look->taken_back;
}

/*
 * Find the contexts in which this process owns areas. A transfer that names them cannot leave out
 * a context that the receiver does not hold. A context that cannot be listed counts as owned.
 */
static void update_contexts(struct hold *hold)
{
	struct look look;
	size_t i;

	hold->taken_back = false;
	for (i = 0; i < hold->nr_contexts; i++) {
		look = (struct look){ .hold = hold };
		if (channel_each(&hold->channel, RECORD_AREA, hold->contexts[i].id, see_area,
				 &look) < 0)
			look.owned = true;
		hold->contexts[i].owned = look.owned;
		hold->taken_back = hold->taken_back || look.taken_back;
	}
}

bool back_owns_nothing(struct back *back)
{
	struct hold *hold = back->hold;
	size_t i;

	update_contexts(hold);
	for (i = 0; i < hold->nr_contexts; i++)
		if (hold->contexts[i].owned)
			return false;
	hold_say(hold, LEFT_NOTHING);
	return true;
}

/* THE COMMAND THAT DOES IT BY HAND */

static void put_forces(FILE *out, const struct hold *hold)
{
	const struct force *force;
	size_t i;

	if (hold->taken_back && !force_has(&hold->forces, DMAOWN_REASON_TAKEN_BACK))
		force_put(out, DMAOWN_REASON_TAKEN_BACK, NULL);
	for (i = 0; i < hold->forces.nr; i++) {
		force = &hold->forces.items[i];
		force_put(out, force->reason, force->name);
	}
}

/* Return: the text, which the caller frees; or NULL without memory. */
static char *format_command(const struct back *back)
{
	const struct hold *hold = back->hold;
	char *text = NULL;
	size_t length, i;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	fputs("dmaownctl transfer --to ", out);
	if (is_lost(back))
		fputs("PID", out);
	else
		fprintf(out, "%" PRIu32, receiver(hold)->process.pid);
	fprintf(out, " --from %" PRIu32, hold->self.process.pid);
	for (i = 0; i < hold->nr_contexts; i++)
		if (hold->contexts[i].owned)
			fprintf(out, " --context %s", hold->contexts[i].text);
	fputs(" --remap auto", out);
	put_forces(out, hold);
	fclose(out);
	return text;
}

static void print_command(const struct back *back)
{
	uint32_t self = back->hold->self.process.pid;
	char *text;

	update_contexts(back->hold);
	text = format_command(back);
	if (!text)
		return;
	warnx("process %" PRIu32 " stays the owner, and keeps memory and descriptors", self);
	if (!is_lost(back))
		warnx("to let it try again: kill -HUP %" PRIu32, self);
	warnx("to do it by hand: %s", text);
	free(text);
}

/* HANDING BACK */

/*
 * Must the program first register the addresses that it has taken back? This process must not be
 * faster: the registration would fail, and the program would abort. The registration makes the
 * program the owner.
 */
static bool must_wait(struct back *back)
{
	const struct hold *hold = back->hold;

	if (!hold->taken_back || force_has(&hold->forces, DMAOWN_REASON_TAKEN_BACK))
		return false;
	if (!back->told)
		hold_say(hold,
			 "process %" PRIu32
			 " has taken addresses back: waiting until it gives new ones",
			 receiver(hold)->process.pid);
	back->told = true;
	back->deadline = monotonic_ms() + hold->timeout_ms;
	return true;
}

static void name_contexts(const struct hold *hold, struct handover *handover)
{
	struct transfer_request *request = &handover->request;
	struct transfer_scope *scope = &handover->scope;
	const struct hold_context *context;
	size_t i;

	for (i = 0; i < hold->nr_contexts; i++) {
		context = &hold->contexts[i];
		if (!context->owned)
			continue;
		request->contexts[request->nr_contexts++] = context->text;
		scope->files[scope->nr_files++] = (struct dmaown_file){
			.fd = context->fd,
			.context = context->id,
		};
	}
}

/* For --remap auto: the receiver is likely to have memory where the process had it. */
static uint64_t translate(uint64_t addr, const void *data)
{
	return mirror_there(data, addr);
}

/* Return: 0; ENOENT if nothing is left to hand back; or another errno. */
static int transfer_back(const struct hold *hold, struct handover *handover)
{
	struct transfer_request *request = &handover->request;
	struct transfer_scope *scope = &handover->scope;
	struct transfer_result *result = &handover->result;

	name_contexts(hold, handover);
	if (!request->nr_contexts) {
		hold_say(hold, LEFT_NOTHING);
		return ENOENT;
	}
	request->timeout_ms = ATTEMPT_MS;
	request->translate = translate;
	request->translate_data = &hold->memory;
	if (remap_auto(request, scope, result)) {
		remap_auto_print(result);
		return result->error;
	}
	result->error = transfer_call(request, scope, 0, result);
	return result->error;
}

static void say_success(const struct hold *hold, const struct handover *handover)
{
	const struct dmaown_transfer *answer = &handover->result.answer;
	char size[SIZE_TEXT];

	hold_say(hold, "handed %" PRIu64 " area%s %s process %" PRIu32 ", %s pinned",
		 (uint64_t)answer->areas, answer->areas == 1 ? "" : "s",
		 hold->to_text ? "over to" : "back to", handover->scope.to.process.pid,
		 size_format(size, answer->pinned));
}

static void stop_trying(struct back *back)
{
	back->trying = false;
	print_command(back);
}

bool back_try(struct back *back)
{
	struct hold *hold = back->hold;
	struct handover handover;
	int error;

	update_contexts(hold);
	if (must_wait(back))
		return false;
	if (handover_make(&handover, hold, receiver(hold), &hold->self)) {
		stop_trying(back);
		return false;
	}
	error = transfer_back(hold, &handover);
	if (!error && handover.result.answer.areas)
		say_success(hold, &handover);
	/* A failure without reports does not go away by itself. */
	if (error && error != ENOENT &&
	    (monotonic_ms() >= back->deadline || !handover.result.answer.nr_reports)) {
		transfer_print(&handover.request, &handover.scope.to, &handover.result);
		stop_trying(back);
	}
	handover_free(&handover);
	return !error || error == ENOENT;
}

void back_begin(struct back *back)
{
	if (is_lost(back)) {
		print_command(back);
		return;
	}
	back->trying = true;
	back->told = false;
	back->deadline = monotonic_ms() + back->hold->timeout_ms;
}

void back_see_exit(struct back *back)
{
	back->gone = true;
	if (!is_lost(back))
		return;
	back->trying = false;
	warnx("process %" PRIu32 " has exited: nothing can be handed back to it",
	      back->hold->pid.process.pid);
	print_command(back);
}
