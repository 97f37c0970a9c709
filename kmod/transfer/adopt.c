// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prove the memory of an owner without an address space, or behind an address that was taken back.
 * Only the pages that are pinned are left to compare with: the new owner must have exactly those.
 * The number of each page frame is read from where iommufd or VFIO keeps it, and compared folio by
 * folio with the page cache of the file that the new owner maps there.
 *
 * The proofs are per area, not per pages object: nobody can reach pages that no area shows.
 */
#include <linux/bsearch.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "adopt.h"
#include "array.h"
#include "id.h"
#include "memory.h"
#include "retry.h"

/* Pages that are compared at a time */
#define CHUNK 256UL

static unsigned int progress_ms = 1000;
module_param(progress_ms, uint, 0644);
MODULE_PARM_DESC(progress_ms,
		 "Milliseconds between progress events of a transfer that compares pages; 0: none");

/* PROOFS */

void dmaown_proofs_init(struct proofs *proofs)
{
	memset(proofs, 0, sizeof(*proofs));
}

static void proofs_forget(struct proofs *proofs)
{
	while (proofs->nr) {
		mmdrop(proofs->array[--proofs->nr].mm);
		cond_resched();
	}
	if (proofs->to)
		mmdrop(proofs->to);
	proofs->to = NULL;
}

void dmaown_proofs_free(struct proofs *proofs)
{
	proofs_forget(proofs);
	kvfree(proofs->array);
	kfree(proofs->pfns);
}

static unsigned long adopt_first_page(const struct orphan *orphan)
{
	return orphan->new_addr & PAGE_MASK;
}

static struct proof proof_of(const struct orphan *orphan)
{
	unsigned long size = orphan->last - orphan->iova + 1;

	return (struct proof){
		.mm = orphan->old_owner->owner.mm,
		.pages = orphan->pages,
		.first = orphan->first,
		.new_addr = orphan->new_addr,
		.size = size,
		.pages_nr = PAGE_ALIGN(offset_in_page(orphan->new_addr) + size) >> PAGE_SHIFT,
	};
}

/* Sorting many proofs takes long, and so does finding many: each comparison may reschedule. */
static int proof_compare(const void *a, const void *b)
{
	const struct proof *x = a;
	const struct proof *y = b;

	cond_resched();
	if (x->mm != y->mm)
		return x->mm < y->mm ? -1 : 1;
	if (x->pages != y->pages)
		return x->pages < y->pages ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->new_addr != y->new_addr)
		return x->new_addr < y->new_addr ? -1 : 1;
	return x->size < y->size ? -1 : x->size > y->size;
}

static struct proof *proofs_find(const struct proofs *proofs, const struct orphan *orphan)
{
	struct proof key = proof_of(orphan);

	return bsearch(&key, proofs->array, proofs->nr, sizeof(key), proof_compare);
}

/*
 * Are the same pages pinned that were compared? If not, reset the proof, so that they are compared
 * again. The answer does not matter to a caller that is being killed.
 */
static bool proof_still_pinned(const struct proofs *proofs, struct proof *proof,
			       const struct orphan *orphan, struct context ctx)
{
	unsigned long at;
	u64 digest = 0;

	if (!dmaown_pages_may_change(ctx))
		return true;
	for (at = 0; at < proof->pages_nr; at += CHUNK) {
		unsigned int nr = min(proof->pages_nr - at, CHUNK);

		nr = dmaown_pages_pinned(ctx, orphan->pages, orphan->first + at, proofs->pfns, nr);
		digest = dmaown_id_of_chain(digest, proofs->pfns, nr * sizeof(*proofs->pfns));
		if (fatal_signal_pending(current))
			return false;
		cond_resched();
	}
	if (digest == proof->digest)
		return true;
	proof->done = 0;
	proof->digest = 0;
	return false;
}

bool dmaown_proofs_cover(struct proofs *proofs, const struct plan *plan)
{
	unsigned int i;

	if (plan->orphans_nr && proofs->to != plan->to->mm)
		return false;
	for (i = 0; i < plan->orphans_nr; i++) {
		const struct orphan *orphan = &plan->orphans[i];
		struct proof *proof = proofs_find(proofs, orphan);

		if (!proof || proof->done < proof->pages_nr ||
		    !proof_still_pinned(proofs, proof, orphan,
					plan->contexts[orphan->place.context]))
			return false;
	}
	return true;
}

