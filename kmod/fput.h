/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_FPUT_H
#define DMAOWN_FPUT_H

struct file;

/*
 * Drop a reference on a file. fput() of the last one would release the file only when the caller
 * returns to user space: until then a device stays open that nobody has. Here it is released soon,
 * by a worker. May sleep.
 */
void dmaown_fput(struct file *file);

#endif
