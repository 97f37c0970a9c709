// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/stall: memory whose page faults sleep for as long as a program wants. userfaultfd and FUSE
 * give any program such memory; this module gives it on kernels that have neither.
 *
 * Each open file is memory of its own, to be mapped shared. While the file holds, a thread that
 * touches its memory for the first time, in the kernel too, sleeps killably and without mmap_lock.
 * Writing "go" to the file lets all such threads go on. Writing "hold" makes the file hold again
 * for pages that are not mapped yet. A file holds from the start. A fault that must not drop
 * mmap_lock (VFIO's) is refused; after "lock" it sleeps with mmap_lock held, as on a file system
 * that reads its files slowly. After "map" a thread that maps the file sleeps as well, with
 * mmap_lock held for writing, as on FUSE.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#define STALL_PAGES 64

struct stall {
	wait_queue_head_t wait;
	bool holds;
	bool locks;
	bool maps;
	struct page *pages[STALL_PAGES];
};

static vm_fault_t stall_fault(struct vm_fault *vmf)
{
	struct file *file = vmf->vma->vm_file;
	struct stall *stall = file->private_data;

	if (vmf->pgoff >= STALL_PAGES)
		return VM_FAULT_SIGBUS;

	if (READ_ONCE(stall->holds) && READ_ONCE(stall->locks) &&
	    !(vmf->flags & FAULT_FLAG_ALLOW_RETRY)) {
		if (wait_event_killable(stall->wait, !READ_ONCE(stall->holds)))
			return VM_FAULT_SIGBUS;
	} else if (READ_ONCE(stall->holds)) {
		if (!(vmf->flags & FAULT_FLAG_ALLOW_RETRY) ||
		    (vmf->flags & FAULT_FLAG_RETRY_NOWAIT))
			return VM_FAULT_RETRY;
		/* The VMA may be freed once the lock is dropped; keep the file. */
		get_file(file);
		release_fault_lock(vmf);
		wait_event_killable(stall->wait, !READ_ONCE(stall->holds));
		fput(file);
		return VM_FAULT_RETRY;
	}

	vmf->page = stall->pages[vmf->pgoff];
	get_page(vmf->page);
	return 0;
}

static const struct vm_operations_struct stall_vm_ops = {
	.fault = stall_fault,
};

static int stall_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct stall *stall = file->private_data;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (READ_ONCE(stall->maps) && wait_event_killable(stall->wait, !READ_ONCE(stall->holds)))
		return -EINTR;
	vma->vm_ops = &stall_vm_ops;
	return 0;
}

static ssize_t stall_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	struct stall *stall = file->private_data;
	char word[8] = "";

	if (len >= sizeof(word))
		return -EINVAL;
	if (copy_from_user(word, buf, len))
		return -EFAULT;
	if (!strcmp(word, "go"))
		WRITE_ONCE(stall->holds, false);
	else if (!strcmp(word, "hold"))
		WRITE_ONCE(stall->holds, true);
	else if (!strcmp(word, "lock"))
		WRITE_ONCE(stall->locks, true);
	else if (!strcmp(word, "map"))
		WRITE_ONCE(stall->maps, true);
	else
		return -EINVAL;
	wake_up_all(&stall->wait);
	return len;
}

static void stall_free(struct stall *stall)
{
	int i;

	for (i = 0; i < STALL_PAGES; i++)
		if (stall->pages[i])
			put_page(stall->pages[i]);
	kfree(stall);
}

static int stall_open(struct inode *inode, struct file *file)
{
	struct stall *stall = kzalloc(sizeof(*stall), GFP_KERNEL);
	int i;

	if (!stall)
		return -ENOMEM;
	init_waitqueue_head(&stall->wait);
	stall->holds = true;
	for (i = 0; i < STALL_PAGES; i++) {
		stall->pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!stall->pages[i]) {
			stall_free(stall);
			return -ENOMEM;
		}
	}
	file->private_data = stall;
	return 0;
}

static int stall_release(struct inode *inode, struct file *file)
{
	stall_free(file->private_data);
	return 0;
}

static const struct file_operations stall_fops = {
	.owner = THIS_MODULE,
	.open = stall_open,
	.release = stall_release,
	.mmap = stall_mmap,
	.write = stall_write,
};

static struct miscdevice stall_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "stall",
	.mode = 0666,
	.fops = &stall_fops,
};
module_misc_device(stall_device);

MODULE_DESCRIPTION("Memory whose page faults wait (for tests)");
MODULE_LICENSE("GPL");
