// SPDX-License-Identifier: GPL-2.0-only
/*
 * An owner's address space that is gone, or an address that was taken back, leaves nothing to
 * compare with but the pages that were pinned: the new owner must have just these. Every page is
 * asked for where it is kept, and compared folio by folio with what the new owner's file has at
 * that place.
 *
 * Each area is proven, not each pages object: what no area shows any more nobody can get at.
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
#include "grow.h"
#include "id.h"
#include "memory.h"
#include "tries.h"

/* How many pages are looked at in one go. */
#define CHUNK		256UL

static unsigned int progress_ms = 1000;
module_param(progress_ms, uint, 0644);
MODULE_PARM_DESC(progress_ms,
		 "Milliseconds between two progress events of a transfer that compares pages; 0: none");

/* PROOFS */

void proofs_init(struct proofs *proofs)
{
	memset(proofs, 0, sizeof(*proofs));
}

static void proofs_forget(struct proofs *proofs)
{
	while (proofs->nr)
		mmdrop(proofs->array[--proofs->nr].mm);
	if (proofs->to)
		mmdrop(proofs->to);
	proofs->to = NULL;
}

void proofs_free(struct proofs *proofs)
{
	proofs_forget(proofs);
	kvfree(proofs->array);
	kfree(proofs->pfns);
}

static unsigned long first_page(const struct orphan *orphan)
{
	return orphan->new_addr & PAGE_MASK;
}

static struct proof proof_of(const struct orphan *orphan)
{
	unsigned long size = orphan->last - orphan->iova + 1;

	return (struct proof){
		.mm = orphan->source->owner.mm,
		.pages = orphan->pages,
		.first = orphan->first,
		.new_addr = orphan->new_addr,
		.size = size,
		.pages_nr = PAGE_ALIGN(offset_in_page(orphan->new_addr) + size) >> PAGE_SHIFT,
	};
}

static int proof_compare(const void *a, const void *b)
{
	const struct proof *x = a;
	const struct proof *y = b;

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

static struct proof *find_proof(const struct proofs *proofs, const struct orphan *orphan)
{
	struct proof wanted = proof_of(orphan);

	return bsearch(&wanted, proofs->array, proofs->nr, sizeof(wanted), proof_compare);
}

/* Whether what is pinned is still what was compared. If not, it is to be compared again. */
static bool still_pinned(const struct proofs *proofs, struct proof *proof,
			 const struct orphan *orphan, struct context ctx)
{
	unsigned long at;
	u64 sum = 0;

	if (!pages_may_change(ctx))
		return true;
	for (at = 0; at < proof->pages_nr; at += CHUNK) {
		unsigned int nr = min(proof->pages_nr - at, CHUNK);

		nr = pages_pinned(ctx, orphan->pages, orphan->first + at, proofs->pfns, nr);
		sum = id_of_chain(sum, proofs->pfns, nr * sizeof(*proofs->pfns));
		cond_resched();
	}
	if (sum == proof->sum)
		return true;
	proof->done = 0;
	proof->sum = 0;
	return false;
}

bool proofs_cover(struct proofs *proofs, const struct plan *plan)
{
	unsigned int i;

	if (plan->orphans_nr && proofs->to != plan->to->mm)
		return false;
	for (i = 0; i < plan->orphans_nr; i++) {
		const struct orphan *orphan = &plan->orphans[i];
		struct proof *proof = find_proof(proofs, orphan);

		if (!proof || proof->done < proof->pages_nr ||
		    !still_pinned(proofs, proof, orphan, plan->contexts[orphan->place.context]))
			return false;
	}
	return true;
}

static int add_proof(struct proofs *proofs, const struct orphan *orphan)
{
	struct proof *array = grow(proofs->array, proofs->nr, &proofs->room, sizeof(*array));

	if (!array)
		return -ENOMEM;
	proofs->array = array;
	array[proofs->nr] = proof_of(orphan);
	mmgrab(array[proofs->nr++].mm);
	return 0;
}

/* Of areas that were copied, several show the same. */
static void drop_twins(struct proofs *proofs)
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

/* A proof for each orphan, begun or not: new ones come behind, and then all are sorted. */
static int make_proofs(struct proofs *proofs, const struct plan *plan)
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
		struct proof wanted = proof_of(&plan->orphans[i]);

		if (!bsearch(&wanted, proofs->array, known, sizeof(wanted), proof_compare))
			ret = add_proof(proofs, &plan->orphans[i]);
	}
	if (proofs->nr > known) {
		sort(proofs->array, proofs->nr, sizeof(*proofs->array), proof_compare, NULL);
		drop_twins(proofs);
	}
	return ret;
}

/* COMPARING */

