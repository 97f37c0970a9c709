// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holding containers still, and changing owners meanwhile.
 *
 * Whatever reads or changes a mapping holds the lock of the vfio_iommu, be it on behalf of user
 * space or of an emulated device (private.h). It is taken with a trylock: VFIO holds it while it
 * pins, which takes as long as somebody's page faults.
 */
#include <linux/iommu.h>
#include <linux/sched/signal.h>

#include "private.h"

/* How many mappings are walked before others get the processor. */
#define WALK_STEPS	1024

struct type1_locks {
	struct lockset_part part;
	/* How many, from the first container on, are locked. */
	unsigned int containers_locked;
	unsigned int iommus_locked;
};

static struct type1_locks *to_locks(struct lockset_part *part)
{
	return container_of(part, struct type1_locks, part);
}

struct lockset_part *type1_part_alloc(void)
{
	struct type1_locks *locks = kzalloc(sizeof(*locks), GFP_KERNEL);

	return locks ? &locks->part : NULL;
}

void type1_part_free(struct lockset_part *part)
{
	kfree(to_locks(part));
}

static struct layout_vfio_container *container_at(const struct type1_locks *locks, unsigned int i)
{
	return locks->part.contexts[i].self;
}

/* Of a container that is locked. */
static struct layout_vfio_iommu *iommu_at(const struct type1_locks *locks, unsigned int i)
{
	return type1_iommu(container_at(locks, i));
}

void type1_unlock(struct lockset_part *part)
{
	struct type1_locks *locks = to_locks(part);

	while (locks->iommus_locked)
		mutex_unlock(&iommu_at(locks, --locks->iommus_locked)->lock);
	while (locks->containers_locked)
		type1_unlock_container(container_at(locks, --locks->containers_locked));
}

static bool lock_containers(struct type1_locks *locks)
{
	for (; locks->containers_locked < locks->part.nr; locks->containers_locked++) {
		struct layout_vfio_container *container =
			container_at(locks, locks->containers_locked);

		if (!type1_trylock_container(container))
			return false;
		LOCK_NESTS(&locks->part, &container->group_lock, true);
	}
	return true;
}

static bool lock_iommus(struct type1_locks *locks)
{
	for (; locks->iommus_locked < locks->part.nr; locks->iommus_locked++) {
		struct layout_vfio_iommu *iommu = iommu_at(locks, locks->iommus_locked);

		if (!mutex_trylock(&iommu->lock))
			return false;
		LOCK_NESTS(&locks->part, &iommu->lock, false);
	}
	return true;
}

int type1_lock(struct lockset_part *part, struct lockset_place *who)
{
	struct type1_locks *locks = to_locks(part);

	if (lock_containers(locks) && lock_iommus(locks))
		return 0;
	*who = (struct lockset_place){
		.context = part->first + (locks->containers_locked < part->nr ?
					  locks->containers_locked : locks->iommus_locked),
		.ioas = TYPE1_IOAS,
	};
	type1_unlock(part);
	return -EBUSY;
}

static struct owner owner_of(const struct layout_vfio_dma *dma)
{
	return (struct owner){ dma->task, dma->mm };
}

static void view_area(struct locked_area *view, struct layout_vfio_dma *dma)
{
	view->nr = 1;
	view->iova = dma->iova;
	view->last = dma->iova + dma->size - 1;
	view->pages = (struct pages *)dma;
	view->sharers = 1;
	view->source = DMAOWN_SOURCE_ADDRESS;
	view->invalid = dma->vaddr_invalid;
	view->writable = dma->prot & IOMMU_WRITE;
	view->mode = DMAOWN_MODE_MM;
	view->addr = dma->vaddr;
	view->npages = dma->size >> PAGE_SHIFT;
	view->npinned = type1_locked(dma);
	view->charged = dma->locked_vm;
	view->owner = owner_of(dma);
}

/* Counts mappings; lets others have the processor every so many. */
static void step(unsigned int *steps)
{
	if (!(++*steps % WALK_STEPS))
		cond_resched();
}