static int proofs_add(struct proofs *proofs, const struct orphan *orphan)
{
	struct proof *array = array_grow(proofs->array, proofs->nr, &proofs->room, sizeof(*array));

	if (!array)
		return -ENOMEM;
	proofs->array = array;
	array[proofs->nr] = proof_of(orphan);
	mmgrab(array[proofs->nr++].mm);
	return 0;
}

/* Areas that were copied show the same pages object: keep one proof. */
static void proofs_drop_twins(struct proofs *proofs)
{
	unsigned int i, kept = 0;

	for (i = 1; i < proofs->nr; i++) {
		if (proof_compare(&proofs->array[kept], &proofs->array[i]))
			proofs->array[++kept] = proofs->array[i];
		else
			mmdrop(proofs->array[i].mm);
	}
	proofs->nr = kept + 1;
}

/*
 * Make sure that there is a proof, finished or not, for each orphan. New ones are appended, and all
 * are sorted.
 */
static int proofs_make(struct proofs *proofs, const struct plan *plan)
{
	unsigned int i, known = proofs->nr;
	int ret = 0;

	if (!proofs->pfns && plan->orphans_nr)
		proofs->pfns = kmalloc_array(CHUNK, sizeof(*proofs->pfns), GFP_KERNEL);
	if (!proofs->pfns && plan->orphans_nr)
		return -ENOMEM;
	if (proofs->to != plan->to->mm) {
		proofs_forget(proofs);
		proofs->to = plan->to->mm;
		mmgrab(proofs->to);
		known = 0;
	}
	for (i = 0; i < plan->orphans_nr && !ret; i++) {
		struct proof key = proof_of(&plan->orphans[i]);

		if (!bsearch(&key, proofs->array, known, sizeof(key), proof_compare))
			ret = proofs_add(proofs, &plan->orphans[i]);
		if (fatal_signal_pending(current))
			ret = ret ?: -EINTR;
	}
	if (proofs->nr > known) {
		sort(proofs->array, proofs->nr, sizeof(*proofs->array), proof_compare, NULL);
		proofs_drop_twins(proofs);
	}
	return ret;
}

/* COMPARING */

struct adoption {
	const struct plan *plan;
	struct reports *reports;
	const struct progress *progress;
	unsigned long notified; /* jiffies of the last progress event */
	u64 done;		/* bytes */
	u64 total;
	struct wait_budget budget;

	const struct orphan *orphan; /* the current one */
	bool differs;
	unsigned long pfns[CHUNK];
	unsigned long again[CHUNK];
};

/* Report a run of pages, given by addresses in the new owner, as part of the current orphan. */
static int adopt_report_stretch(enum dmaown_reason reason, unsigned long addr, unsigned long length,
				void *arg)
{
	struct adoption *adoption = arg;
	const struct orphan *orphan = adoption->orphan;
	bool old = reason == DMAOWN_REASON_NOT_PINNED;
	unsigned long from = max(addr, orphan->new_addr) - orphan->new_addr;
	unsigned long last = min(addr + length - 1 - orphan->new_addr, orphan->last - orphan->iova);
	struct task_struct *task = old ? orphan->old_owner->owner.task : adoption->plan->to->task;
	struct dmaown_report report = {
		.reason = reason,
		.context = plan_context(adoption->plan, &orphan->place),
		.ioas = orphan->place.ioas,
		.process = dmaown_process_pid(task, task_active_pid_ns(current)),
		.iova = orphan->iova + from,
		.last = orphan->iova + last,
		.addr = (old ? orphan->addr : orphan->new_addr) + from,
	};

	adoption->differs = true;
	dmaown_report_add(adoption->reports, &report);
	return 0;
}

/* Copy the page frames of the current orphan, from its page at on. */
static int adopt_fetch(struct adoption *adoption, unsigned long at, unsigned long *pfns,
		       unsigned int nr)
{
	const struct orphan *orphan = adoption->orphan;
	const struct stretch stretch = {
		.ioas = orphan->place.ioas,
		.iova = orphan->iova,
		.pages = orphan->pages,
		.first = orphan->first,
		.at = at,
	};
	int ret;

	do {
		ret = dmaown_context_pinned(adoption->plan->contexts[orphan->place.context],
					    &stretch, pfns, nr);
	} while (ret == -EAGAIN && lock_retry(&adoption->budget));
	if (ret == -EAGAIN)
		return -EBUSY;
	return ret == nr ? 0 : -EAGAIN;
}

