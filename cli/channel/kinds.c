// SPDX-License-Identifier: GPL-2.0-only
#include <dmaown.h>

#include "kinds.h"

static const struct kind iommufd = { .counts_vm_pinned = true };

/* Type1 counts what it pins as locked only. */
static const struct kind type1 = { .counts_vm_pinned = false };

const struct kind *kind_of(uint32_t kind)
{
	return kind == DMAOWN_KIND_TYPE1 ? &type1 : &iommufd;
}
