// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "host/array.h"
#include "host/hash.h"
#include "host/maps.h"
#include "mend.h"
#include "query/holding.h"
#include "query/limit.h"
#include "transfer/trial.h"

/* The distance of a candidate from becoming the owner, the shortest first. */
enum distance {
	LACKS_LITTLE, /* a limit, a descriptor, or a retry */
	LACKS_MEMORY,
	LACKS_ORIGIN,  /* the process does not map the file of the areas */
	LACKS_MAPPING, /* --remap auto finds nothing */
	LACKS_PROOF,   /* the owner is gone, and the form is for a live one */
};

/* Enough to find a successor among helper processes. Each candidate takes a few dry runs. */
#define MAX_CANDIDATES 16

/* A file that areas are mapped from: device and inode as in /proc/PID/maps. */
struct origin {
	uint64_t device;
	uint64_t inode;
	unsigned int seen; /* the last of the looks at mappings that has found it */
};

/* The areas of the owner, and the processes that could take them. */
struct attempt {
	const struct mend *mend;
	int device;
	bool live; /* some areas are mapped by address, by a live owner */
	bool gone; /* some areas are, by a dead or stale owner */
	bool dead; /* the owner is dead */
	struct origin *origins;
	size_t nr_origins;
	size_t room_origins;
	struct hash_index origin_index;
	unsigned int looks; /* at the mappings of candidates */
	bool nameless;	    /* a file is not known */
	const struct holder_record *candidates[MAX_CANDIDATES];
	size_t nr;
	bool hidden; /* a holder has no PID in this PID namespace */

	/* the refusal that is closest to success, and its candidate */
	struct trial best;
	const struct holder_record *best_to;
	enum distance best_distance;
};

/* The options of a transfer that are tried in turn. */
static const struct form {
	const char *options;
	bool adopt;
	bool remap_auto;
} forms[] = {
	{ .options = "" },
	{ .options = " --adopt", .adopt = true },
	{ .options = " --remap auto", .remap_auto = true },
};

/* AREAS OF THE OWNER */

static void sum_up(struct attempt *attempt)
{
	const struct mend *mend = attempt->mend;
	const struct owner_areas *items, *owned;
	size_t i, nr;

	items = owner_areas_near(mend->owner_areas, mend->context, &nr);
	for (i = 0; i < nr; i++) {
		owned = &items[i];
		if (owned->area.context != mend->context || owned->area.owner != mend->from.owner)
			continue;
		if (owned->area.state == DMAOWN_STATE_DEAD)
			attempt->dead = true;
		if (owned->by_address && owned->area.state == DMAOWN_STATE_LIVE)
			attempt->live = true;
		else if (owned->by_address)
			attempt->gone = true;
	}
}

static struct origin *find_origin(const struct attempt *attempt, uint64_t device, uint64_t inode)
{
	struct origin *origin;
	size_t at = 0, n;

	while (hash_index_next(&attempt->origin_index, HASH(device, inode), &at, &n)) {
		origin = &attempt->origins[n];
		if (origin->device == device && origin->inode == inode)
			return origin;
	}
	return NULL;
}

static int see_area(const union record *record, void *data)
{
	const struct area_record *area = &record->area;
	struct attempt *attempt = data;
	struct origin origin;

	if (area->owner != attempt->mend->from.owner || area->source != DMAOWN_SOURCE_FILE)
		return 0;
	if (!known(area, AREA, FILE_MAJOR) || !known(area, AREA, FILE_MINOR) ||
	    !known(area, AREA, FILE_INODE)) {
		attempt->nameless = true;
		return 0;
	}
	origin = (struct origin){
		.device = makedev(area->file_major, area->file_minor),
		.inode = area->file_inode,
	};
	if (find_origin(attempt, origin.device, origin.inode))
		return 0;
	if (!array_grow((void **)&attempt->origins, &attempt->room_origins, attempt->nr_origins + 1,
			sizeof(*attempt->origins)) ||
	    !hash_index_add(&attempt->origin_index, HASH(origin.device, origin.inode),
			    attempt->nr_origins))
		return -ENOMEM;
	attempt->origins[attempt->nr_origins++] = origin;
	return 0;
}

/* An area that is listed twice does no harm: each file is recorded once. */
static void find_origins(struct attempt *attempt)
{
	struct channel channel = *attempt->mend->channel;
	int rc = channel_search(&channel, RECORD_AREA, attempt->mend->context, see_area, attempt);

	if (rc < 0)
		attempt->nameless = true;
}

