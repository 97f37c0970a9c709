// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the page frame behind an address is found depends on the mapping:
 *
 * a shared mapping of a file	shows the pages in the file's page cache, now or once it is touched.
 *				A pinned page that is no longer there has been cut off, by a hole in
 *				the file for example: reclaim and migration leave pinned pages
 *				there (kernel: mm/vmscan.c, mm/migrate.c). So an entry of shmem's
 *				that stands for a swapped page is as good as none.
 * memory of a device		is in the page tables, without a struct page.
 * all other memory		is in the page tables too: private memory, and memory that drivers
 *				and DAX map page by page. get_user_pages_remote() with FOLL_NOFAULT
 *				finds what is present, and fails with EFAULT for what is not.
 *
 * The page tables and VMAs are read under mmap_lock, which is taken with a trylock. A reference on
 * mm_count is enough: an address space that loses its last user is emptied under the read side of
 * the lock, as by madvise(), and frees its page tables and VMAs under the write side (kernel:
 * mm/mmap.c, exit_mmap()). A reference on mm_users would delay that beyond the exit of the process,
 * and with it the close of all that the process maps. A VMA of hugetlbfs that is shared loses its
 * own lock under the read side already: its page tables are never walked here, because it is found
 * in the page cache.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pagemap.h>
#include <linux/string.h>

#include "context.h"
#include "shown.h"

bool dmaown_shown_has_inode(const struct file *file)
{
#ifdef IS_ANON_FILE
	if (IS_ANON_FILE(file_inode(file)))
		return false;
#endif
	return S_ISREG(file_inode(file)->i_mode);
}

unsigned long dmaown_shown_in_cache(const struct vm_area_struct *vma, unsigned long addr,
				    unsigned int *nr)
{
	pgoff_t index = shown_offset_at(vma, addr);
	struct folio *folio;
	unsigned long pfn, within;

	mmap_assert_locked(vma->vm_mm);
	folio = filemap_get_folio(vma->vm_file->f_mapping, index);
	if (IS_ERR(folio))
		return PFN_NONE;
	within = index - folio->index;
	pfn = folio_pfn(folio) + within;
	*nr = min_t(unsigned long, *nr, folio_nr_pages(folio) - within);
	folio_put(folio);
	return pfn;
}

unsigned long dmaown_shown_of_device(struct vm_area_struct *vma, unsigned long addr)
{
	struct follow_pfnmap_args args = { .vma = vma, .address = addr };
	unsigned long pfn;

	if (follow_pfnmap_start(&args))
		return PFN_NONE;
	pfn = args.pfn;
	follow_pfnmap_end(&args);
	return pfn;
}

/* Is all memory of the mapping in a page cache, so that what is not there does not exist? */
static bool shown_is_cached(const struct vm_area_struct *vma)
{
	return shown_is_shared(vma) && dmaown_shown_has_inode(vma->vm_file) && !vma_is_dax(vma) &&
	       !(vma->vm_flags & VM_MIXEDMAP);
}

/* A stretch of pinned pages in one VMA: pfns[] has no PFN_NONE. */
struct stretch_of_vma {
	struct vm_area_struct *vma;
	unsigned long addr;
	const unsigned long *pfns;
	unsigned int nr;
	u8 *differences; /* all 0 at first */
	struct page **scratch;
};

static void shown_set(const struct stretch_of_vma *at, unsigned int nr, u8 difference)
{
	memset(at->differences, difference, nr);
}

/* COMPARING: some pages, from the first on. Return: their number, at least one. */

static unsigned int shown_compare_cached(const struct stretch_of_vma *at)
{
	unsigned int i, nr = at->nr;
	unsigned long pfn = dmaown_shown_in_cache(at->vma, at->addr, &nr);

	if (pfn == PFN_NONE) {
		shown_set(at, 1, DMAOWN_DIFFERENCE_ABSENT);
		return 1;
	}
	for (i = 0; i < nr; i++)
		if (at->pfns[i] != pfn + i)
			at->differences[i] = DMAOWN_DIFFERENCE_REPLACED;
	return nr;
}

