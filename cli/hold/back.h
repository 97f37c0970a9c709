/* SPDX-License-Identifier: GPL-2.0-only */
/* hold: hand back what this process owns. */
#ifndef DMAOWN_CLI_HOLD_BACK_H
#define DMAOWN_CLI_HOLD_BACK_H

#include "state.h"

struct back {
	struct hold *hold;
	bool gone;	   /* the process has exited */
	bool trying;	   /* until it succeeds, or until the deadline */
	bool told;	   /* the message that it waits for the program was printed */
	uint64_t deadline; /* of trying, in the time of monotonic_ms() */
};

/* Begin to try; if nobody is left to hand back to, print the command that does it by hand. */
void back_begin(struct back *back);

/* Return: true if all has been handed back, or nothing was left to hand back. */
bool back_try(struct back *back);

/* Record that the process has exited. Without --to nobody is left to hand back to. */
void back_see_exit(struct back *back);

/* Does this process own nothing? If so, say it. */
bool back_owns_nothing(struct back *back);

#endif
