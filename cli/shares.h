/* SPDX-License-Identifier: GPL-2.0-only */
/* Areas summed by owner: who owns how much of which IOAS, or of which context. */
#ifndef DMAOWN_CLI_SHARES_H
#define DMAOWN_CLI_SHARES_H

#include "channel.h"

struct share {
	/* context, IOAS, owner, state, mode and user are the same in all of its areas */
	struct area_record area;
	uint64_t areas;
	uint64_t mapped;
	uint64_t pinned;
	bool by_address;	/* one of them at least is mapped by address */
};

struct share_list {
	struct share *items;
	size_t nr;
	size_t room;
	uint32_t busy;		/* IOASes and contexts that were locked and are missing */
};

/* Sum the areas of one context or (0) of all. 0 or -errno. */
int shares_collect(struct channel *channel, uint64_t context, struct share_list *list);

/*
 * The same of those areas alone that are wanted, each context as a whole: the IOAS of a share means
 * nothing. Of what was locked, wanted() is asked as well.
 */
int shares_collect_wanted(struct channel *channel, uint64_t context,
			  bool (*wanted)(const struct area_record *area, void *data), void *data,
			  struct share_list *list);
void shares_free(struct share_list *list);

#endif
