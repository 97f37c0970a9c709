/* SPDX-License-Identifier: GPL-2.0-only */
/* What list, ioas, areas, owners and devices have in common: all but their columns. */
#ifndef DMAOWN_CLI_LISTING_H
#define DMAOWN_CLI_LISTING_H

#include "census.h"
#include "columns.h"
#include "options.h"

struct filter {
	uint64_t context;		/* 0: all */
	uint32_t pid;			/* 0: all */
	struct record_list contexts;	/* with pid: that it holds or owns in */
	struct record_list owners;	/* with context: areas, one for each owner of it */
};

struct listing {
	const char *doc;		/* of --help */
	struct column_set set;
	const char *defaults;		/* the columns without --output */
	bool by_owner;			/* --pid means the owner of the record, not its context */
	/* or NULL */
	bool (*wanted)(const struct filter *filter, const union record *record);
	uint32_t (*busy)(const union record *record);	/* IOASes that are missing; or NULL */
	bool busy_is_total;		/* each record has the sum of all */
};

int listing_main(const struct listing *listing, int argc, char **argv,
		 const struct channel_choice *channel);

/* The same with options parsed already. */
int listing_run(const struct listing *listing, const struct listing_options *options);

#endif
