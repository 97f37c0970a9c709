/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_CLI_DEVICE_H
#define DMAOWN_CLI_DEVICE_H

/* Open /dev/dmaown. 0, or an exit status with a message. */
int device_open(int *device);

#endif
