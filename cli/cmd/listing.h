/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The common part of list, ioas, areas, owners and devices: everything except their columns. who
 * makes rows of its own, and has them printed here.
 */
#ifndef DMAOWN_CLI_CMD_LISTING_H
#define DMAOWN_CLI_CMD_LISTING_H

#include "options.h"
#include "output/columns.h"
#include "output/filter.h"
#include "query/lookup.h"

/* Rows, of which those are printed that pass --filter. */
struct listing_rows {
	struct output output;
	struct row_filter *filter;
	size_t nr; /* rows that passed the filter */
	bool output_failed;
	bool filter_failed;
};

/* Choose columns and filter by the options. Return: 0, or an exit status after a message. */
int listing_rows_choose(struct listing_rows *rows, const struct listing_options *options,
			const struct column_set *set, const char *defaults);

/* The functions down to listing_rows_flush() return 0 or -errno. @key: of the array in JSON */
int listing_rows_begin(struct listing_rows *rows, const char *key);

/* Keep the row until the next flush, unless the filter excludes it. */
int listing_rows_add(struct listing_rows *rows, const struct row *row);
int listing_rows_flush(struct listing_rows *rows);

/*
 * Print all that is left. @rc: 0; or -errno: print no more, and report the error if it is one of
 * the rows.
 * Return: 0; an exit status after a message; or rc, if that is another error.
 */
int listing_rows_end(struct listing_rows *rows, int rc);
void listing_rows_free(struct listing_rows *rows);

/*
 * If holders could not be inspected, say how many: they may hold any context, so that they may be
 * missing from a listing of holders.
 */
void listing_warn_unclear(struct lookup *lookup);

struct listing_filter {
	uint64_t context;	    /* 0: all */
	uint32_t pid;		    /* 0: all */
	struct number_set contexts; /* if pid is set: contexts that it holds or owns areas in */
	struct number_set owners;   /* if context is set: IDs of the owners in it */
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
	bool has_holders; /* columns show holders: warn if one may be missing */
};

int listing_main(const struct listing *listing, int argc, char **argv,
		 const struct channel_choice *channel);

/* Run a listing with options that are parsed already. */
int listing_run(const struct listing *listing, const struct listing_options *options);

#endif
