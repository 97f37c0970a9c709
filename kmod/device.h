/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_DEVICE_H
#define DMAOWN_DEVICE_H

int device_init(void);
void device_exit(void);

#endif
