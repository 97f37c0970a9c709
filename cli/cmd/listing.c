// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "exit_status.h"
#include "listing.h"
#include "output/filter.h"
#include "query/context.h"

/* Number of records in a batch. Until the first batch is printed, a listing can start again. */
#define BATCH 512

struct run {
	const struct listing *listing;
	const struct listing_options *options;
	struct channel *channel;
	struct lookup lookup;
	struct listing_filter filter;
	struct output output;
	struct row_filter *rows;
	struct record_list batch;
	uint32_t busy;
	bool output_failed;
	bool filter_failed;
};

static int print_row(struct run *run, const struct row *row)
{
	bool matches;
	int rc = row_filter_apply(run->rows, row, &matches);

	if (rc) {
		run->filter_failed = true;
		return rc;
	}
	rc = matches ? output_row(&run->output, row) : 0;
	run->output_failed = rc;
	return rc;
}

static int print_batch(struct run *run)
{
	struct row row = { .lookup = &run->lookup };
	int rc = 0;
	size_t i;

	for (i = 0; i < run->batch.nr && !rc; i++) {
		row.record = &run->batch.items[i];
		rc = print_row(run, &row);
	}
	run->batch.nr = 0;
	if (rc)
		return rc;
	rc = output_flush(&run->output);
	run->output_failed = rc;
	return rc;
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
	    !record_list_has_context(&run->filter.contexts, record->context.context))
		return 0;
	count_busy(run, record);
	rc = record_list_add(&run->batch, record);
	return rc || run->batch.nr < BATCH ? rc : print_batch(run);
}

static bool forget_batch(void *data)
{
	struct run *run = data;

	if (run->output.printed)
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
	int rc = output_begin(&run->output, record_types[run->listing->set.record].listing);
	int end;

	if (!rc)
		rc = read_records(run);
	end = output_end(&run->output, !rc);
	if (run->output_failed || end)
		return output_failed(run->output_failed ? rc : end);
	if (run->filter_failed) {
		warnx("--filter: %s: a column that is not a number is compared with one",
		      strerror(-rc));
		return EXIT_USAGE;
	}
	if (rc)
		return channel_failed(run->channel, run->listing->set.record, rc);
	if (run->busy)
		warnx("%" PRIu32 " IOAS%s locked by another thread and missing from the list; "
		      "try again",
		      run->busy, run->busy > 1 ? "es are" : " is");
	return EXIT_DONE;
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
		rc = lookup_owners(&run->lookup, run->filter.context, 0, &run->filter.owners);
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
	row_filter_free(run->rows);
	record_list_free(&run->filter.contexts);
	record_list_free(&run->filter.owners);
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
	run.output.options = &options->output;
	run.output.set = &listing->set;
	rc = output_choose(&run.output, listing->defaults);
	if (!rc)
		rc = row_filter_new(&listing->set, options->filter, &run.rows);
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