static int adopt_compare_pages(struct adoption *adoption, unsigned long at, unsigned int nr)
{
	const struct orphan *orphan = adoption->orphan;
	int ret;

	do {
		ret = dmaown_memory_compare_pfns(adoption->plan->to->mm,
						 adopt_first_page(orphan) + (at << PAGE_SHIFT),
						 adoption->pfns, nr, orphan->want,
						 adopt_report_stretch, adoption);
	} while (ret == -EBUSY && lock_retry(&adoption->budget));
	return ret;
}

/*
 * Compare one chunk. A page that is no longer pinned after the comparison may have belonged to
 * another process during it. A page that is still pinned was pinned all the time, unless it was
 * pinned again: see struct proof.
 */
static int adopt_compare_chunk(struct adoption *adoption, unsigned long at, unsigned int nr)
{
	int ret;

	ret = adopt_fetch(adoption, at, adoption->pfns, nr);
	if (!ret)
		ret = adopt_compare_pages(adoption, at, nr);
	if (!ret)
		ret = adopt_fetch(adoption, at, adoption->again, nr);
	if (!ret && memcmp(adoption->pfns, adoption->again, nr * sizeof(*adoption->pfns)))
		ret = -EAGAIN;
	return ret;
}

static void adopt_notify_progress(struct adoption *adoption)
{
	unsigned int interval = READ_ONCE(progress_ms);

	if (!interval || time_before(jiffies, adoption->notified + msecs_to_jiffies(interval)))
		return;
	adoption->notified = jiffies;
	adoption->progress->notify(adoption->done, adoption->total, adoption->progress->arg);
}

static void proof_advance(struct proof *proof, unsigned long done, const unsigned long *pfns,
			  unsigned int nr)
{
	proof->done = done;
	proof->digest = dmaown_id_of_chain(proof->digest, pfns, nr * sizeof(*pfns));
}

static int adopt_compare_orphan(struct adoption *adoption, struct proof *proof)
{
	const struct owner *to = adoption->plan->to;
	unsigned long at = proof->done;
	int ret;

	adoption->differs = false;
	while (at < proof->pages_nr) {
		unsigned int nr = min(proof->pages_nr - at, CHUNK);

		ret = adopt_compare_chunk(adoption, at, nr);
		if (ret)
			return ret;
		at += nr;
		adoption->done += (u64)nr << PAGE_SHIFT;
		if (!adoption->differs)
			proof_advance(proof, at, adoption->pfns, nr);
		adopt_notify_progress(adoption);
		if (signal_pending(current))
			return -EINTR;
		if (!dmaown_process_uses_mm(to->task, to->mm))
			return -EBUSY;
		cond_resched();
	}
	return 0;
}

static int adopt_compare_all(struct adoption *adoption, struct proofs *proofs)
{
	const struct plan *plan = adoption->plan;
	struct proof *proof;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < plan->orphans_nr; i++) {
		proof = proofs_find(proofs, &plan->orphans[i]);
		adoption->total += (u64)(proof->pages_nr - proof->done) << PAGE_SHIFT;
	}
	for (i = 0; i < plan->orphans_nr && !ret; i++) {
		adoption->orphan = &plan->orphans[i];
		ret = adopt_compare_orphan(adoption, proofs_find(proofs, &plan->orphans[i]));
	}
	return ret;
}

int dmaown_adopt_compare(struct proofs *proofs, const struct plan *plan, struct reports *reports,
			 const struct progress *progress)
{
	ktime_t begin = ktime_get();
	struct adoption *adoption;
	ktime_t worked;
	int ret;

	if (!plan->orphans_nr)
		return 0;
	adoption = kzalloc(sizeof(*adoption), GFP_KERNEL);
	if (!adoption)
		return -ENOMEM;
	adoption->plan = plan;
	adoption->reports = reports;
	adoption->progress = progress;
	adoption->notified = jiffies;
	adoption->budget = wait_budget_of(COMPARE_WAIT);
	ret = proofs_make(proofs, plan) ?: adopt_compare_all(adoption, proofs);
	/* Other processes can make the wait for locks long: it does not count as work. */
	worked = ktime_sub_ns(ktime_sub(ktime_get(), begin), adoption->budget.waited_ns);
	proofs->worked = ktime_add(proofs->worked, worked);
	kfree(adoption);
	return ret;
}
