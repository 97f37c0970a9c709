// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loaded iommufd, through its exported functions. This works also without a layout, and with a
 * build other than that of the layout.
 *
 * The symbols are looked up at each use, so that iommufd may be loaded after this module, or never,
 * unless iommufd has been proven and no module has come or gone since.
 */
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/iommufd.h>
#include <linux/magic.h>
#include <linux/module.h>
#include <linux/string.h>

#include "iommufd.h"
#include "provenance.h"
#include "record.h"

/* ctx_from_file keeps the module loaded, so ctx_put needs no reference of its own. */
static void ictx_use_unproven(struct iommufd *iommufd)
{
	iommufd->ctx_put = symbol_get(iommufd_ctx_put);
	if (iommufd->ctx_put)
		symbol_put(iommufd_ctx_put);
}

int dmaown_iommufd_begin(struct iommufd *iommufd)
{
	int ret;

	if (dmaown_iommufd_get(iommufd))
		return 0;
	*iommufd = (struct iommufd){ .ctx_from_file = symbol_get(iommufd_ctx_from_file) };
	if (!iommufd->ctx_from_file)
		return -ENOENT;
	ret = dmaown_iommufd_check();
	if (ret == -ENOMEM) {
		dmaown_iommufd_end(iommufd);
		return ret;
	}
	iommufd->proven = !ret;
	if (ret)
		ictx_use_unproven(iommufd);
	return 0;
}

void dmaown_iommufd_end(struct iommufd *iommufd)
{
	if (iommufd->kept)
		dmaown_provenance_put(iommufd->kept);
	else if (iommufd->ctx_from_file)
		symbol_put(iommufd_ctx_from_file);
	*iommufd = (struct iommufd){};
}

bool dmaown_iommufd_is_unseen(const struct iommufd *iommufd, struct file *file)
{
	struct iommufd_ctx *ictx;

	if (!iommufd->ctx_put)
		return false;
	ictx = iommufd->ctx_from_file(file);
	if (IS_ERR(ictx))
		return false;
	iommufd->ctx_put(ictx);
	return true;
}

/*
 * Queues have files of their own, whose operations are not exported. Only the kernel makes files in
 * the file system of anonymous inodes, and so decides on their names. A file that was opened with
 * O_PATH has the name, but neither the operations nor the private data.
 */
bool dmaown_iommufd_is_queue(const struct file *file)
{
	const struct dentry *dentry = file->f_path.dentry;
	struct module *owner = file->f_op->owner;
	const char *name = dentry->d_name.name;

	if ((file->f_mode & FMODE_PATH) || dentry->d_sb->s_magic != ANON_INODE_FS_MAGIC ||
	    strncmp(name, "[iommufd-", 9))
		return false;
	return !owner || !strcmp(module_name(owner), "iommufd");
}

static int ictx_kind_begin(struct kind_use *use)
{
	struct iommufd *iommufd = kind_state(use, struct iommufd);
	int ret;

	*use = (struct kind_use){};
	ret = dmaown_iommufd_begin(iommufd);
	use->loaded = !ret;
	use->proven = iommufd->proven;
	return ret;
}

static void ictx_kind_end(struct kind_use *use)
{
	dmaown_iommufd_end(kind_state(use, struct iommufd));
	*use = (struct kind_use){};
}

static bool ictx_kind_recognize(const struct kind_use *use, struct file *file,
				struct kind_file *found)
{
	const struct iommufd *iommufd = kind_state(use, const struct iommufd);

	found->ctx = dmaown_iommufd_context(iommufd, file);
	if (found->ctx.self)
		return true;
	found->unseen = dmaown_iommufd_is_unseen(iommufd, file);
	if (found->unseen)
		return true;
	if (!use->loaded || !dmaown_iommufd_is_queue(file))
		return false;
	found->via = DMAOWN_VIA_EVENTQ;
	found->ctx = dmaown_iommufd_context_of_queue(iommufd, file);
	found->unseen = !found->ctx.self;
	return true;
}

static void ictx_kind_status(const struct kind_use *use, struct status_record *rec)
{
	char build_id[BUILDID_TEXT];

	record_set(rec, status, iommufd, use->proven);
	record_set(rec, status, iommufd_unseen, use->loaded && !use->proven);
	dmaown_iommufd_layout_build_id(build_id);
	if (!*build_id)
		return;
	record_set_string(rec, status, subject, dmaown_iommufd_layout_subject());
	record_set_string(rec, status, build_id, build_id);
}

const struct kind dmaown_iommufd_kind = {
	.has_layout = IOMMUFD_HAS_LAYOUT,
	.begin = ictx_kind_begin,
	.end = ictx_kind_end,
	.recognize = ictx_kind_recognize,
	.status = ictx_kind_status,
};
