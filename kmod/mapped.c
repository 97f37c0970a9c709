// SPDX-License-Identifier: GPL-2.0-only
#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/mm_types.h>
#include <linux/rbtree.h>
#include <linux/sched/mm.h>
#include <linux/string.h>

#include "mapped.h"

/* Mappings of a file that are visited: a process can make many */
#define VMA_STEPS 1024

bool dmaown_mapped_has(const struct mapped *mapped, const struct mm_struct *mm)
{
	unsigned int i;

	for (i = 0; i < mapped->nr; i++)
		if (mapped->mms[i] == mm)
			return true;
	return mapped->any;
}

static void mapped_add_mm(struct mapped *mapped, struct mm_struct *mm)
{
	if (dmaown_mapped_has(mapped, mm))
		return;
	if (mapped->nr == MAPPED_MAX) {
		mapped->any = true;
		return;
	}
	mmgrab(mm);
	mapped->mms[mapped->nr++] = mm;
}

/*
 * A mapping is in the tree i_mmap from when it is made until it is unmapped, under i_mmap_rwsem
 * (kernel: mm/vma.c). While it is in the tree, its address space has not been freed.
 */
void dmaown_mapped_add_locked(struct mapped *mapped, struct address_space *mapping)
{
	unsigned int steps = VMA_STEPS;
	struct rb_node *node;

	lockdep_assert_held(&mapping->i_mmap_rwsem);
	for (node = rb_first_cached(&mapping->i_mmap); node && steps; node = rb_next(node), steps--)
		mapped_add_mm(mapped, rb_entry(node, struct vm_area_struct, shared.rb)->vm_mm);
	if (node)
		mapped->any = true;
}

void dmaown_mapped_add(struct mapped *mapped, struct address_space *mapping)
{
	if (!mapping_mapped(mapping))
		return;
	if (!i_mmap_trylock_read(mapping)) {
		mapped->any = true;
		return;
	}
	dmaown_mapped_add_locked(mapped, mapping);
	i_mmap_unlock_read(mapping);
}

void dmaown_mapped_put(struct mapped *mapped)
{
	while (mapped->nr)
		mmdrop(mapped->mms[--mapped->nr]);
	memset(mapped, 0, sizeof(*mapped));
}
