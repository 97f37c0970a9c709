// SPDX-License-Identifier: GPL-2.0-only
/* Copy the content of containers. See private.h for the locks. */
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/string.h>
#include <linux/vfio.h>

#include "private.h"
#include "vfio/groups.h"
#include "vfio/vfio.h"

struct layout_vfio_dma *dmaown_type1_dma_from(const struct layout_vfio_iommu *iommu, u64 iova)
{
	struct rb_node *node = iommu->dma_list.rb_node;
	struct layout_vfio_dma *found = NULL;

	lockdep_assert_held(&iommu->lock);
	while (node) {
		struct layout_vfio_dma *dma = to_dma(node);

		if (iova <= dma->iova + dma->size - 1) {
			found = dma;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/* OBJECTS: the address space, and the devices of all groups, numbered in the order of the lists. */

struct listing {
	u32 next; /* number of the next object */
	u32 from; /* number of the first object to copy */
	struct object *batch;
	unsigned int nr;
	unsigned int done;
};

/*
 * Add the next object if its number is in the range. Return: the entry to fill; NULL if it is not
 * in the range, or if the batch is full, and then *more is true.
 */
static struct object *type1_add_object(struct listing *listing, enum object_type type, bool *more)
{
	u32 id = listing->next++;
	struct object *object;

	if (id < listing->from)
		return NULL;
	if (listing->done == listing->nr) {
		*more = true;
		return NULL;
	}
	object = &listing->batch[listing->done++];
	*object = (struct object){ .type = type, .id = id };
	return object;
}

static bool type1_add_devices(struct listing *listing, struct layout_vfio_group *group)
{
	struct vfio_device *device;
	struct object *object;
	bool more = false;

	lockdep_assert_held(&group->device_lock);
	list_for_each_entry(device, &group->device_list, group_next) {
		object = type1_add_object(listing, OBJECT_DEVICE, &more);
		if (more)
			break;
		if (!object)
			continue;
		object->ioas = TYPE1_IOAS;
		object->has_opens = true;
		object->opens = dmaown_vfio_device_opens(device);
		strscpy(object->name, dev_name(device->dev), sizeof(object->name));
	}
	return more;
}

static unsigned int type1_count_open(const struct layout_vfio_group *group)
{
	const struct vfio_device *device;
	unsigned int nr = 0;

	lockdep_assert_held(&group->device_lock);
	list_for_each_entry(device, &group->device_list, group_next)
		nr += dmaown_vfio_device_opens(device) > 0;
	return nr;
}

/*
 * Count the open devices of a group that are no longer in its list, because they are being removed.
 * Return: the number, or -EAGAIN.
 */
static int type1_count_hidden(struct layout_vfio_group *group)
{
	unsigned int users, listed;

	/* Devices are opened and closed under this lock. */
	if (!mutex_trylock(&group->group_lock))
		return -EAGAIN;
	users = group->container_users;
	listed = type1_count_open(group);
	mutex_unlock(&group->group_lock);
	return users > listed + 1 ? users - listed - 1 : 0;
}

static int type1_add_group(struct listing *listing, struct layout_vfio_group *group,
			   struct object *hidden, bool *more)
{
	int nr;

	if (!mutex_trylock(&group->device_lock))
		return -EAGAIN;
	*more = *more || type1_add_devices(listing, group);
	nr = type1_count_hidden(group);
	mutex_unlock(&group->device_lock);
	if (nr <= 0)
		return nr;
	hidden->opens += nr;
	dmaown_vfio_group_name((struct vfio_group *)group, hidden->name, sizeof(hidden->name));
	return 0;
}

static int type1_add_objects(struct listing *listing, const struct layout_vfio_container *container)
{
	struct object hidden = { .opens = 0 };
	struct layout_vfio_group *group;
	struct object *object;
	bool more = false;
	int ret;

	lockdep_assert_held_read(&container->group_lock);
	object = type1_add_object(listing, OBJECT_IOAS, &more);
	if (object)
		object->alignment = PAGE_SIZE;
	list_for_each_entry(group, &container->group_list, container_next) {
		ret = type1_add_group(listing, group, &hidden, &more);
		if (ret)
			return ret;
	}
	object = hidden.opens ? type1_add_object(listing, OBJECT_HIDDEN, &more) : NULL;
	if (object) {
		object->opens = hidden.opens;
		strscpy(object->name, hidden.name, sizeof(object->name));
	}
	return more;
}

int dmaown_type1_objects(void *self, u32 *id, struct object *batch, unsigned int nr,
			 unsigned int *done)
{
	struct listing listing = { .next = TYPE1_IOAS, .from = *id, .batch = batch, .nr = nr };
	struct layout_vfio_container *container = self;
	int ret;

	*done = 0;
	if (!dmaown_type1_has_iommu(container))
		return 0;
	if (!dmaown_type1_trylock_container(container))
		return -EAGAIN;
	ret = type1_add_objects(&listing, container);
	dmaown_type1_unlock_container(container);
	if (ret < 0)
		return ret;
	*done = listing.done;
	if (listing.done)
		*id = batch[listing.done - 1].id + 1;
	return ret;
}

/* AREAS */

/* The domain whose page tables have the pages of a mapping; NULL if no domain has them. */
static struct layout_vfio_domain *type1_domain_of(struct layout_vfio_iommu *iommu,
						  const struct layout_vfio_dma *dma)
{
	lockdep_assert_held(&iommu->lock);
	if (!dma->iommu_mapped)
		return NULL;
	return list_first_entry_or_null(&iommu->domain_list, struct layout_vfio_domain, next);
}

static void type1_copy_area(struct area *to, struct layout_vfio_iommu *iommu,
			    struct layout_vfio_dma *dma)
{
	*to = (struct area){
		.ioas = TYPE1_IOAS,
		.iova = dma->iova,
		.last = dma->iova + dma->size - 1,
		.readable = dma->prot & IOMMU_READ,
		.writable = dma->prot & IOMMU_WRITE,
		.pages = dma,
		.source = DMAOWN_SOURCE_ADDRESS,
		.invalid = dma->vaddr_invalid,
		.hidden = dma->locked_vm && !type1_domain_of(iommu, dma),
		.unlimited = dma->lock_cap,
		.start = dma->vaddr,
		.sharers = 1,
		.npinned = type1_locked(dma),
		.mode = DMAOWN_MODE_MM,
		.owner = { dma->task, dma->mm },
	};
	dmaown_owner_get(&to->owner);
}

static int type1_copy_areas(struct layout_vfio_iommu *iommu, struct cursor *cursor,
			    struct area *batch, unsigned int nr)
{
	struct layout_vfio_dma *dma = dmaown_type1_dma_from(iommu, cursor->key);
	unsigned int done = 0;

	lockdep_assert_held(&iommu->lock);
	for (; dma; dma = next_dma(dma)) {
		if (done == nr) {
			cursor->key = dma->iova;
			return done;
		}
		type1_copy_area(&batch[done++], iommu, dma);
	}
	cursor->id++;
	return done;
}

int dmaown_type1_areas(void *self, struct cursor *cursor, struct area *batch, unsigned int nr)
{
	struct layout_vfio_container *container = self;
	struct layout_vfio_iommu *iommu;
	int done;

	if (cursor->id > TYPE1_IOAS || cursor->last_id < TYPE1_IOAS)
		return 0;
	cursor->id = TYPE1_IOAS;
	if (dmaown_type1_lock_both(container, &iommu))
		return -EAGAIN;
	done = iommu ? type1_copy_areas(iommu, cursor, batch, nr) : 0;
	dmaown_type1_unlock_both(container, iommu);
	return done;
}

/* Containers have no accesses: emulated devices pin through the container itself. */
int dmaown_type1_accesses(void *self, struct cursor *cursor, struct access *batch, unsigned int nr)
{
	return 0;
}

/* PAGES */

/*
 * Copy page frames from the page tables of any domain. Without a domain none count: pages that
 * emulated devices have pinned one by one do not prove whose the other pages are.
 */
static unsigned int type1_copy_pfns(struct layout_vfio_iommu *iommu,
				    const struct layout_vfio_dma *dma, unsigned long at,
				    unsigned long *pfns, unsigned int nr)
{
	struct layout_vfio_domain *domain = type1_domain_of(iommu, dma);
	unsigned int done;

	for (done = 0; done < nr && at + done < dma->size >> PAGE_SHIFT; done++) {
		u64 iova = dma->iova + ((u64)(at + done) << PAGE_SHIFT);
		phys_addr_t phys = 0;

		if (domain)
			phys = iommu_iova_to_phys(domain->domain, iova);
		pfns[done] = phys ? phys >> PAGE_SHIFT : PFN_NONE;
	}
	return done;
}

int dmaown_type1_pinned(void *self, const struct stretch *stretch, unsigned long *pfns,
			unsigned int nr)
{
	struct layout_vfio_container *container = self;
	const struct layout_vfio_dma *dma = NULL;
	struct layout_vfio_iommu *iommu;
	int done = -ESTALE;

	if (dmaown_type1_lock_both(container, &iommu))
		return -EAGAIN;
	if (iommu)
		dma = dmaown_type1_dma_from(iommu, stretch->iova);
	if (dma && dma->iova == stretch->iova && dma == stretch->pages)
		done = type1_copy_pfns(iommu, dma, stretch->at, pfns, nr);
	dmaown_type1_unlock_both(container, iommu);
	return done;
}

/*
 * If a group joins a container whose mappings are not pinned yet, or no longer, they are pinned in
 * the address space of the process that makes it join, whoever the owner is (kernel:
 * vfio_iommu_replay()). Called under the locks.
 */
unsigned int dmaown_type1_pinned_now(void *self, const struct pages *pages, unsigned long at,
				     unsigned long *pfns, unsigned int nr)
{
	return type1_copy_pfns(dmaown_type1_iommu(self), (const struct layout_vfio_dma *)pages, at,
			       pfns, nr);
}
