/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_DEVICE_H
#define DMAOWN_DEVICE_H

int dmaown_device_init(void);
void dmaown_device_exit(void);

#endif
