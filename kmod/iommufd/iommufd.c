// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommufd as a whole. Its one symbol is looked up when it is needed, so that iommufd can be loaded
 * after us, or not at all. A context is an open file, and that keeps iommufd loaded.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/string.h>

#include "../iommufd.h"
#include "../build.h"
#include "private.h"

static const u8 build_id[] = LAYOUT_IOMMUFD_BUILD_ID_BYTES;

static struct build build = {
	.name = LAYOUT_IOMMUFD_BUILTIN ? NULL : "iommufd",
	.id = build_id,
	.len = sizeof(build_id),
	.loss = "its contexts are not seen",
};

int iommufd_check(void)
{
	return build_check(&build);
}

int iommufd_begin(struct iommufd *iommufd)
{
	int ret;

	iommufd->ctx_from_file = symbol_get(iommufd_ctx_from_file);
	if (!iommufd->ctx_from_file)
		return -ENOENT;
	ret = iommufd_check();
	if (ret)
		iommufd_end(iommufd);
	return ret;
}

void iommufd_end(struct iommufd *iommufd)
{
	if (iommufd->ctx_from_file)
		symbol_put(iommufd_ctx_from_file);
	iommufd->ctx_from_file = NULL;
}

struct context iommufd_context(const struct iommufd *iommufd, struct file *file)
{
	struct context ctx = { .backend = &iommufd_backend };
	struct iommufd_ctx *ictx;

	if (!iommufd->ctx_from_file)
		return ctx;
	ictx = iommufd->ctx_from_file(file);
	ctx.self = IS_ERR(ictx) ? NULL : ictx;
	return ctx;
}

const char *iommufd_layout_subject(void)
{
	return LAYOUT_IOMMUFD_BUILTIN ? "vmlinux" : "iommufd";
}

void iommufd_layout_build_id(char text[BUILDID_TEXT])
{
	strscpy(text, LAYOUT_IOMMUFD_BUILD_ID, BUILDID_TEXT);
}

static void get(void *self)
{
	get_file(to_ctx(self)->file);
}

static void put(void *self)
{
	fput(to_ctx(self)->file);
}

static enum dmaown_mode mode(void *self)
{
	if (READ_ONCE(to_ctx(self)->account_mode) == LAYOUT_IOPT_PAGES_ACCOUNT_MM)
		return DMAOWN_MODE_MM;
	return DMAOWN_MODE_USER;
}

const struct backend iommufd_backend = {
	.kind = DMAOWN_KIND_IOMMUFD,
	.counts_pins = true,
	.get = get,
	.put = put,
	.mode = mode,
	.objects = iommufd_objects,
	.areas = iommufd_areas,
	.accesses = iommufd_accesses,
	.pinned = iommufd_pinned,
	.part_alloc = iommufd_part_alloc,
	.part_free = iommufd_part_free,
	.lock = iommufd_lock,
	.unlock = iommufd_unlock,
	.walk = iommufd_walk,
	.give = iommufd_give,
	.set_owner = iommufd_set_owner,
	.set_addr = iommufd_set_addr,
};
