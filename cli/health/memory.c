// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module compares: DMAOWN_IOC_COMPARE. Private memory without a page may be swapped out, which
 * only /proc/PID/pagemap tells. The pagemap is opened before the comparison that it is read for:
 * if the process execs in between, the comparison finds no live owner or the pagemap no address
 * space, and nothing is reported as lost by mistake.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "channel/device.h"
#include "exit_status.h"
#include "host/array.h"
#include "host/hash.h"
#include "host/pagemap.h"
#include "host/user.h"
#include "memory.h"
#include "output/size.h"
#include "query/holding.h"

/* Ranges that are read at a time */
#define RANGES 1024

struct pagemap {
	uint64_t owner;
	int fd; /* or negative */
};

struct memory {
	struct health *health;
	int device;
	struct dmaown_range *ranges;

	struct pagemap *pagemaps;
	size_t nr_pagemaps;
	size_t room_pagemaps;
	struct hash_index pagemap_index; /* by owner */

	char *user; /* name of the user that was looked up last, or NULL */
	uint32_t uid;

	/* The current context, and the range that was found last: the next one may continue it. */
	uint64_t context;
	struct dmaown_range last; /* difference is 0 if there is none */
};

#define NAME_(c, v, n, s)     [DMAOWN_##c] = (n),
#define SENTENCE_(c, v, n, s) [DMAOWN_##c] = (s),
static const char *const names[] = { DMAOWN_DIFFERENCES(NAME_) };
static const char *const sentences[] = { DMAOWN_DIFFERENCES(SENTENCE_) };

/* A module that is newer than this tool may know more. */
static const char *text_of(const char *const *texts, uint32_t difference)
{
	const char *text = difference < sizeof(names) / sizeof(*names) ? texts[difference] : NULL;

	return text ?: "unknown";
}

/* FINDINGS */

/* Return: words for the owner's memory there, if they are certain; else NULL. */
static const char *certainty(uint32_t difference)
{
	switch (difference) {
	case DMAOWN_DIFFERENCE_UNMAPPED:
		return "has nothing mapped any more";
	case DMAOWN_DIFFERENCE_REPLACED:
		return "has other pages now";
	case DMAOWN_DIFFERENCE_ABSENT:
		return "has no page any more";
	default:
		return NULL;
	}
}

static const char *user_of(struct memory *memory, uint32_t uid)
{
	if (!memory->user || memory->uid != uid) {
		free(memory->user);
		memory->user = user_name(uid);
		memory->uid = uid;
	}
	return memory->user;
}

static void set_range(struct memory *memory, struct finding *finding,
		      const struct dmaown_range *range)
{
	const char *user, *unit;

	finding->has_range = true;
	value_set_number(&finding->context, VALUE_HEX, memory->context);
	value_set_text(&finding->difference, text_of(names, range->difference));
	value_set_number(&finding->ioas, VALUE_NUMBER, range->ioas);
	if (!range->length)
		return;
	value_set_number(&finding->iova, VALUE_HEX, range->iova);
	value_set_number(&finding->length, VALUE_SIZE, range->length);
	value_set_number(&finding->addr, VALUE_HEX, range->addr);
	value_set_number(&finding->owner, VALUE_HEX, range->owner);
	user = user_of(memory, range->uid);
	if (user)
		value_give_text(&finding->user, strdup(user));
	if (!range->pid)
		return;
	value_set_number(&finding->pid, VALUE_NUMBER, range->pid);
	unit = lookup_unit(&memory->health->lookup, range->pid);
	if (unit)
		value_give_text(&finding->unit, strdup(unit));
}

/* Return: text, filled with size and place of a range. */
#define RANGE_TEXT (SIZE_TEXT + 128)
static const char *range_text(char text[RANGE_TEXT], const struct memory *memory,
			      const struct dmaown_range *range)
{
	uint64_t iova = range->iova, last = range->iova + range->length - 1;
	char size[SIZE_TEXT];

	snprintf(text, RANGE_TEXT,
		 "%s at IOVA 0x%" PRIx64 "-0x%" PRIx64 " of IOAS %" PRIu32 " in context 0x%" PRIx64,
		 size_format(size, range->length), iova, last, range->ioas, memory->context);
	return text;
}

static struct finding *add_detached(struct memory *memory, const struct dmaown_range *range)
{
	char text[RANGE_TEXT], process[PROCESS_TEXT];
	uint64_t addr = range->addr;
	struct finding *finding;

	finding = finding_add(&memory->health->findings, FOUND_DETACHED,
			      "%s: at 0x%" PRIx64 " %s %s; the device still uses the old pages",
			      range_text(text, memory, range), addr,
			      process_text(process, range->pid, range->pid),
			      certainty(range->difference));
	finding_advice(finding,
		       "neither sees what the other writes there, until the program unmaps "
		       "the area for the device and maps it again");
	return finding;
}

static struct finding *add_locked(struct memory *memory, const struct dmaown_range *range)
{
	uint64_t iova = range->iova;

