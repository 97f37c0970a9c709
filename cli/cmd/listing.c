// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "exit_status.h"
#include "listing.h"
#include "query/context.h"
#include "query/holding.h"

/* Number of records in a batch. Until the first batch is printed, a listing can start again. */
#define BATCH 512

struct run {
	const struct listing *listing;
	const struct listing_options *options;
	struct channel *channel;
	struct lookup lookup;
	struct listing_filter filter;
	struct listing_rows rows;
	struct record_list batch;
	uint32_t busy;
};

/* ROWS */

int listing_rows_choose(struct listing_rows *rows, const struct listing_options *options,
			const struct column_set *set, const char *defaults)
{
	rows->output.options = &options->output;
	rows->output.set = set;
	return output_choose(&rows->output, defaults) ?:
		       row_filter_new(set, options->filter, &rows->filter);
}

int listing_rows_begin(struct listing_rows *rows, const char *key)
{
	int rc = output_begin(&rows->output, key);

	rows->output_failed = rc;
	return rc;
}

int listing_rows_add(struct listing_rows *rows, const struct row *row)
{
	bool matches;
	int rc = row_filter_apply(rows->filter, row, &matches);

	if (rc) {
		rows->filter_failed = true;
		return rc;
	}
	rows->nr += matches;
	rc = matches ? output_row(&rows->output, row) : 0;
	rows->output_failed = rc;
	return rc;
}

int listing_rows_flush(struct listing_rows *rows)
{
	int rc = output_flush(&rows->output);

	rows->output_failed = rc;
	return rc;
}

int listing_rows_end(struct listing_rows *rows, int rc)
{
	int end = output_end(&rows->output, !rc);

	if (rows->output_failed || end)
		return output_failed(rows->output_failed ? rc : end);
	if (!rows->filter_failed)
		return rc;
	warnx("--filter: %s: a column that is not a number is compared with one", strerror(-rc));
	return EXIT_USAGE;
}

void listing_rows_free(struct listing_rows *rows)
{
	row_filter_free(rows->filter);
}

/* HOLDERS */

void listing_warn_unclear(struct lookup *lookup)
{
	const struct record_list *holders = lookup_holders(lookup);
	const struct holder_record *holder;
	size_t i, nr = 0;

	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		nr += holder_is_unclear(holder) && !known(holder, HOLDER, CONTEXT);
	}
	if (nr)
		warnx("%zu holder%s could not be inspected and may hold any context; see: dmaownctl "
		      "verify",
		      nr, nr == 1 ? "" : "s");
}

/* RECORDS */

static int print_batch(struct run *run)
{
	struct row row = { .lookup = &run->lookup };
	int rc = 0;
	size_t i;

	for (i = 0; i < run->batch.nr && !rc; i++) {
		row.record = &run->batch.items[i];
		rc = listing_rows_add(&run->rows, &row);
	}
	run->batch.nr = 0;
	return rc ?: listing_rows_flush(&run->rows);
}

static void count_busy(struct run *run, const union record *record)
{
	uint32_t busy = run->listing->busy ? run->listing->busy(record) : 0;

	if (!run->listing->busy_is_total)
		run->busy += busy;
	else if (busy > run->busy)
		run->busy = busy;
}

static int take_record(const union record *record, void *data)
{
	struct run *run = data;
	int rc;

	if (run->listing->wanted && !run->listing->wanted(&run->filter, record))
		return 0;
	if (run->filter.pid && !run->listing->by_owner &&
	    !number_set_has(&run->filter.contexts, record->context.context))
		return 0;
	count_busy(run, record);
	rc = record_list_add(&run->batch, record);
	return rc || run->batch.nr < BATCH ? rc : print_batch(run);
}

static bool forget_batch(void *data)
{
	struct run *run = data;

	if (run->rows.output.printed)
		return false;
	run->batch.nr = 0;
	run->busy = 0;
	return true;
}

static int read_records(struct run *run)
{
	enum record_kind kind = run->listing->set.record;
	uint64_t context = kind == RECORD_OWNER ? 0 : run->filter.context;
	int rc = channel_retry(run->channel, kind, context, take_record, forget_batch, run);

	if (rc == -EAGAIN) {
		warnx("objects appeared or disappeared meanwhile: %s may be missing or listed twice",
		      record_types[kind].listing);
		rc = 0;
	}
	return rc ?: print_batch(run);
}

static int print_records(struct run *run)
{
	enum record_kind kind = run->listing->set.record;
	int rc = listing_rows_begin(&run->rows, record_types[kind].listing);

	rc = listing_rows_end(&run->rows, rc ?: read_records(run));
	if (rc)
		return rc < 0 ? channel_failed(run->channel, kind, rc) : rc;
	if (run->busy)
		warnx("%" PRIu32 " IOAS%s locked by another thread and missing from the list; "
		      "try again",
		      run->busy, run->busy > 1 ? "es are" : " is");
	if (run->listing->has_holders)
		listing_warn_unclear(&run->lookup);
	return EXIT_DONE;
}

static int find_owners(struct run *run)
{
	struct record_list areas = { 0 };
	int rc = lookup_owners(&run->lookup, run->filter.context, 0, &areas);
	size_t i;

	for (i = 0; i < areas.nr && !rc; i++)
		if (number_set_add(&run->filter.owners, areas.items[i].area.owner) < 0)
			rc = -ENOMEM;
	record_list_free(&areas);
	return rc;
}

static int prepare_filter(struct run *run)
{
	const struct listing_options *options = run->options;
	int rc;

	run->filter.pid = options->pid;
	if (options->context) {
		rc = context_find(run->channel, options->context, &run->filter.context);
		if (rc)
			return rc;
	}
	if (options->context && run->listing->set.record == RECORD_OWNER) {
		rc = find_owners(run);
		if (rc)
			return channel_failed(run->channel, RECORD_AREA, rc);
	}
	if (options->pid && !run->listing->by_owner) {
		rc = lookup_contexts_of(&run->lookup, options->pid, &run->filter.contexts);
		if (rc)
			return channel_failed(run->channel, RECORD_AREA, rc);
	}
	return 0;
}

static void free_run(struct run *run)
{
	listing_rows_free(&run->rows);
	number_set_free(&run->filter.contexts);
	number_set_free(&run->filter.owners);
	record_list_free(&run->batch);
	lookup_free(&run->lookup);
}

static int run_on(struct channel *channel, void *data)
{
	struct run *run = data;

	run->channel = channel;
	run->lookup.channel = channel;
	return prepare_filter(run) ?: print_records(run);
}

int listing_run(const struct listing *listing, const struct listing_options *options)
{
	struct run run = { .listing = listing, .options = options };
	int rc;

	if (options->output.list_columns)
		return output_list_columns(&listing->set, &options->output);
	rc = listing_rows_choose(&run.rows, options, &listing->set, listing->defaults);
	if (rc)
		return rc;
	rc = channel_run(&options->channel, run_on, &run);
	free_run(&run);
	return rc;
}

int listing_main(const struct listing *listing, int argc, char **argv,
		 const struct channel_choice *channel)
{
	struct listing_options options = { .channel = *channel };
	struct argp argp = listing_argp;

	argp.doc = listing->doc;
	parse_command(&argp, argc, argv, &options);
	return listing_run(listing, &options);
}
