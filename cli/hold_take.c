// SPDX-License-Identifier: GPL-2.0-only
/* hold: becoming the owner. */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "census.h"
#include "exits.h"
#include "hold.h"
#include "size.h"

/* What the process owns. */
struct property {
	struct hold *hold;
	struct census census;
	struct record_list areas;	/* by address */
	struct record_list contexts;	/* one area, or holder, of each */
	uint32_t busy;
};

/* LOOKING */

static bool is_context_of(struct property *property, uint64_t context)
{
	const struct record_list *holders = census_holders(&property->census);
	const struct holder_record *holder;
	size_t i;

	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (known(holder, HOLDER, CONTEXT) && holder->context == context &&
		    known(holder, HOLDER, PID) && holder->pid == property->hold->pid.process.pid)
			return true;
	}
	return false;
}

static int see_area(const union record *record, void *data)
{
	const struct area_record *area = &record->area;
	struct property *property = data;
	int rc = 0;

	if (known(area, AREA, BUSY) && area->busy) {
		property->busy += is_context_of(property, area->context);
		return 0;
	}
	if (area->owner != property->hold->pid.owner)
		return 0;
	if (!census_has_context(&property->contexts, area->context))
		rc = record_list_add(&property->contexts, record);
	if (!rc && known(area, AREA, ADDR))
		rc = record_list_add(&property->areas, record);
	return rc;
}

static int look(struct property *property)
{
	int tries = CHANNEL_TRIES * 4;
	const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	int rc;

	do {
		record_list_free(&property->areas);
		record_list_free(&property->contexts);
		property->busy = 0;
		rc = channel_each(&property->hold->channel, RECORD_AREA, 0, see_area, property);
	} while ((rc == -EAGAIN || (!rc && property->busy)) && --tries &&
		 !nanosleep(&pause, NULL));
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

/* What it left behind with an exec of its own is not to be had from it. */
static int check_states(const struct property *property)
{
	uint32_t pid = property->hold->pid.process.pid;
	size_t i;

	for (i = 0; i < property->areas.nr; i++) {
		if (property->areas.items[i].area.state == DMAOWN_STATE_LIVE)
			continue;
		warnx("process %" PRIu32 " has exec'd since it mapped some of its areas, and its "
		      "memory of then is gone", pid);
		warnx("make it their owner again first: dmaownctl transfer --to %" PRIu32
		      " --from %" PRIu32 " --adopt", pid, pid);
		return EXIT_NO_PROCESS;
	}
	return 0;
}

static int find_property(struct property *property)
{
	const char *text = property->hold->pid_text;
	int rc = look(property);

	if (rc && rc != -EAGAIN)
		return channel_failed(&property->hold->channel, RECORD_AREA, rc);
	if (property->busy) {
		warnx("a context of process %s is locked by another thread", text);
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

/* One descriptor of each context is remembered; a device's can be unbound, so rather not that. */
static void remember(struct hold *hold, const struct holder_record *holder, int fd)
{
	bool of_device = holder->via == DMAOWN_VIA_DEVICE;
	struct hold_context *context = NULL;
	size_t i;

	for (i = 0; i < hold->nr_contexts && !context; i++)
		if (hold->contexts[i].id == holder->context)
			context = &hold->contexts[i];
	if (context && (of_device || !context->of_device))
		return;
	if (!context)
		context = &hold->contexts[hold->nr_contexts++];
	*context = (struct hold_context){
		.id = holder->context, .fd = fd, .of_device = of_device, .owned = true,
	};
	snprintf(context->text, sizeof(context->text), "0x%" PRIx64, context->id);
}

static int take_descriptor(struct hold *hold, int pidfd, const struct holder_record *holder)
{
	/* It stays open until the end, whether remembered or not, and no child inherits it. */
	int fd = syscall(SYS_pidfd_getfd, pidfd, holder->fd, 0);
	int error = errno;

	if (fd >= 0) {
		remember(hold, holder, fd);
		return 0;
	}
	warn("cannot take descriptor %" PRIu32 " of process %" PRIu32, holder->fd, holder->pid);
	return error == EPERM ? EXIT_NOT_ALLOWED : EXIT_OTHER;
}

static bool is_usable(const struct holder_record *holder, uint64_t context)
{
	return known(holder, HOLDER, CONTEXT) && holder->context == context &&
	       known(holder, HOLDER, PID) && known(holder, HOLDER, FD);
}

/* It owns areas in a context that it holds no more: then somebody else does. */
static int take_from_others(struct hold *hold, const struct record_list *holders,
			    uint64_t context)
{
	const struct holder_record *holder;
	struct process_ref other = { 0 };
	size_t i;
	int pidfd, rc;

	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (!is_usable(holder, context))
			continue;
		other.process = (struct dmaown_process){ .pid = holder->pid,
							 .start = holder->start };
		pidfd = process_open(hold->device, &other);
		if (pidfd < 0)
			continue;
		rc = take_descriptor(hold, pidfd, holder);
		close(pidfd);
		return rc;
	}
	warnx("context 0x%" PRIx64 ": there is no holder with a number in this PID namespace, from "
	      "which it could be taken", context);
	return EXIT_NOT_HELD;
}

/* All that the process has of a context: of the context itself, and of devices. */
static int take_context(struct hold *hold, const struct record_list *holders,
			uint64_t context)
{
	const struct holder_record *holder;
	bool taken = false;
	size_t i;
	int rc;

	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (!is_usable(holder, context) || holder->pid != hold->pid.process.pid)
			continue;
		rc = take_descriptor(hold, hold->pidfd, holder);
		if (rc)
			return rc;
		taken = true;
	}
	return taken ? 0 : take_from_others(hold, holders, context);
}

static int take_descriptors(struct property *property)
{
	const struct record_list *holders = census_holders(&property->census);
	struct hold *hold = property->hold;
	size_t i;
	int rc = 0;

	hold->contexts = calloc(property->contexts.nr, sizeof(*hold->contexts));
	if (!hold->contexts) {
		warn("contexts");
		return EXIT_OTHER;
	}
	for (i = 0; i < property->contexts.nr && !rc; i++)
		rc = take_context(hold, holders,
				  property->contexts.items[i].context.context);
	return rc;
}

/* MEMORY */

/* Areas that share a pages object stand together: that is to stay in one piece. */
static size_t find_ranges(const struct record_list *areas, struct hold_range *ranges)
{
	const struct area_record *area;
	struct hold_range *range = NULL;
	size_t i, nr = 0;

	for (i = 0; i < areas->nr; i++) {
		area = &areas->items[i].area;
		if (!i || area->pages != areas->items[i - 1].area.pages) {
			range = &ranges[nr++];
			*range = (struct hold_range){ .start = area->addr };
		}
		if (area->addr + area->length > range->end)
			range->end = area->addr + area->length;
	}
	return nr;
}

static int map_memory(struct property *property)
{
	struct hold *hold = property->hold;
	struct hold_range *ranges = calloc(property->areas.nr + 1, sizeof(*ranges));
	size_t nr;
	int rc;

	if (!ranges) {
		warn("memory");
		return EXIT_OTHER;
	}
	nr = find_ranges(&property->areas, ranges);
	rc = nr ? hold_memory_map(&hold->memory, hold->pid.process.pid, ranges, nr) : 0;
	free(ranges);
	return rc;
}

static int add_remaps(struct property *property)
{
	struct hold *hold = property->hold;
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
			.addr = hold_memory_here(&hold->memory, area->addr),
		};
		rc = remap_add(&hold->remaps, &remap);
	}
	if (!rc && hold->remaps.nr <= DMAOWN_TRANSFER_MAX_REMAPS)
		return 0;
	warnx("too many areas are mapped by address: %zu", property->areas.nr);
	return EXIT_OTHER;
}

