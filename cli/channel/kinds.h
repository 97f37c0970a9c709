/* SPDX-License-Identifier: GPL-2.0-only */
/* Properties of the kinds of contexts. */
#ifndef DMAOWN_CLI_CHANNEL_KINDS_H
#define DMAOWN_CLI_CHANNEL_KINDS_H

#include <stdbool.h>
#include <stdint.h>

struct kind {
	bool counts_vm_pinned; /* pinned pages are counted in VmPin of the owner */
};

/* @kind: an enum dmaown_kind. A kind of a newer module is described as iommufd is. */
const struct kind *kind_of(uint32_t kind);

#endif
