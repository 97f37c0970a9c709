/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_DEBUGFS_H
#define DMAOWN_DEBUGFS_H

void dmaown_debugfs_init(void);
void dmaown_debugfs_exit(void);

#endif
