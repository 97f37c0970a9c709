// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "exit_status.h"
#include "handover.h"
#include "host/array.h"
#include "output/size.h"
#include "query/holding.h"
#include "query/lookup.h"
#include "say.h"
#include "self.h"
#include "take.h"
#include "transfer/call.h"
#include "transfer/print.h"

/* The property of the process: all that it owns. */
struct property {
	struct hold *hold;
	struct lookup lookup;
	struct record_list areas; /* that are mapped by address */
	struct number_set contexts;
	uint64_t seen_context;	  /* the last one that was locked */
	bool seen_held;		  /* the process holds it */
	uint32_t busy;		  /* locked areas of contexts that the process holds */
	struct remap_list remaps; /* to the addresses here */
};

/* LOOKING */

/* Areas, and thus the contexts asked for, come in order. */
static bool holds(struct property *property, uint64_t context)
{
	if (property->seen_context != context)
		property->seen_held = holding_exists(lookup_holders(&property->lookup), context,
						     property->hold->pid.process.pid);
	property->seen_context = context;
	return property->seen_held;
}

static int see_area(const union record *record, void *data)
{
	const struct area_record *area = &record->area;
	struct property *property = data;
	int rc;

	if (known(area, AREA, BUSY) && area->busy) {
		property->busy += holds(property, area->context);
		return 0;
	}
	if (area->owner != property->hold->pid.owner)
		return 0;
	rc = number_set_add(&property->contexts, area->context);
	if (rc >= 0 && known(area, AREA, ADDR))
		rc = record_list_add(&property->areas, record);
	return rc < 0 ? rc : 0;
}

/* List until nothing is locked, comes or goes, for a few seconds. Return: 0 or -errno. */
static int collect(struct property *property)
{
	int tries = CHANNEL_TRIES * 4;
	const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	int rc;

	do {
		record_list_free(&property->areas);
		number_set_free(&property->contexts);
		property->busy = 0;
		rc = channel_each(&property->hold->channel, RECORD_AREA, 0, see_area, property);
	} while ((rc == -EAGAIN || (!rc && property->busy)) && --tries && !nanosleep(&pause, NULL));
	return rc;
}