/* Drivers of devices may remove page table entries at any time, and put the same ones back. */
static unsigned int shown_compare_device(const struct stretch_of_vma *at)
{
	unsigned long pfn = dmaown_shown_of_device(at->vma, at->addr);

	if (pfn == PFN_NONE)
		shown_set(at, 1, DMAOWN_DIFFERENCE_UNSHOWN);
	else if (pfn != at->pfns[0])
		shown_set(at, 1, DMAOWN_DIFFERENCE_REPLACED);
	return 1;
}

/*
 * FOLL_FORCE finds what the process has made inaccessible with mprotect(): it keeps its pages.
 * Without FOLL_WRITE nothing is copied, and without FOLL_PIN nothing unshared.
 */
static unsigned int shown_compare_present(const struct stretch_of_vma *at)
{
	long i, got;

	got = get_user_pages_remote(at->vma->vm_mm, at->addr, at->nr, FOLL_NOFAULT | FOLL_FORCE,
				    at->scratch, NULL);
	if (got <= 0) {
		bool empty = got == -EFAULT && !shown_is_shared(at->vma);

		shown_set(at, 1, empty ? DMAOWN_DIFFERENCE_NOT_PRESENT : DMAOWN_DIFFERENCE_UNSHOWN);
		return 1;
	}
	for (i = 0; i < got; i++) {
		if (page_to_pfn(at->scratch[i]) != at->pfns[i])
			at->differences[i] = DMAOWN_DIFFERENCE_REPLACED;
		put_page(at->scratch[i]);
	}
	return got;
}

static unsigned int shown_compare_some(struct stretch_of_vma *at)
{
	struct vm_area_struct *vma = at->vma;

	if (!vma || at->addr < vma->vm_start) {
		if (vma)
			at->nr = min_t(unsigned long, at->nr,
				       (vma->vm_start - at->addr) >> PAGE_SHIFT);
		shown_set(at, at->nr, DMAOWN_DIFFERENCE_UNMAPPED);
		return at->nr;
	}
	at->nr = min_t(unsigned long, at->nr, (vma->vm_end - at->addr) >> PAGE_SHIFT);
	if (vma->vm_flags & (VM_IO | VM_PFNMAP))
		return shown_compare_device(at);
	if (shown_is_cached(vma))
		return shown_compare_cached(at);
	return shown_compare_present(at);
}

/* Return: the number of pages from the first one on that are pinned, or that are not. */
static unsigned int shown_run(const unsigned long *pfns, unsigned int nr)
{
	bool pinned = pfns[0] != PFN_NONE;
	unsigned int run = 1;

	while (run < nr && (pfns[run] != PFN_NONE) == pinned)
		run++;
	return run;
}

/* Find the VMA at addr, or the next one; cached is the one found last, or NULL. */
static struct vm_area_struct *shown_vma_at(struct mm_struct *mm, struct vm_area_struct *cached,
					   unsigned long addr)
{
	if (cached && addr >= cached->vm_start && addr < cached->vm_end)
		return cached;
	return find_vma(mm, addr);
}

static void shown_compare_locked(struct mm_struct *mm, unsigned long addr,
				 const unsigned long *pfns, unsigned int nr, u8 *differences,
				 struct page **scratch)
{
	struct vm_area_struct *vma = NULL;
	unsigned int done = 0;

	mmap_assert_locked(mm);
	while (done < nr) {
		struct stretch_of_vma at = {
			.addr = addr + ((unsigned long)done << PAGE_SHIFT),
			.pfns = &pfns[done],
			.nr = shown_run(&pfns[done], nr - done),
			.differences = &differences[done],
			.scratch = scratch,
		};

		if (pfns[done] == PFN_NONE) {
			done += at.nr;
			continue;
		}
		vma = shown_vma_at(mm, vma, at.addr);
		at.vma = vma;
		done += shown_compare_some(&at);
	}
}

int dmaown_shown_compare(struct mm_struct *mm, unsigned long addr, const unsigned long *pfns,
			 unsigned int nr, u8 *differences, struct page **scratch)
{
	memset(differences, 0, nr);
	if (pfns[0] == PFN_NONE && shown_run(pfns, nr) == nr)
		return 0;
	if (!mmap_read_trylock(mm))
		return -EBUSY;
	shown_compare_locked(mm, addr, pfns, nr, differences, scratch);
	mmap_read_unlock(mm);
	return 0;
}
