/* SPDX-License-Identifier: GPL-2.0-only */
/* A trial: a dry run of a transfer in one context, which prints nothing. */
#ifndef DMAOWN_CLI_TRANSFER_TRIAL_H
#define DMAOWN_CLI_TRANSFER_TRIAL_H

#include "channel/channel.h"
#include "query/process.h"

struct trial {
	/* input */
	const struct channel *channel;
	int device;		 /* descriptor of /dev/dmaown */
	struct dmaown_file file; /* names the context, with its ID */
	struct process_ref to;
	struct process_ref from;
	bool adopt;
	bool remap_auto;

	/* output */
	int error;		     /* errno of the refusal, or 0 */
	struct dmaown_report report; /* first report of the worst kind, or all 0 */
	char *text;		     /* this report in words, or NULL */
	uint64_t needed;	     /* for a limit: bytes that have to fit below it */
};

/* Run the trial with the code of `dmaownctl transfer` and a short timeout. Return: trial->error. */
int trial_run(struct trial *trial);
void trial_free(struct trial *trial);

#endif