/* Return: the number of the origins that the mappings show. */
static size_t count_origins(struct attempt *attempt, const struct maps *maps)
{
	struct origin *origin;
	size_t i, nr = 0;

	attempt->looks++;
	for (i = 0; i < maps->nr; i++) {
		origin = find_origin(attempt, maps->items[i].device, maps->items[i].inode);
		if (!origin || origin->seen == attempt->looks)
			continue;
		origin->seen = attempt->looks;
		nr++;
	}
	return nr;
}

/* Areas by file would move to any process: only one that maps all these files is a candidate. */
static bool maps_all_origins(struct attempt *attempt, uint32_t pid)
{
	struct maps maps = { 0 };
	bool all;

	if (!attempt->nr_origins && !attempt->nameless)
		return true;
	all = !attempt->nameless && !maps_read(&maps, pid) &&
	      count_origins(attempt, &maps) == attempt->nr_origins;
	maps_free(&maps);
	return all;
}

/* CANDIDATES */

static bool is_owner(const struct attempt *attempt, const struct holder_record *holder)
{
	const struct dmaown_process *from = &attempt->mend->from.process;

	return !attempt->dead &&
	       holder_is_of(holder, (struct holding_process){ from->pid, from->start });
}

static bool is_candidate(const struct attempt *attempt, const struct holder_record *holder)
{
	size_t i;

	for (i = 0; i < attempt->nr; i++)
		if (holder_is_of(holder, (struct holding_process){ attempt->candidates[i]->pid,
								   attempt->candidates[i]->start }))
			return true;
	return false;
}

/* Add the owner itself, or the other holders: each process once. */
static void add_candidates(struct attempt *attempt, bool itself)
{
	const struct record_range holders =
		record_list_range(attempt->mend->holders, attempt->mend->context);
	const struct holder_record *holder;
	size_t i;

	for (i = 0; i < holders.nr && attempt->nr < MAX_CANDIDATES; i++) {
		holder = &record_range_at(&holders, i)->holder;
		if (holder_is_unknown(holder))
			continue;
		if (!known(holder, HOLDER, PID))
			attempt->hidden = true;
		else if (is_owner(attempt, holder) == itself && !is_candidate(attempt, holder))
			attempt->candidates[attempt->nr++] = holder;
	}
}

/* DRY RUNS */

static enum distance distance_of(const struct trial *trial)
{
	switch (trial->report.reason ? trial->report.error : (uint32_t)trial->error) {
	case ESRCH:
		return LACKS_PROOF;
	case EINVAL:
		return LACKS_MAPPING;
	case ENXIO:
		return LACKS_MEMORY;
	default:
		return LACKS_LITTLE;
	}
}

static void keep_best(struct attempt *attempt, const struct holder_record *to, struct trial *trial,
		      enum distance distance)
{
	if (attempt->best_to && attempt->best_distance <= distance) {
		trial_free(trial);
		return;
	}
	trial_free(&attempt->best);
	attempt->best = *trial;
	attempt->best_to = to;
	attempt->best_distance = distance;
}

static bool try_form(struct attempt *attempt, const struct holder_record *to,
		     const struct process_ref *ref, const struct form *form)
{
	const struct mend *mend = attempt->mend;
	const struct holding_process nobody = { 0 };
	const struct holder_record *file =
		holding_find(mend->holders, mend->context, NULL, nobody).other;
	struct trial trial = {
		.channel = mend->channel,
		.device = attempt->device,
		.file = holder_file(file),
		.to = *ref,
		.from = mend->from,
		.adopt = form->adopt,
		.remap_auto = form->remap_auto,
	};

	if (!trial_run(&trial))
		return true;
	keep_best(attempt, to, &trial, distance_of(&trial));
	return false;
}

/* Return: the form that works, or NULL. */
static const struct form *try_forms(struct attempt *attempt, const struct holder_record *to)
{
	struct process_ref ref = { .process = { .pid = to->pid, .start = to->start } };
	struct trial none = { 0 };
	size_t i;

	if (process_ask(attempt->device, &ref))
		return NULL;
	if (!is_owner(attempt, to) && !maps_all_origins(attempt, to->pid)) {
		keep_best(attempt, to, &none, LACKS_ORIGIN);
		return NULL;
	}
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if ((forms[i].adopt && !attempt->gone) || (forms[i].remap_auto && !attempt->live))
			continue;
		if (try_form(attempt, to, &ref, &forms[i]))
			return &forms[i];
	}
	return NULL;
}

/* ADVICE */