struct adoption {
	const struct plan *plan;
	struct reports *reports;
	const struct progress *progress;
	unsigned long told;		/* jiffies of the last progress event */
	u64 done;			/* bytes */
	u64 total;
	unsigned int tries;		/* left */
	ktime_t waited;

	const struct orphan *orphan;	/* at hand */
	bool differs;
	unsigned long pfns[CHUNK];
	unsigned long again[CHUNK];
};

/* A stretch of pages, by their addresses in the new owner, as part of the orphan at hand. */
static int report_stretch(enum dmaown_reason reason, unsigned long addr, unsigned long length,
			  void *arg)
{
	struct adoption *adoption = arg;
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

	adoption->differs = true;
	report_add(adoption->reports, &report);
	return 0;
}

/* Waiting for what others have locked is not work, and what others can make long. */
static bool wait_for_lock(struct adoption *adoption)
{
	ktime_t begin = ktime_get();
	bool again = try_again(&adoption->tries);

	adoption->waited = ktime_add(adoption->waited, ktime_sub(ktime_get(), begin));
	return again;
}

/* The page frames behind the orphan at hand, from its page at on. */
static int fetch(struct adoption *adoption, unsigned long at, unsigned long *pfns, unsigned int nr)
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
		ret = context_pinned(adoption->plan->contexts[orphan->place.context], &stretch,
				     pfns, nr);
	} while (ret == -EAGAIN && wait_for_lock(adoption));
	if (ret == -EAGAIN)
		return -EBUSY;
	return ret == nr ? 0 : -EAGAIN;
}

static int compare(struct adoption *adoption, unsigned long at, unsigned int nr)
{
	const struct orphan *orphan = adoption->orphan;
	int ret;

	do {
		ret = memory_compare_pfns(adoption->plan->to->mm,
					  first_page(orphan) + (at << PAGE_SHIFT), adoption->pfns,
					  nr, orphan->want, report_stretch, adoption);
	} while (ret == -EBUSY && wait_for_lock(adoption));
	return ret;
}

/*
 * One chunk. A page that is not pinned any more after the comparison may have been somebody else's
 * during it. One that is was so all the time, unless it was pinned anew: see struct proof.
 */
static int compare_chunk(struct adoption *adoption, unsigned long at, unsigned int nr)
{
	int ret;

	ret = fetch(adoption, at, adoption->pfns, nr) ?:
	      compare(adoption, at, nr) ?:
	      fetch(adoption, at, adoption->again, nr);
	if (!ret && memcmp(adoption->pfns, adoption->again, nr * sizeof(*adoption->pfns)))
		ret = -EAGAIN;
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

static void advance(struct proof *proof, unsigned long done, const unsigned long *pfns,
		    unsigned int nr)
{
	proof->done = done;
	proof->sum = id_of_chain(proof->sum, pfns, nr * sizeof(*pfns));
}

static int compare_orphan(struct adoption *adoption, struct proof *proof)
{
	const struct owner *to = adoption->plan->to;
	unsigned long at = proof->done;
	int ret;

	adoption->differs = false;
	while (at < proof->pages_nr) {
		unsigned int nr = min(proof->pages_nr - at, CHUNK);

		ret = compare_chunk(adoption, at, nr);
		if (ret)
			return ret;
		at += nr;
		adoption->done += (u64)nr << PAGE_SHIFT;
		if (!adoption->differs)
			advance(proof, at, adoption->pfns, nr);
		tell_progress(adoption);
		if (signal_pending(current))
			return -EINTR;
		if (!process_uses_mm(to->task, to->mm))
			return -EBUSY;
		cond_resched();
	}
	return 0;
}

static int compare_all(struct adoption *adoption, struct proofs *proofs)
{
	const struct plan *plan = adoption->plan;
	struct proof *proof;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < plan->orphans_nr; i++) {
		proof = find_proof(proofs, &plan->orphans[i]);
		adoption->total += (u64)(proof->pages_nr - proof->done) << PAGE_SHIFT;
	}
	for (i = 0; i < plan->orphans_nr && !ret; i++) {
		adoption->orphan = &plan->orphans[i];
		ret = compare_orphan(adoption, find_proof(proofs, &plan->orphans[i]));
	}
	return ret;
}

int adopt_compare(struct proofs *proofs, const struct plan *plan, struct reports *reports,
		  const struct progress *progress)
{
	ktime_t begin = ktime_get();
	struct adoption *adoption;
	int ret;

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
	ret = make_proofs(proofs, plan) ?: compare_all(adoption, proofs);
	proofs->worked = ktime_add(proofs->worked, ktime_sub(ktime_sub(ktime_get(), begin),
							     adoption->waited));
	kfree(adoption);
	return ret;
}
