/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMAOWN_CLI_CHANNEL_DEVICE_H
#define DMAOWN_CLI_CHANNEL_DEVICE_H

/* Open /dev/dmaown. Return: 0; or an exit status after a message, with errno as set by open(). */
int device_open(int *device);

#endif
