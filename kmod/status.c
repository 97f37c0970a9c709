// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/string.h>

#include "kinds.h"
#include "provenance.h"
#include "record.h"
#include "stats.h"
#include "status.h"

static int status_fill_kinds(struct status_record *rec)
{
	struct kind_use use;
	unsigned int i;
	int ret;

	for (i = 0; i < KINDS_NR; i++) {
		ret = dmaown_kind_begin(i, &use);
		if (ret)
			return ret;
		dmaown_kinds[i]->status(&use, rec);
		dmaown_kinds[i]->end(&use);
	}
	return 0;
}

int dmaown_status_fill(struct status_record *rec)
{
	int ret = status_fill_kinds(rec);

	if (ret)
		return ret;
	record_set_string(rec, status, version, DMAOWN_VERSION);
	record_set_string(rec, status, kernel, dmaown_provenance_kernel());
	dmaown_stats_fill(rec);
	return 0;
}
