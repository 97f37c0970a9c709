// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>

#include "kinds.h"

#define KIND_ADDRESS(folder) [KIND_##folder] = &dmaown_##folder##_kind,
const struct kind *const dmaown_kinds[KINDS_NR] = { DMAOWN_KIND_TABLE(KIND_ADDRESS) };

int dmaown_kind_begin(unsigned int index, struct kind_use *use)
{
	int ret = dmaown_kinds[index]->begin(use);

	return ret == -ENOENT ? 0 : ret;
}

int dmaown_kinds_prove(void)
{
	struct kind_use use;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < KINDS_NR && !ret; i++) {
		ret = dmaown_kind_begin(i, &use);
		if (use.loaded && !use.proven && dmaown_kinds[i]->has_layout)
			ret = -ENOEXEC;
		dmaown_kinds[i]->end(&use);
	}
	return ret;
}
