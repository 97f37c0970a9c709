/* SPDX-License-Identifier: GPL-2.0-only */
/* The record of the module itself. */
#ifndef DMAOWN_STATUS_H
#define DMAOWN_STATUS_H

struct status_record;

/* Return: 0 or -ENOMEM. */
int dmaown_status_fill(struct status_record *rec);

#endif
