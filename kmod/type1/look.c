// SPDX-License-Identifier: GPL-2.0-only
/* Containers and what is in them. See private.h for the locks. */
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/string.h>
#include <linux/vfio.h>

#include "private.h"

struct layout_vfio_dma *type1_dma_from(const struct layout_vfio_iommu *iommu, u64 iova)
{
	struct rb_node *node = iommu->dma_list.rb_node;
	struct layout_vfio_dma *found = NULL;

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

/* OBJECTS: the address space, and the devices of all groups, numbered as they come. */

struct listing {
	u32 next;			/* the number of the next object */
	u32 from;			/* the first that is wanted */
	struct object *batch;
	unsigned int nr;
	unsigned int done;
};

/* The next object, if it is wanted; NULL if it is not. Full: as well, and *more. */
static struct object *add_object(struct listing *listing, enum object_type type, bool *more)
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

static bool add_devices(struct listing *listing, struct layout_vfio_group *group)
{
	struct vfio_device *device;
	struct object *object;
	bool more = false;

	list_for_each_entry(device, &group->device_list, group_next) {
		object = add_object(listing, OBJECT_DEVICE, &more);
		if (more)
			break;
		if (!object)
			continue;
		object->ioas = TYPE1_IOAS;
		strscpy(object->name, dev_name(device->dev), sizeof(object->name));
	}
	return more;
}

static int add_objects(struct listing *listing, const struct layout_vfio_container *container)
{
	struct layout_vfio_group *group;
	struct object *object;
	bool more = false;

	object = add_object(listing, OBJECT_IOAS, &more);
	if (object)
		object->alignment = PAGE_SIZE;
	list_for_each_entry(group, &container->group_list, container_next) {
		if (!mutex_trylock(&group->device_lock))
			return -EAGAIN;
		more = more || add_devices(listing, group);
		mutex_unlock(&group->device_lock);
	}
	return more;
}

int type1_objects(void *self, u32 *id, struct object *batch, unsigned int nr, unsigned int *done)
{
	struct listing listing = { .next = TYPE1_IOAS, .from = *id, .batch = batch, .nr = nr };
	struct layout_vfio_container *container = self;
	int ret;

	*done = 0;
	if (!type1_has_iommu(container))
		return 0;
	if (!type1_trylock_container(container))
		return -EAGAIN;
	ret = add_objects(&listing, container);
	type1_unlock_container(container);
	if (ret < 0)
		return ret;
	*done = listing.done;
	if (listing.done)
		*id = batch[listing.done - 1].id + 1;
	return ret;
}

/* AREAS */

static void copy_area(struct area *to, struct layout_vfio_dma *dma)
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
		.unlimited = dma->lock_cap,
		.start = dma->vaddr,
		.sharers = 1,
		.npinned = type1_locked(dma),
		.mode = DMAOWN_MODE_MM,
		.owner = { dma->task, dma->mm },
	};
	owner_get(&to->owner);
}

static int copy_areas(const struct layout_vfio_iommu *iommu, struct cursor *cursor,
		      struct area *batch, unsigned int nr)
{
	struct layout_vfio_dma *dma = type1_dma_from(iommu, cursor->key);
	unsigned int done = 0;

	for (; dma; dma = next_dma(dma)) {
		if (done == nr) {
			cursor->key = dma->iova;
			return done;
		}
		copy_area(&batch[done++], dma);
	}
	cursor->id++;
	return done;
}

int type1_areas(void *self, struct cursor *cursor, struct area *batch, unsigned int nr)
{
	struct layout_vfio_container *container = self;
	struct layout_vfio_iommu *iommu;
	int done;

	if (cursor->id > TYPE1_IOAS || cursor->last_id < TYPE1_IOAS)
		return 0;
	cursor->id = TYPE1_IOAS;
	if (type1_lock_both(container, &iommu))
		return -EAGAIN;
	done = iommu ? copy_areas(iommu, cursor, batch, nr) : 0;
	type1_unlock_both(container, iommu);
	return done;
}

/* Emulated devices pin through the container itself. */
int type1_accesses(void *self, struct cursor *cursor, struct access *batch, unsigned int nr)
{
	return 0;
}

/* PAGES */

/*
 * What is pinned is in the page tables of any domain. Without one, what emulated devices have
 * pinned one by one is no proof of whose the rest is, and none of it counts.
 */
static unsigned int copy_pfns(struct layout_vfio_iommu *iommu, const struct layout_vfio_dma *dma,
			      unsigned long at, unsigned long *pfns, unsigned int nr)
{
	struct layout_vfio_domain *domain;
	unsigned int done;

	domain = list_first_entry_or_null(&iommu->domain_list, struct layout_vfio_domain, next);
	for (done = 0; done < nr && at + done < dma->size >> PAGE_SHIFT; done++) {
		u64 iova = dma->iova + ((u64)(at + done) << PAGE_SHIFT);
		phys_addr_t phys = 0;

		if (domain && dma->iommu_mapped)
			phys = iommu_iova_to_phys(domain->domain, iova);
		pfns[done] = phys ? phys >> PAGE_SHIFT : PFN_NONE;
	}
	return done;
}

int type1_pinned(void *self, const struct stretch *stretch, unsigned long *pfns, unsigned int nr)
{
	struct layout_vfio_container *container = self;
	const struct layout_vfio_dma *dma = NULL;
	struct layout_vfio_iommu *iommu;
	int done = -ESTALE;

	if (type1_lock_both(container, &iommu))
		return -EAGAIN;
	if (iommu)
		dma = type1_dma_from(iommu, stretch->iova);
	if (dma && dma->iova == stretch->iova && dma == stretch->pages)
		done = copy_pfns(iommu, dma, stretch->at, pfns, nr);
	type1_unlock_both(container, iommu);
	return done;
}

/*
 * A group that joins a container whose mappings are not pinned yet, or no more, has them pinned,
 * from whoever has it join (vfio_iommu_replay()). Under the lock.
 */
unsigned int type1_pinned_now(void *self, const struct pages *pages, unsigned long at,
			      unsigned long *pfns, unsigned int nr)
{
	return copy_pfns(type1_iommu(self), (const struct layout_vfio_dma *)pages, at, pfns, nr);
}
