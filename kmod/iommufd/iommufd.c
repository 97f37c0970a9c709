// SPDX-License-Identifier: GPL-2.0-only
/* iommufd contexts as a whole. A context is an open file, which keeps iommufd loaded. */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommufd.h>
#include <linux/module.h>
#include <linux/string.h>

#include "iommufd.h"
#include "mapped.h"
#include "private.h"
#include "provenance.h"

static const u8 build_id[] = LAYOUT_IOMMUFD_BUILD_ID_BYTES;

/* A symbol of the loaded iommufd, looked up when it is proven. */
static struct iommufd_ctx *(*learnt_ctx_from_file)(struct file *file);

/* Look up the symbol of the module, which the caller keeps loaded. */
static bool ictx_lookup(void)
{
	learnt_ctx_from_file = symbol_get(iommufd_ctx_from_file);
	if (!learnt_ctx_from_file)
		return false;
	symbol_put(iommufd_ctx_from_file);
	return true;
}

static struct provenance provenance = {
	.name = LAYOUT_IOMMUFD_BUILTIN ? NULL : "iommufd",
	.id = build_id,
	.len = sizeof(build_id),
	.consequence = "its contexts are not seen",
	.lookup = ictx_lookup,
};

struct provenance *dmaown_iommufd_provenance(void)
{
	return &provenance;
}

int dmaown_iommufd_check(void)
{
	return dmaown_provenance_check(&provenance);
}

bool dmaown_iommufd_get(struct iommufd *iommufd)
{
	if (!dmaown_provenance_get(&provenance))
		return false;
	*iommufd = (struct iommufd){
		.ctx_from_file = learnt_ctx_from_file,
		.proven = true,
		.kept = &provenance,
	};
	return true;
}

struct context dmaown_iommufd_context(const struct iommufd *iommufd, struct file *file)
{
	struct context ctx = { .backend = &dmaown_iommufd_backend };
	struct iommufd_ctx *ictx;

	if (!iommufd->proven)
		return ctx;
	ictx = iommufd->ctx_from_file(file);
	ctx.self = IS_ERR(ictx) ? NULL : ictx;
	return ctx;
}

/*
 * The file of a queue has a reference on the context from before it is in a file table until it is
 * released (kernel: eventq.c, iommufd_eventq_init(); in older kernels fault.c).
 */
static void *ictx_of_queue(const struct file *file)
{
#if LAYOUT_HAS_iommufd_eventq
	return ((struct layout_iommufd_eventq *)file->private_data)->ictx;
#elif LAYOUT_HAS_iommufd_fault
	return ((struct layout_iommufd_fault *)file->private_data)->ictx;
#else
	return NULL;
#endif
}

struct context dmaown_iommufd_context_of_queue(const struct iommufd *iommufd, struct file *file)
{
	struct context ctx = { .backend = &dmaown_iommufd_backend };

	if (!iommufd->proven)
		return ctx;
	ctx.self = ictx_of_queue(file);
	if (ctx.self)
		dmaown_context_get(ctx);
	return ctx;
}

/* The context of an access does not change (kernel: device.c, iommufd_access_create()). */
struct iommufd_ctx *dmaown_iommufd_of_access(const struct iommufd_access *opaque)
{
	const struct layout_iommufd_access *access = (const struct layout_iommufd_access *)opaque;

	return (struct iommufd_ctx *)access->ictx;
}

const char *dmaown_iommufd_layout_subject(void)
{
	return LAYOUT_IOMMUFD_BUILTIN ? "vmlinux" : "iommufd";
}

void dmaown_iommufd_layout_build_id(char text[BUILDID_TEXT])
{
	strscpy(text, LAYOUT_IOMMUFD_BUILD_ID, BUILDID_TEXT);
}

static void ictx_get(void *self)
{
	get_file(to_ctx(self)->file);
}

static void ictx_put(void *self)
{
	fput(to_ctx(self)->file);
}

static unsigned long ictx_references(void *self)
{
	return file_count(to_ctx(self)->file);
}

static bool ictx_has_file(void *self, const struct file *file)
{
	return file == to_ctx(self)->file ||
	       (dmaown_iommufd_is_queue(file) && ictx_of_queue(file) == self);
}

/* All contexts share the mapping of the inode of /dev/iommu: others add address spaces, too. */
static void ictx_mapped(void *self, struct mapped *mapped)
{
	dmaown_mapped_add(mapped, to_ctx(self)->file->f_mapping);
}

static enum dmaown_mode ictx_mode(void *self)
{
	if (READ_ONCE(to_ctx(self)->account_mode) == LAYOUT_IOPT_PAGES_ACCOUNT_MM)
		return DMAOWN_MODE_MM;
	return DMAOWN_MODE_USER;
}

const struct backend dmaown_iommufd_backend = {
	.kind = DMAOWN_KIND_IOMMUFD,
	.counts_pins = true,
	.is_file = true,
	.get = ictx_get,
	.put = ictx_put,
	.references = ictx_references,
	.has_file = ictx_has_file,
	.mapped = ictx_mapped,
	.mode = ictx_mode,
	.objects = dmaown_iommufd_objects,
	.areas = dmaown_iommufd_areas,
	.accesses = dmaown_iommufd_accesses,
	.pinned = dmaown_iommufd_pinned,
	.part_alloc = dmaown_iommufd_part_alloc,
	.part_free = dmaown_iommufd_part_free,
	.lock = dmaown_iommufd_lock,
	.unlock = dmaown_iommufd_unlock,
	.walk = dmaown_iommufd_walk,
	.move_owners = dmaown_iommufd_move_owners,
	.set_owner = dmaown_iommufd_set_owner,
	.set_addr = dmaown_iommufd_set_addr,
};
