// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lock containers, and change owners under the locks.
 *
 * All code that reads or changes a mapping holds the lock of the vfio_iommu, whether it runs for
 * user space or for an emulated device (private.h). The lock is taken with a trylock: VFIO holds it
 * while it pins, which takes as long as the page faults do.
 */
#include <linux/iommu.h>
#include <linux/sched/signal.h>

#include "private.h"

/* Mappings that are walked between two calls of cond_resched() */
#define WALK_STEPS 1024

struct type1_locks {
	struct lockset_part part;
	/* The number of locked entries, from the first container on. */
	unsigned int containers_locked;
	unsigned int iommus_locked;
};

static struct type1_locks *type1_locks_of(struct lockset_part *part)
{
	return container_of(part, struct type1_locks, part);
}

struct lockset_part *dmaown_type1_part_alloc(void)
{
	struct type1_locks *locks = kzalloc(sizeof(*locks), GFP_KERNEL);

	return locks ? &locks->part : NULL;
}

void dmaown_type1_part_free(struct lockset_part *part)
{
	kfree(type1_locks_of(part));
}

static struct layout_vfio_container *type1_container_at(const struct type1_locks *locks,
							unsigned int i)
{
	return locks->part.contexts[i].self;
}

/* The container is locked. */
static struct layout_vfio_iommu *type1_iommu_at(const struct type1_locks *locks, unsigned int i)
{
	return dmaown_type1_iommu(type1_container_at(locks, i));
}

void dmaown_type1_unlock(struct lockset_part *part)
{
	struct type1_locks *locks = type1_locks_of(part);
	struct layout_vfio_container *container;

	lockdep_assert_held(part->nest);
	while (locks->iommus_locked) {
		mutex_unlock(&type1_iommu_at(locks, --locks->iommus_locked)->lock);
		cond_resched();
	}
	while (locks->containers_locked) {
		container = type1_container_at(locks, --locks->containers_locked);
		dmaown_type1_unlock_container(container);
		cond_resched();
	}
}

/*
 * A process can have very many containers, so each may reschedule, and a caller that is being
 * killed locks no more. Return: 0, -EBUSY or -EINTR.
 */
static int type1_lock_containers(struct type1_locks *locks)
{
	lockdep_assert_held(locks->part.nest);
	for (; locks->containers_locked < locks->part.nr; locks->containers_locked++) {
		struct layout_vfio_container *container =
			type1_container_at(locks, locks->containers_locked);

		if (fatal_signal_pending(current))
			return -EINTR;
		if (!dmaown_type1_trylock_container(container))
			return -EBUSY;
		LOCK_NESTS(&locks->part, &container->group_lock, true);
		cond_resched();
	}
	return 0;
}

/* Return: as type1_lock_containers(). */
static int type1_lock_iommus(struct type1_locks *locks)
{
	for (; locks->iommus_locked < locks->part.nr; locks->iommus_locked++) {
		struct layout_vfio_iommu *iommu = type1_iommu_at(locks, locks->iommus_locked);

		if (fatal_signal_pending(current))
			return -EINTR;
		if (!mutex_trylock(&iommu->lock))
			return -EBUSY;
		LOCK_NESTS(&locks->part, &iommu->lock, false);
		cond_resched();
	}
	return 0;
}

int dmaown_type1_lock(struct lockset_part *part, struct lockset_place *where)
{
	struct type1_locks *locks = type1_locks_of(part);
	unsigned int failed;
	int ret;

	ret = type1_lock_containers(locks) ?: type1_lock_iommus(locks);
	if (!ret)
		return 0;
	failed = locks->iommus_locked;
	if (locks->containers_locked < part->nr)
		failed = locks->containers_locked;
	*where = (struct lockset_place){ .context = part->first + failed, .ioas = TYPE1_IOAS };
	dmaown_type1_unlock(part);
	return ret;
}

static struct owner type1_owner_of(const struct layout_vfio_dma *dma)
{
	return (struct owner){ dma->task, dma->mm };
}

static void type1_view_area(struct locked_area *view, struct layout_vfio_dma *dma)
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
	view->owner = type1_owner_of(dma);
}

/* Count mappings, and call cond_resched() after every WALK_STEPS. */
static void type1_step(unsigned int *steps)
{
	if (!(++*steps % WALK_STEPS))
		cond_resched();
}

/*
 * Does a mapping follow directly on those of a view in the owner's address space, and look alike?
 */
static bool type1_extends(const struct locked_area *view, const struct layout_vfio_dma *dma)
{
	return dma->task == view->owner.task && dma->mm == view->owner.mm &&
	       area_continues(view, dma->vaddr) && !dma->vaddr_invalid &&
	       !!(dma->prot & IOMMU_WRITE) == view->writable;
}

