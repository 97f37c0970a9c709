// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page frames that are pinned behind an area.
 *
 * A pages object keeps a page frame in one of two places: in pinned_pfns if an in-kernel access has
 * pinned it, else in the page tables of the storage_domain of any area that shows the page and is
 * in domains_itree (kernel: pages.c, pfn_reader_fill_span()). pages->mutex protects both.
 */
#include <linux/interval_tree.h>
#include <linux/iommu.h>
#include <linux/mutex.h>

#include "private.h"

static bool ictx_area_shows(const struct layout_iopt_area *area, unsigned long index)
{
	return area && area->pages_node.start <= index && area->pages_node.last >= index;
}

static struct layout_iopt_area *ictx_domain_area(struct layout_iopt_pages *pages,
						 unsigned long index)
{
	struct interval_tree_node *node;

	node = interval_tree_iter_first(&pages->domains_itree, index, index);
	return node ? container_of(node, struct layout_iopt_area, pages_node) : NULL;
}

/*
 * The IOVA at which an area shows a page of its pages object. The area may start inside its first
 * page.
 */
static unsigned long ictx_iova_of(const struct layout_iopt_area *area, unsigned long index)
{
	unsigned long nr = index - area->pages_node.start;

	return area->node.start + (nr ? nr * PAGE_SIZE - area->page_offset : 0);
}

/* *cached: the area with a domain that was found last. */
static unsigned long ictx_pinned_pfn(struct layout_iopt_pages *pages, unsigned long index,
				     struct layout_iopt_area **cached)
{
	void *entry = xa_load(&pages->pinned_pfns, index);
	phys_addr_t phys;

	lockdep_assert_held(&pages->mutex);
	if (entry)
		return xa_to_value(entry);
	if (!ictx_area_shows(*cached, index))
		*cached = ictx_domain_area(pages, index);
	if (!*cached || !(*cached)->storage_domain)
		return PFN_NONE;
	phys = iommu_iova_to_phys((*cached)->storage_domain, ictx_iova_of(*cached, index));
	return phys ? phys >> PAGE_SHIFT : PFN_NONE;
}

static int ictx_copy_pfns(struct layout_iopt_area *area, unsigned long index, unsigned long *pfns,
			  unsigned int nr)
{
	struct layout_iopt_pages *pages = area->pages;
	struct layout_iopt_area *cached = NULL;
	unsigned int done;

	if (!mutex_trylock(&pages->mutex))
		return -EAGAIN;
	for (done = 0; done < nr && index <= area->pages_node.last; done++, index++)
		pfns[done] = ictx_pinned_pfn(pages, index, &cached);
	mutex_unlock(&pages->mutex);
	return done;
}

static int ictx_copy_from_ioas(struct layout_iommufd_ioas *ioas, const struct stretch *stretch,
			       unsigned long *pfns, unsigned int nr)
{
	struct interval_tree_node *node;
	struct layout_iopt_area *area;
	int done = -ESTALE;

	if (!down_read_trylock(&ioas->iopt.iova_rwsem))
		return -EAGAIN;
	node = interval_tree_iter_first(&ioas->iopt.area_itree, stretch->iova, stretch->iova);
	area = to_area(node ? &node->rb : NULL);
	if (area && area->node.start == stretch->iova && area->pages == stretch->pages &&
	    area->pages_node.start == stretch->first)
		done = ictx_copy_pfns(area, stretch->first + stretch->at, pfns, nr);
	up_read(&ioas->iopt.iova_rwsem);
	return done;
}

static struct layout_iommufd_ioas *ictx_find_ioas(struct layout_iommufd_ctx *ctx, u32 id)
{
	struct layout_iommufd_ioas *ioas = NULL;
	struct layout_iommufd_object *obj;

	xa_lock(&ctx->objects);
	obj = xa_load(&ctx->objects, id);
	if (obj && obj->type == LAYOUT_IOMMUFD_OBJ_IOAS) {
		ioas = to_ioas(obj);
		ioas_get(ctx, ioas);
	}
	xa_unlock(&ctx->objects);
	return ioas;
}

int dmaown_iommufd_pinned(void *self, const struct stretch *stretch, unsigned long *pfns,
			  unsigned int nr)
{
	struct layout_iommufd_ctx *ctx = to_ctx(self);
	struct layout_iommufd_ioas *ioas = ictx_find_ioas(ctx, stretch->ioas);
	int done;

	if (!ioas)
		return -ESTALE;
	done = ictx_copy_from_ioas(ioas, stretch, pfns, nr);
	ioas_put(ctx, ioas);
	return done;
}
