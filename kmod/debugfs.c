// SPDX-License-Identifier: GPL-2.0-only
/* The listings as text, for people and for hosts where netlink is not available. */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "access.h"
#include "debugfs.h"
#include "dump.h"

static struct dentry *directory;

/*
 * The state of an open file. seq_file calls start() for each read, and the record that did not fit
 * in the last read must be shown again.
 */
struct text {
	struct dump *dump;
	enum record_kind kind;
	const union record *pending;
};

static void *text_start(struct seq_file *m, loff_t *pos)
{
	struct text *text = m->private;

	if (!text->dump) {
		text->dump = dmaown_dump_open(text->kind, 0);
		if (IS_ERR(text->dump)) {
			void *error = text->dump;

			text->dump = NULL;
			return error;
		}
	}
	if (!text->pending)
		text->pending = dmaown_dump_next(text->dump);
	return (void *)text->pending;
}

static void *text_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct text *text = m->private;

	++*pos;
	text->pending = dmaown_dump_next(text->dump);
	return (void *)text->pending;
}

static void text_stop(struct seq_file *m, void *v)
{
}

static int text_show(struct seq_file *m, void *v)
{
	struct text *text = m->private;

	dmaown_record_print(m, text->kind, v);
	return 0;
}

static const struct seq_operations text_ops = {
	.start = text_start,
	.next = text_next,
	.stop = text_stop,
	.show = text_show,
};

static int text_open(struct inode *inode, struct file *file)
{
	struct text *text;

	if (!access_allowed())
		return -EPERM;
	text = __seq_open_private(file, &text_ops, sizeof(*text));
	if (!text)
		return -ENOMEM;
	text->kind = (unsigned long)inode->i_private;
	/* Records can be read only once, in order: no seeking. */
	file->f_mode &= ~(FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE);
	return 0;
}

static ssize_t text_read(struct file *file, char __user *buf, size_t size, loff_t *pos)
{
	if (!access_allowed())
		return -EPERM;
	return seq_read(file, buf, size, pos);
}

static int text_release(struct inode *inode, struct file *file)
{
	struct text *text = ((struct seq_file *)file->private_data)->private;

	if (text->dump)
		dmaown_dump_close(text->dump);
	return seq_release_private(inode, file);
}

static const struct file_operations text_fops = {
	.owner = THIS_MODULE,
	.open = text_open,
	.read = text_read,
	.release = text_release,
};

static void debugfs_add_file(enum record_kind kind)
{
	debugfs_create_file(dmaown_record_listing(kind), 0400, directory,
			    (void *)(unsigned long)kind, &text_fops);
}

/* Without debugfs, or if it fails, there are no files. Nothing else depends on it. */
void __init dmaown_debugfs_init(void)
{
	enum record_kind kind;

	directory = debugfs_create_dir(DMAOWN_DEBUGFS_DIR, NULL);
	for (kind = 0; kind < RECORD_KINDS; kind++)
		if (kind != RECORD_EVENT)
			debugfs_add_file(kind);
}

void dmaown_debugfs_exit(void)
{
	debugfs_remove(directory);
}