/* THE TRANSFER */

static int take_over(struct property *property)
{
	struct hold *hold = property->hold;
	struct transfer transfer;
	char size[SIZE_TEXT];
	int rc;

	rc = hold_transfer_make(hold, &transfer, &hold->self, &hold->pid);
	if (rc)
		return rc;
	transfer.remaps = hold->remaps;
	transfer.error = transfer_call(hold->device, &transfer, 0);
	transfer.status = exit_of_errno(transfer.error);
	if (transfer.error == EPERM)
		not_allowed();
	else if (transfer.error)
		transfer_print(&transfer);
	/* This process has the limit of the one it stands in for: that is what is in the way. */
	if (transfer.error == ENOMEM)
		warnx("that is the limit of process %" PRIu32 ", which would not get it back: "
		      "raise it there", hold->pid.process.pid);
	if (!transfer.error && !hold->quiet)
		printf("process %" PRIu32 " holds %" PRIu64 " area%s in %" PRIu32 " context%s, %s "
		       "pinned, for process %" PRIu32 "\n", hold->self.process.pid,
		       (uint64_t)transfer.call.areas, transfer.call.areas == 1 ? "" : "s",
		       transfer.call.contexts, transfer.call.contexts == 1 ? "" : "s",
		       size_format(size, transfer.call.pinned), hold->pid.process.pid);
	fflush(stdout);
	memset(&transfer.remaps, 0, sizeof(transfer.remaps));
	rc = transfer.status;
	hold_transfer_free(&transfer);
	return rc;
}

int hold_take(struct hold *hold)
{
	struct property property = { .hold = hold, .census.channel = &hold->channel };
	int rc;

	rc = find_property(&property) ?: hold_self_become(&hold->before, &hold->pid) ?:
	     take_descriptors(&property) ?: map_memory(&property) ?: add_remaps(&property) ?:
	     take_over(&property);
	record_list_free(&property.areas);
	record_list_free(&property.contexts);
	census_free(&property.census);
	return rc;
}