	return finding_add(&memory->health->findings, FOUND_UNKNOWN,
			   "IOAS %" PRIu32 " in context 0x%" PRIx64
			   " is locked by another thread: memory from IOVA 0x%" PRIx64
			   " on was not compared",
			   range->ioas, memory->context, iova);
}

static struct finding *add_unsure(struct memory *memory, const struct dmaown_range *range)
{
	char text[RANGE_TEXT], process[PROCESS_TEXT];
	uint64_t addr = range->addr;

	return finding_add(&memory->health->findings, FOUND_UNKNOWN,
			   "%s: whether %s still has these pages at 0x%" PRIx64 " is unknown: %s",
			   range_text(text, memory, range),
			   process_text(process, range->pid, range->pid), addr,
			   text_of(sentences, range->difference));
}

static void report_last(struct memory *memory)
{
	const struct dmaown_range *range = &memory->last;
	struct finding *finding;

	if (!range->difference)
		return;
	if (!range->length)
		finding = add_locked(memory, range);
	else if (certainty(range->difference))
		finding = add_detached(memory, range);
	else
		finding = add_unsure(memory, range);
	set_range(memory, finding, range);
	memory->last.difference = 0;
}

static bool follows(const struct dmaown_range *range, const struct dmaown_range *next)
{
	return range->difference == next->difference && range->length && next->length &&
	       range->ioas == next->ioas && range->owner == next->owner &&
	       range->uid == next->uid && range->iova + range->length == next->iova &&
	       range->addr + range->length == next->addr;
}

static void add_range(struct memory *memory, const struct dmaown_range *range)
{
	if (follows(&memory->last, range)) {
		memory->last.length += range->length;
		return;
	}
	report_last(memory);
	memory->last = *range;
}

/* PAGEMAPS */

static const struct pagemap *find_pagemap(const struct memory *memory, uint64_t owner)
{
	size_t at = 0, n;

	while (hash_index_next(&memory->pagemap_index, HASH(owner), &at, &n))
		if (memory->pagemaps[n].owner == owner)
			return &memory->pagemaps[n];
	return NULL;
}

/* Is this still the process with the PID? Then a file in /proc/PID that is open is its own. */
static bool is_same_process(const struct memory *memory, const struct dmaown_range *range)
{
	struct dmaown_process_info info = {
		.size = sizeof(info),
		.process = { .pid = range->pid, .start = range->start },
	};

	return !ioctl(memory->device, DMAOWN_IOC_PROCESS, &info);
}

static void open_pagemap(struct memory *memory, const struct dmaown_range *range)
{
	struct pagemap *pagemap;

	if (!array_grow((void **)&memory->pagemaps, &memory->room_pagemaps, memory->nr_pagemaps + 1,
			sizeof(*memory->pagemaps)) ||
	    !hash_index_add(&memory->pagemap_index, HASH(range->owner), memory->nr_pagemaps))
		err(EXIT_OTHER, "pagemaps");
	pagemap = &memory->pagemaps[memory->nr_pagemaps++];
	pagemap->owner = range->owner;
	pagemap->fd = range->pid ? pagemap_open(range->pid) : -1;
	if (pagemap->fd >= 0 && !is_same_process(memory, range)) {
		close(pagemap->fd);
		pagemap->fd = -1;
	}
}

/* Open the pagemaps that the ranges need. Return: true if there was any to open. */
static bool open_pagemaps(struct memory *memory, uint32_t nr)
{
	const struct dmaown_range *range;
	bool any = false;

	for (range = memory->ranges; nr; nr--, range++) {
		if (range->difference != DMAOWN_DIFFERENCE_NOT_PRESENT ||
		    find_pagemap(memory, range->owner))
			continue;
		open_pagemap(memory, range);
		any = true;
	}
	return any;
}

/* The pagemap is bound to an address space, which the process leaves when it execs. */
static void close_pagemaps(struct memory *memory)
{
	size_t i;

	for (i = 0; i < memory->nr_pagemaps; i++)
		if (memory->pagemaps[i].fd >= 0)
			close(memory->pagemaps[i].fd);
	memory->nr_pagemaps = 0;
	hash_index_free(&memory->pagemap_index);
}

/* Add the parts of a range without pages: those that are lost, and those that may not be. */
static void add_not_present(struct memory *memory, const struct dmaown_range *range)
{
	const struct pagemap *pagemap = find_pagemap(memory, range->owner);
	struct dmaown_range part = *range;
	uint64_t left = range->length;
	bool empty;

	for (; left; left -= part.length, part.iova += part.length, part.addr += part.length) {
		part.length = pagemap_look(pagemap ? pagemap->fd : -1, part.addr, left, &empty);
		part.difference = empty ? DMAOWN_DIFFERENCE_ABSENT : DMAOWN_DIFFERENCE_NOT_PRESENT;
		add_range(memory, &part);
	}
}

