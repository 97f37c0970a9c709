/* SPDX-License-Identifier: GPL-2.0-only */
/* The command that undoes a transfer. */
#ifndef DMAOWN_CLI_TRANSFER_UNDO_H
#define DMAOWN_CLI_TRANSFER_UNDO_H

struct transfer_request;
struct transfer_scope;

struct undo {
	char *command;	     /* or NULL */
	const char *why_not; /* reason why there is no command, or NULL */
};

/* Find the command, from the state before the transfer. */
void undo_find(const struct transfer_request *request, struct transfer_scope *scope,
	       struct undo *undo);
void undo_free(struct undo *undo);

#endif
