// SPDX-License-Identifier: GPL-2.0-only
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/workqueue.h>

#include "fput.h"

struct fput_work {
	struct work_struct work;
	struct file *file;
};

/* A worker never returns to user space: fput() leaves the release to another one. */
static void fput_do(struct work_struct *work)
{
	fput(container_of(work, struct fput_work, work)->file);
}

void dmaown_fput(struct file *file)
{
	struct fput_work put = { .file = file };

	if (file_count(file) > 1) {
		fput(file);
		return;
	}
	INIT_WORK_ONSTACK(&put.work, fput_do);
	schedule_work(&put.work);
	flush_work(&put.work);
	destroy_work_on_stack(&put.work);
}