/* Whether a mapping begins in its owner's address space where those of a view end. */
static bool goes_on(const struct locked_area *view, const struct layout_vfio_dma *dma)
{
	return dma->task == view->owner.task && dma->mm == view->owner.mm &&
	       area_continues(view, dma->vaddr) && !dma->vaddr_invalid &&
	       !!(dma->prot & IOMMU_WRITE) == view->writable;
}

/*
 * Adds those that follow and are alike to a view, though not so many that others wait for long;
 * returns the first that is not.
 */
static struct layout_vfio_dma *view_more(struct locked_area *view, struct layout_vfio_dma *dma,
					 unsigned int *steps)
{
	while (dma && !view->invalid && view->nr < WALK_STEPS && goes_on(view, dma)) {
		view->nr++;
		view->npages += dma->size >> PAGE_SHIFT;
		view->npinned += type1_locked(dma);
		view->charged += dma->locked_vm;
		step(steps);
		dma = next_dma(dma);
	}
	return dma;
}

/* One container; *steps counts mappings through all of them. */
static int walk_one(struct layout_vfio_iommu *iommu, struct locked_area *view, bool detail,
		    unsigned int *steps, area_fn fn, void *arg)
{
	struct layout_vfio_dma *dma = first_dma(iommu);
	int ret = 0;

	while (dma && !ret) {
		view_area(view, dma);
		dma = next_dma(dma);
		if (!detail)
			dma = view_more(view, dma, steps);
		ret = fn(view, arg);
		step(steps);
		if (fatal_signal_pending(current))
			ret = ret ?: -EINTR;
	}
	return ret;
}

int type1_walk(struct lockset_part *part, bool detail, area_fn fn, void *arg)
{
	struct type1_locks *locks = to_locks(part);
	struct locked_area view = {};
	unsigned int i, steps = 0;
	int ret = 0;

	for (i = 0; i < part->nr && !ret; i++) {
		view.place = (struct lockset_place){ part->first + i, TYPE1_IOAS };
		ret = walk_one(iommu_at(locks, i), &view, detail, &steps, fn, arg);
	}
	return ret;
}

/* Who stays in the same address space keeps what it has been charged with, limit or not. */
static void set_owner(struct layout_vfio_dma *dma, const struct owner *owner, bool privileged)
{
	if (dma->mm != owner->mm)
		dma->lock_cap = privileged;
	dma->task = owner->task;
	dma->mm = owner->mm;
	dma->locked_vm = type1_locked(dma);
}

static size_t give_one(struct layout_vfio_iommu *iommu, const struct giving *giving,
		       unsigned int *steps)
{
	struct owner last = {};
	bool gives = false;
	struct layout_vfio_dma *dma;
	size_t nr = 0;

	for (dma = first_dma(iommu); dma; dma = next_dma(dma)) {
		/* Who gives is asked only where the owner is another one than before. */
		if (dma->task != last.task || dma->mm != last.mm) {
			last = owner_of(dma);
			gives = giving->gives(&last, giving->arg);
		}
		if (gives) {
			set_owner(dma, giving->to, giving->privileged);
			nr++;
		}
		step(steps);
	}
	return nr;
}

size_t type1_give(struct lockset_part *part, const struct giving *giving)
{
	struct type1_locks *locks = to_locks(part);
	unsigned int i, steps = 0;
	size_t nr = 0;

	/* All is mapped by address. */
	if (!giving->by_address)
		return 0;
	for (i = 0; i < part->nr; i++)
		nr += give_one(iommu_at(locks, i), giving, &steps);
	return nr;
}

void type1_set_owner(void *self, struct pages *pages, const struct owner *owner, bool privileged)
{
	set_owner((struct layout_vfio_dma *)pages, owner, privileged);
}

/* An address that did not hold (VFIO_DMA_UNMAP_FLAG_VADDR) does from now on. */
void type1_set_addr(void *self, struct pages *pages, unsigned long addr)
{
	struct layout_vfio_dma *dma = (struct layout_vfio_dma *)pages;

	dma->vaddr = addr;
	if (dma->vaddr_invalid) {
		dma->vaddr_invalid = false;
		type1_iommu(self)->vaddr_invalid_count--;
	}
}