static void advise_room(const struct attempt *attempt, struct finding *finding)
{
	char *command = limit_command(attempt->best_to->pid, attempt->best.needed);

	finding_advice(finding,
		       "process %" PRIu32 " could be made the owner, but its limit is too low: "
		       "raise it first, with: %s",
		       attempt->best_to->pid, command ?: "prlimit");
	free(command);
}

/* Has any process a descriptor of the device in the report? A mapping cannot be passed on. */
static bool can_pass_device(const struct attempt *attempt)
{
	const struct record_list *holders = attempt->mend->holders;
	const struct holder_record *holder;
	size_t i;

	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (holder_has_device(holder, attempt->best.report.device) &&
		    known(holder, HOLDER, FD))
			return true;
	}
	return false;
}

/* Return: the next step towards making the best candidate the owner. */
static const char *next_step(const struct attempt *attempt)
{
	bool memory = attempt->best_distance != LACKS_LITTLE;

	if (attempt->best.report.reason == DMAOWN_REASON_NOT_PINNED)
		return "let a holder of the context unmap the area and map it again";
	if (attempt->best.report.reason == DMAOWN_REASON_TAKEN_BACK)
		return "wait until the program gives new addresses, which makes it the owner";
	if (memory && attempt->dead && attempt->nr > 1)
		return "let the process that is to take over map the memory; or end the processes "
		       "that hold the context, or let them close its files";
	if (memory && attempt->dead)
		return "let the process that is to take over map the memory; or end this one, or "
		       "let it close its files of the context";
	if (memory)
		return "let the process that is to take over hold the context and map the same "
		       "memory, shared";
	switch (attempt->best.report.reason) {
	case DMAOWN_REASON_WOULD_RESET:
		if (can_pass_device(attempt))
			return "pass the device's descriptor to it";
		return "no process has a descriptor of the device to pass on: let the process that "
		       "has mapped it live as long as the device is needed";
	case DMAOWN_REASON_UNTRUSTED:
		return "let that process close its files of the context";
	case DMAOWN_REASON_UNKNOWN_HOLDER:
		return UNKNOWN_WAY_OUT;
	case DMAOWN_REASON_UNSEEN:
		return "build the module for this kernel, and load it again";
	default:
		return "try again in a moment";
	}
}

static void advise_best(const struct attempt *attempt, struct finding *finding)
{
	const char *why = attempt->best.text ?: strerror(attempt->best.error);

	if (attempt->best.needed) {
		advise_room(attempt, finding);
		return;
	}
	if (attempt->best_distance == LACKS_ORIGIN)
		why = "it does not map the file that the areas are mapped from";
	finding_advice(finding, "process %" PRIu32 " cannot be made the owner: %s; %s",
		       attempt->best_to->pid, why, next_step(attempt));
}

static void advise(const struct attempt *attempt, struct finding *finding)
{
	if (attempt->device < 0)
		finding_advice(finding,
			       "cannot find out who could be made the owner: cannot open "
			       "%s: %s",
			       DMAOWN_DEVICE, strerror(-attempt->device));
	else if (attempt->best_to)
		advise_best(attempt, finding);
	else if (attempt->hidden)
		finding_advice(finding, "its holders have no PID in this PID namespace; run "
					"dmaownctl in the initial one (nsenter -t 1 -p -m)");
	else
		finding_advice(finding, "no other holder of the context can be seen: pass it to "
					"the process that is to be the owner");
}

static bool find_command(struct attempt *attempt, struct finding *finding)
{
	const struct form *form = NULL;
	size_t i;

	for (i = 0; i < attempt->nr && !form; i++) {
		form = try_forms(attempt, attempt->candidates[i]);
		if (form)
			finding_command(finding,
					"dmaownctl transfer --to %" PRIu32
					" --from %s" CONTEXT_OPTION "%s",
					attempt->candidates[i]->pid, attempt->mend->from_text,
					attempt->mend->context, form->options);
	}
	return form;
}

void mend_find(const struct mend *mend, struct finding *finding)
{
	struct attempt attempt = { .mend = mend };

	sum_up(&attempt);
	if (mend->to_itself)
		add_candidates(&attempt, true);
	add_candidates(&attempt, false);
	attempt.device = open(DMAOWN_DEVICE, O_RDWR | O_CLOEXEC);
	if (attempt.device < 0) {
		attempt.device = -errno;
		advise(&attempt, finding);
		return;
	}
	find_origins(&attempt);
	if (!find_command(&attempt, finding))
		advise(&attempt, finding);
	trial_free(&attempt.best);
	free(attempt.origins);
	hash_index_free(&attempt.origin_index);
	close(attempt.device);
}