/*
 * Extend a view by the similar mappings that follow it, up to WALK_STEPS in all. Return: the first
 * mapping that is not part of the view, or NULL.
 */
static struct layout_vfio_dma *type1_extend_view(struct locked_area *view,
						 struct layout_vfio_dma *dma, unsigned int *steps)
{
	while (dma && !view->invalid && view->nr < WALK_STEPS && type1_extends(view, dma)) {
		view->nr++;
		view->npages += dma->size >> PAGE_SHIFT;
		view->npinned += type1_locked(dma);
		view->charged += dma->locked_vm;
		type1_step(steps);
		dma = next_dma(dma);
	}
	return dma;
}

/* Walk one container. *steps counts the mappings of all containers. */
static int type1_walk_one(struct layout_vfio_iommu *iommu, struct locked_area *view, bool detail,
			  unsigned int *steps, area_fn fn, void *arg)
{
	struct layout_vfio_dma *dma = first_dma(iommu);
	int ret = 0;

	lockdep_assert_held(&iommu->lock);
	while (dma && !ret) {
		type1_view_area(view, dma);
		dma = next_dma(dma);
		if (!detail)
			dma = type1_extend_view(view, dma, steps);
		ret = fn(view, arg);
		type1_step(steps);
		if (fatal_signal_pending(current))
			ret = ret ?: -EINTR;
	}
	return ret;
}

int dmaown_type1_walk(struct lockset_part *part, bool detail, area_fn fn, void *arg)
{
	struct type1_locks *locks = type1_locks_of(part);
	struct locked_area view = {};
	unsigned int i, steps = 0;
	int ret = 0;

	for (i = 0; i < part->nr && !ret; i++) {
		view.place = (struct lockset_place){ part->first + i, TYPE1_IOAS };
		ret = type1_walk_one(type1_iommu_at(locks, i), &view, detail, &steps, fn, arg);
	}
	return ret;
}

/* An owner that stays in the same address space keeps its charge, with or without a limit. */
static void type1_set_dma_owner(struct layout_vfio_dma *dma, const struct owner *owner,
				bool privileged)
{
	if (dma->mm != owner->mm)
		dma->lock_cap = privileged;
	dma->task = owner->task;
	dma->mm = owner->mm;
	dma->locked_vm = type1_locked(dma);
}

static size_t type1_move_one(struct layout_vfio_iommu *iommu, const struct takeover *takeover,
			     unsigned int *steps)
{
	struct owner cached = {};
	bool takes = false;
	struct layout_vfio_dma *dma;
	size_t nr = 0;

	lockdep_assert_held(&iommu->lock);
	for (dma = first_dma(iommu); dma; dma = next_dma(dma)) {
		/* Cache the last answer: neighbours usually share an owner. */
		if (dma->task != cached.task || dma->mm != cached.mm) {
			cached = type1_owner_of(dma);
			takes = takeover->takes(&cached, takeover->arg);
		}
		if (takes) {
			type1_set_dma_owner(dma, takeover->to, takeover->privileged);
			nr++;
		}
		type1_step(steps);
	}
	return nr;
}

size_t dmaown_type1_move_owners(struct lockset_part *part, const struct takeover *takeover)
{
	struct type1_locks *locks = type1_locks_of(part);
	unsigned int i, steps = 0;
	size_t nr = 0;

	/* All mappings are by address. */
	if (!takeover->by_address)
		return 0;
	for (i = 0; i < part->nr; i++)
		nr += type1_move_one(type1_iommu_at(locks, i), takeover, &steps);
	return nr;
}

void dmaown_type1_set_owner(void *self, struct pages *pages, const struct owner *owner,
			    bool privileged)
{
	const struct layout_vfio_iommu *iommu = dmaown_type1_iommu(self);

	lockdep_assert_held(&iommu->lock);
	type1_set_dma_owner((struct layout_vfio_dma *)pages, owner, privileged);
}

/* An address that was taken back (VFIO_DMA_UNMAP_FLAG_VADDR) becomes valid again. */
void dmaown_type1_set_addr(void *self, struct pages *pages, unsigned long addr)
{
	struct layout_vfio_dma *dma = (struct layout_vfio_dma *)pages;
	struct layout_vfio_iommu *iommu = dmaown_type1_iommu(self);

	lockdep_assert_held(&iommu->lock);
	dma->vaddr = addr;
	if (dma->vaddr_invalid) {
		dma->vaddr_invalid = false;
		iommu->vaddr_invalid_count--;
	}
}
