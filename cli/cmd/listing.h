/* SPDX-License-Identifier: GPL-2.0-only */
/* The common part of list, ioas, areas, owners and devices: everything except their columns. */
#ifndef DMAOWN_CLI_CMD_LISTING_H
#define DMAOWN_CLI_CMD_LISTING_H

#include "options.h"
#include "output/columns.h"
#include "query/lookup.h"

struct listing_filter {
	uint64_t context;	     /* 0: all */
	uint32_t pid;		     /* 0: all */
	struct record_list contexts; /* if pid is set: contexts that it holds or owns areas in */
	struct record_list owners;   /* if context is set: one area of each owner in it */
};

struct listing {
	const char *doc; /* for --help */
	struct column_set set;
	const char *defaults; /* columns without --output */
	bool by_owner;	      /* --pid selects by the owner of the record, not by its context */
	/* Does the record pass the filter? NULL: all do. */
	bool (*wanted)(const struct listing_filter *filter, const union record *record);
	uint32_t (*busy)(const union record *record); /* number of locked IOASes; or NULL */
	bool busy_is_total;			      /* each record has the total of all IOASes */
};

int listing_main(const struct listing *listing, int argc, char **argv,
		 const struct channel_choice *channel);

/* Run a listing with options that are parsed already. */
int listing_run(const struct listing *listing, const struct listing_options *options);

#endif