static int compare_areas(const void *a, const void *b)
{
	const struct area_record *x = &((const union record *)a)->area;
	const struct area_record *y = &((const union record *)b)->area;

	if (x->pages != y->pages)
		return x->pages < y->pages ? -1 : 1;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* Refuse areas of an address space that the process has left by an exec. */
static int check_states(const struct property *property)
{
	uint32_t pid = property->hold->pid.process.pid;
	size_t i;

	for (i = 0; i < property->areas.nr; i++) {
		if (property->areas.items[i].area.state == DMAOWN_STATE_LIVE)
			continue;
		warnx("process %" PRIu32 " has exec'd since it mapped some of its areas, and the "
		      "memory that it had then is gone",
		      pid);
		warnx("make it their owner again first: dmaownctl transfer --to %" PRIu32
		      " --from %" PRIu32 " --adopt",
		      pid, pid);
		return EXIT_NO_PROCESS;
	}
	return 0;
}

static int find_property(struct property *property)
{
	const char *text = property->hold->pid_text;
	int rc = collect(property);

	if (rc && rc != -EAGAIN)
		return channel_failed(&property->hold->channel, RECORD_AREA, rc);
	if (property->busy) {
		warnx("a context of process %s is locked by another thread: try again", text);
		return EXIT_BUSY;
	}
	if (!property->contexts.nr) {
		warnx("process %s owns nothing; see: dmaownctl owners", text);
		return EXIT_NOTHING;
	}
	if (property->areas.nr)
		qsort(property->areas.items, property->areas.nr, sizeof(*property->areas.items),
		      compare_areas);
	return check_states(property);
}

/* DESCRIPTORS */

/* Descriptors are taken context by context: only the last one can be the wanted one. */
static struct hold_context *find_context(struct hold *hold, uint64_t id)
{
	struct hold_context *last = hold->contexts + hold->nr_contexts - 1;

	return hold->nr_contexts && last->id == id ? last : NULL;
}

/*
 * Remember one descriptor for each context, preferably of the context itself: a device can be
 * unbound from it.
 */
static void remember(struct hold *hold, const struct holder_record *holder, int fd)
{
	bool of_device = holder->via == DMAOWN_VIA_DEVICE;
	struct hold_context *context = find_context(hold, holder->context);

	if (context && (of_device || !context->of_device))
		return;
	if (!context)
		context = &hold->contexts[hold->nr_contexts++];
	*context = (struct hold_context){
		.id = holder->context,
		.fd = fd,
		.of_device = of_device,
		.owned = true,
	};
	snprintf(context->text, sizeof(context->text), "0x%" PRIx64, context->id);
}

/* Remember a device's descriptor: memory of the device can only be mapped through its file. */
static int remember_device(struct mirror_files *devices, int fd)
{
	if (!array_grow((void **)&devices->fds, &devices->room, devices->nr + 1,
			sizeof(*devices->fds))) {
		warn("descriptors");
		return EXIT_OTHER;
	}
	devices->fds[devices->nr++] = fd;
	return 0;
}

static int take_descriptor(struct hold *hold, int pidfd, const struct holder_record *holder)
{
	/* The descriptor is never closed, and no child inherits it. */
	int fd = syscall(SYS_pidfd_getfd, pidfd, holder->fd, 0);
	int error = errno;

	if (fd >= 0) {
		remember(hold, holder, fd);
		return holder->via == DMAOWN_VIA_DEVICE ? remember_device(&hold->devices, fd) : 0;
	}
	warn("cannot take descriptor %" PRIu32 " of process %" PRIu32, holder->fd, holder->pid);
	return error == EPERM ? EXIT_NOT_ALLOWED : EXIT_OTHER;
}

/*
 * Can a descriptor of the context be taken from the holder? A mapping has none. While a copy of a
 * queue is open, the program cannot destroy the queue: it is taken only if there is nothing else.
 */
static bool is_usable(const struct holder_record *holder, bool queues)
{
	return known(holder, HOLDER, PID) && known(holder, HOLDER, FD) &&
	       (holder->via == DMAOWN_VIA_EVENTQ) == queues;
}

/* Return: 0, -ENOENT if there is nothing to take, or an exit status after a message. */
static int take_from_others(struct hold *hold, const struct record_range *holders, bool queues)
{
	const struct holder_record *holder;
	struct process_ref other = { 0 };
	size_t i;
	int pidfd, rc;

	for (i = 0; i < holders->nr; i++) {
		holder = &record_range_at(holders, i)->holder;
		if (!is_usable(holder, queues))
			continue;
		other.process =
			(struct dmaown_process){ .pid = holder->pid, .start = holder->start };
		pidfd = process_open(hold->device, &other);
		if (pidfd < 0)
			continue;
		rc = take_descriptor(hold, pidfd, holder);
		close(pidfd);
		return rc;
	}
	return -ENOENT;
}

/* Take all descriptors that the process has of a context and of its devices. Return: as above. */
static int take_own(struct hold *hold, const struct record_range *holders, bool queues)
{
	const struct holder_record *holder;
	int rc = -ENOENT;
	size_t i;

	for (i = 0; i < holders->nr && rc <= 0; i++) {
		holder = &record_range_at(holders, i)->holder;
		if (is_usable(holder, queues) && holder->pid == hold->pid.process.pid)
			rc = take_descriptor(hold, hold->pidfd, holder);
	}
	return rc;
}

/*
 * Take the descriptors of the process, or one of another holder: the process may own areas in a
 * context that it no longer holds, or holds by a mapping.
 */
static int take_context(struct hold *hold, const struct record_list *list, uint64_t context)
{
	const struct record_range holders = record_list_range(list, context);
	int rc = take_own(hold, &holders, false);

	if (rc == -ENOENT)
		rc = take_own(hold, &holders, true);
	if (rc == -ENOENT)
		rc = take_from_others(hold, &holders, false);
	if (rc == -ENOENT)
		rc = take_from_others(hold, &holders, true);
	if (rc != -ENOENT)
		return rc;
	warnx("cannot take a descriptor of context 0x%" PRIx64 ": no holder that has a PID in this "
	      "PID namespace has one; a mapping cannot be taken",
	      context);
	return EXIT_NOT_HELD;
}

static int take_descriptors(struct property *property)
{
	const struct record_list *holders = lookup_holders(&property->lookup);
	struct hold *hold = property->hold;
	size_t i;
	int rc = 0;

	hold->contexts = calloc(property->contexts.nr, sizeof(*hold->contexts));
	if (!hold->contexts) {
		warn("contexts");
		return EXIT_OTHER;
	}
	for (i = 0; i < property->contexts.nr && !rc; i++)
		rc = take_context(hold, holders, property->contexts.items[i]);
	return rc;
}

/* MEMORY */

/*
 * Find the address range of each pages object, which must stay in one piece. Areas that share a
 * pages object are next to each other.
 */
static size_t find_ranges(const struct record_list *areas, struct mirror_range *ranges)
{
	const struct area_record *area;
	struct mirror_range *range = NULL;
	size_t i, nr = 0;

	for (i = 0; i < areas->nr; i++) {
		area = &areas->items[i].area;
		if (!i || area->pages != areas->items[i - 1].area.pages) {
			range = &ranges[nr++];
			*range = (struct mirror_range){ .start = area->addr };
		}
		if (area->addr + area->length > range->end)
			range->end = area->addr + area->length;
	}
	return nr;
}

static int map_memory(struct property *property)
{
	struct hold *hold = property->hold;
	struct mirror_range *ranges = calloc(property->areas.nr + 1, sizeof(*ranges));
	size_t nr;
	int rc = 0;

	if (!ranges) {
		warn("memory");
		return EXIT_OTHER;
	}
	nr = find_ranges(&property->areas, ranges);
	if (nr)
		rc = mirror_map(&hold->memory, hold->pid.process.pid, &hold->devices, ranges, nr);
	free(ranges);
	return rc;
}

static int add_remaps(struct property *property)
{
	const struct area_record *area;
	struct dmaown_remap remap;
	size_t i;
	int rc = 0;

	for (i = 0; i < property->areas.nr && !rc; i++) {
		area = &property->areas.items[i].area;
		remap = (struct dmaown_remap){
			.context = area->context,
			.ioas = area->ioas,
			.iova = area->iova,
			.addr = mirror_here(&property->hold->memory, area->addr),
		};
		rc = remap_add(&property->remaps, &remap);
	}
	if (!rc && property->remaps.nr <= DMAOWN_TRANSFER_MAX_REMAPS)
		return 0;
	warnx("too many areas are mapped by address: %zu", property->areas.nr);
	return EXIT_OTHER;
}

/* THE TRANSFER */

/* Map the next device's file wherever the module says that the mapping is of another device. */
static bool switch_devices(struct hold *hold, const struct transfer_result *result)
{
	bool any = false;
	uint32_t i;

	for (i = 0; i < result->answer.nr_reports; i++)
		if (result->reports[i].reason == DMAOWN_REASON_OBJECT)
			any = mirror_switch(&hold->memory, &hold->devices,
					    result->reports[i].addr) ||
			      any;
	return any;
}

/* Call the module. Only the module knows to which of several devices a mapping belongs. */
static int call(struct hold *hold, struct handover *handover)
{
	const struct transfer_request *request = &handover->request;
	const struct transfer_scope *scope = &handover->scope;
	struct transfer_result *result = &handover->result;

	while (hold->memory.nr_devices &&
	       transfer_call(request, scope, DMAOWN_TRANSFER_DRY_RUN, result) &&
	       switch_devices(hold, result))
		;
	return transfer_call(request, scope, 0, result);
}

static void print_refused(const struct hold *hold, const struct handover *handover)
{
	const struct transfer_result *result = &handover->result;

	if (result->error == EPERM)
		not_allowed();
	else
		transfer_print(&handover->request, &handover->scope.to, result);
	/* This process has the limit of the process that it stands in for. */
	if (result->error == ENOMEM)
		warnx("that is the limit of process %" PRIu32 ": raise it first, or the memory "
		      "could not be handed back",
		      hold->pid.process.pid);
}

static void say_success(const struct hold *hold, const struct dmaown_transfer *answer)
{
	char size[SIZE_TEXT];

	hold_say(hold,
		 "process %" PRIu32 " holds %" PRIu64 " area%s in %" PRIu32
		 " context%s, %s pinned, for process %" PRIu32,
		 hold->self.process.pid, (uint64_t)answer->areas, answer->areas == 1 ? "" : "s",
		 answer->contexts, answer->contexts == 1 ? "" : "s",
		 size_format(size, answer->pinned), hold->pid.process.pid);
}

static int take_over(struct property *property)
{
	struct hold *hold = property->hold;
	struct handover handover;
	int rc;

	rc = handover_make(&handover, hold, &hold->self, &hold->pid);
	if (rc)
		return rc;
	/* handover_free() frees the list. */
	handover.scope.remaps = property->remaps;
	property->remaps = (struct remap_list){ 0 };
	rc = result_fail(&handover.result, call(hold, &handover));
	if (rc)
		print_refused(hold, &handover);
	else
		say_success(hold, &handover.result.answer);
	handover_free(&handover);
	return rc;
}

int hold_take(struct hold *hold)
{
	struct property property = { .hold = hold, .lookup.channel = &hold->channel };
	int rc;

	rc = find_property(&property);
	if (!rc)
		rc = hold_self_become(&hold->before, &hold->pid);
	if (!rc)
		rc = take_descriptors(&property);
	if (!rc)
		rc = map_memory(&property);
	if (!rc)
		rc = add_remaps(&property);
	if (!rc)
		rc = take_over(&property);
	remap_free(&property.remaps);
	record_list_free(&property.areas);
	number_set_free(&property.contexts);
	lookup_free(&property.lookup);
	return rc;
}