static void add_ranges(struct memory *memory, uint32_t nr)
{
	const struct dmaown_range *range;

	for (range = memory->ranges; nr; nr--, range++) {
		if (range->difference == DMAOWN_DIFFERENCE_NOT_PRESENT)
			add_not_present(memory, range);
		else
			add_range(memory, range);
	}
}

/* CONTEXTS */

/* Compare from where the call begins, and move it on. Return: 0 or -errno. */
static int compare_once(struct memory *memory, struct dmaown_compare *call)
{
	const struct dmaown_compare before = *call;

	do {
		*call = before;
		call->ranges = (uintptr_t)memory->ranges;
		call->nr_ranges = RANGES;
		if (ioctl(memory->device, DMAOWN_IOC_COMPARE, call)) {
			*call = before;
			return -errno;
		}
	} while (open_pagemaps(memory, call->nr_ranges));
	add_ranges(memory, call->nr_ranges);
	return 0;
}

/* Name the context by its best holder. Return: false if there is none with a PID here. */
static bool choose_file(const struct record_list *holders, uint64_t context,
			struct dmaown_file *file)
{
	const struct holder_record *holder =
		holding_find(holders, context, NULL, (struct holding_process){ 0 }).other;

	if (!holder || !known(holder, HOLDER, PID))
		return false;
	*file = holder_file(holder);
	return true;
}

static void add_unreached(struct memory *memory, const char *why)
{
	struct finding *finding;

	finding = finding_add(&memory->health->findings, FOUND_UNKNOWN,
			      "context 0x%" PRIx64 ": its memory was not compared to the end: %s",
			      memory->context, why);
	value_set_number(&finding->context, VALUE_HEX, memory->context);
}

/* Judge why a comparison has failed. Return: 0, or an exit status after a message. */
static int failed(struct memory *memory, int error)
{
	switch (error) {
	case EBADF:
	case ESRCH:
		add_unreached(memory, "its holders come and go");
		return 0;
	case EBUSY:
		add_unreached(memory, "another thread has locked the file that holds it");
		return 0;
	case EXDEV:
		add_unreached(memory, "the module was not built for the VFIO or iommufd of it");
		return 0;
	case EPERM:
		return not_allowed();
	case ENOTTY:
		warnx("the module is older than dmaownctl and cannot compare memory");
		return EXIT_OTHER;
	default:
		warnx("cannot compare the memory of context 0x%" PRIx64 ": %s", memory->context,
		      strerror(error));
		return exit_of_errno(error);
	}
}

/* Times that another holder of the context is searched for */
#define SEARCHES 3

/*
 * Find another holder if the one that names the context is gone. If there is none, the context is
 * gone, too.
 * Return: 1 to go on; 0 to stop; or -errno.
 */
static int search_again(struct memory *memory, struct dmaown_file *file)
{
	struct record_list holders = { 0 };
	int rc;

	rc = channel_collect(memory->health->channel, RECORD_HOLDER, memory->context, &holders);
	if (!rc && choose_file(&holders, memory->context, file))
		rc = 1;
	else if (!rc && record_list_range(&holders, memory->context).nr)
		rc = -ESRCH;
	record_list_free(&holders);
	return rc;
}

static int compare_from(struct memory *memory, struct dmaown_compare *call)
{
	int searches = 0, rc;

	do {
		rc = compare_once(memory, call);
		if ((rc == -EBADF || rc == -ESRCH) && searches++ < SEARCHES) {
			rc = search_again(memory, &call->file);
			if (rc < 0)
				break;
			call->more = rc;
			rc = 0;
		}
	} while (!rc && call->more);
	return rc ? failed(memory, -rc) : 0;
}

static int compare_context(struct memory *memory, uint64_t context)
{
	struct dmaown_compare call = { .size = sizeof(call) };
	int rc;

	memory->context = context;
	if (!choose_file(lookup_holders(&memory->health->lookup), context, &call.file)) {
		add_unreached(memory, "none of its holders has a PID in this PID namespace");
		return 0;
	}
	rc = compare_from(memory, &call);
	report_last(memory);
	close_pagemaps(memory);
	return rc;
}

/* Totals of a context are neighbours. */
static int compare_all(struct memory *memory)
{
	const struct owner_areas_list *owner_areas = &memory->health->owner_areas;
	const struct owner_areas *owned;
	size_t i;
	int rc = 0;

	for (i = 0; i < owner_areas->nr && !rc; i++) {
		owned = &owner_areas->items[i];
		if (owned->by_address && owned->area.state == DMAOWN_STATE_LIVE &&
		    owned->area.context != memory->context)
			rc = compare_context(memory, owned->area.context);
	}
	return rc;
}

int memory_check(struct health *health)
{
	struct memory memory = { .health = health };
	int rc;

	rc = device_open(&memory.device);
	if (rc)
		return rc;
	memory.ranges = calloc(RANGES, sizeof(*memory.ranges));
	if (!memory.ranges)
		err(EXIT_OTHER, "ranges");
	rc = compare_all(&memory);
	free(memory.ranges);
	free(memory.pagemaps);
	free(memory.user);
	close(memory.device);
	return rc;
}
