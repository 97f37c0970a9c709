// SPDX-License-Identifier: GPL-2.0-only
/*
 * An owner's address space that is gone leaves nothing to compare with but the pages that it had
 * pinned: the new owner must have just these. Every page is asked for where iommufd keeps it, and
 * compared folio by folio with what the new owner's file has at that place.
 *
 * Each area is proven, not each pages object: what no area shows any more nobody can get at.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "adopt.h"
#include "memory.h"

/* How many pages are looked at under the lock of ctx->objects. */
#define CHUNK		256

/* How often in all, some 75 µs apart, locks are tried for that somebody else has. */
#define LOCK_TRIES	256

static unsigned int progress_ms = 1000;
module_param(progress_ms, uint, 0644);
MODULE_PARM_DESC(progress_ms,
		 "Milliseconds between two progress events of a transfer that compares pages; 0: none");

struct adoption {
	const struct plan *plan;
	struct reports *reports;
	const struct progress *progress;
	unsigned long told;		/* jiffies of the last progress event */
	u64 done;
	u64 total;
	unsigned int tries;		/* left */

	const struct orphan *orphan;	/* at hand */
	unsigned long pfns[CHUNK];
};

static unsigned long first_page(const struct orphan *orphan)
{
	return orphan->new_addr & PAGE_MASK;
}

/* A stretch of pages, by their addresses in the new owner, as part of the orphan at hand. */
static int report_stretch(enum dmaown_reason reason, unsigned long addr, unsigned long length,
			  void *arg)
{
	const struct adoption *adoption = arg;
	const struct orphan *orphan = adoption->orphan;
	bool old = reason == DMAOWN_REASON_NOT_PINNED;
	unsigned long from = max(addr, orphan->new_addr) - orphan->new_addr;
	unsigned long last = min(addr + length - 1 - orphan->new_addr, orphan->last - orphan->iova);
	struct task_struct *task = old ? orphan->source->owner.task : adoption->plan->to->task;
	struct dmaown_report report = {
		.reason = reason,
		.context = plan_context(adoption->plan, &orphan->place),
		.ioas = orphan->place.ioas,
		.process = process_pid(task, task_active_pid_ns(current)),
		.iova = orphan->iova + from,
		.last = orphan->iova + last,
		.addr = (old ? orphan->addr : orphan->new_addr) + from,
	};

	report_add(adoption->reports, &report);
	return 0;
}

static bool wait_for_lock(struct adoption *adoption)
{
	if (!adoption->tries)
		return false;
	adoption->tries--;
	usleep_range(50, 100);
	return true;
}

/* The page frames behind the orphan at hand, from its page at on; how many. */
static int fetch(struct adoption *adoption, unsigned long at)
{
	const struct orphan *orphan = adoption->orphan;
	int nr;

	do {
		nr = context_pinned(adoption->plan->contexts[orphan->place.context],
				    orphan->place.ioas, orphan->iova, orphan->pages, at,
				    adoption->pfns, CHUNK);
	} while (nr == -EAGAIN && wait_for_lock(adoption));
	if (nr == -EAGAIN)
		return -EBUSY;
	return nr == -ESTALE ? -EAGAIN : nr;
}

static int compare_chunk(struct adoption *adoption, unsigned long at, unsigned int nr)
{
	const struct orphan *orphan = adoption->orphan;
	int ret;

	do {
		ret = memory_compare_pfns(adoption->plan->to->mm,
					  first_page(orphan) + (at << PAGE_SHIFT), adoption->pfns,
					  nr, orphan->writable, report_stretch, adoption);
	} while (ret == -EBUSY && wait_for_lock(adoption));
	return ret;
}

static void tell_progress(struct adoption *adoption)
{
	unsigned int interval = READ_ONCE(progress_ms);

	if (!interval || time_before(jiffies, adoption->told + msecs_to_jiffies(interval)))
		return;
	adoption->told = jiffies;
	adoption->progress->tell(adoption->done, adoption->total, adoption->progress->arg);
}

static int compare_orphan(struct adoption *adoption)
{
	unsigned long at = 0;
	int nr, ret = 0;

	while (!ret && (nr = fetch(adoption, at))) {
		if (nr < 0)
			return nr;
		ret = compare_chunk(adoption, at, nr);
		at += nr;
		adoption->done += (u64)nr << PAGE_SHIFT;
		tell_progress(adoption);
		if (signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	return ret;
}

static u64 orphan_size(const struct orphan *orphan)
{
	return PAGE_ALIGN(orphan->new_addr + (orphan->last - orphan->iova) + 1) -
	       first_page(orphan);
}

int adopt_compare(const struct plan *plan, struct reports *reports,
		  const struct progress *progress)
{
	struct adoption *adoption;
	unsigned int i;
	int ret = 0;

	if (!plan->orphans_nr)
		return 0;
	adoption = kzalloc(sizeof(*adoption), GFP_KERNEL);
	if (!adoption)
		return -ENOMEM;
	adoption->plan = plan;
	adoption->reports = reports;
	adoption->progress = progress;
	adoption->told = jiffies;
	adoption->tries = LOCK_TRIES;
	for (i = 0; i < plan->orphans_nr; i++)
		adoption->total += orphan_size(&plan->orphans[i]);
	for (i = 0; i < plan->orphans_nr && !ret; i++) {
		adoption->orphan = &plan->orphans[i];
		ret = compare_orphan(adoption);
	}
	kfree(adoption);
	return ret;
}
