// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel/kinds.h"
#include "counters.h"
#include "host/number_set.h"
#include "host/user.h"

/* The maximum number of listings of owners, and the time between them in microseconds. */
#define LOOKS	   10
#define LOOK_PAUSE 50000

bool has_underflowed(uint64_t counter)
{
	return counter >> 63;
}

static bool counts_pins(const struct owner_record *owner)
{
	return kind_of(owner->kind)->counts_vm_pinned;
}

bool is_corrupt(const struct owner_record *owner)
{
	bool has_mm = known(owner, OWNER, VM_PINNED);

	return has_underflowed(owner->vm_pinned) || has_underflowed(owner->vm_locked) ||
	       has_underflowed(owner->user_locked) ||
	       (has_mm && counts_pins(owner) && owner->vm_pinned < owner->pinned) ||
	       (has_mm && owner->mode == DMAOWN_MODE_MM && owner->vm_locked < owner->pinned) ||
	       (owner->mode == DMAOWN_MODE_USER && owner->user_locked < owner->pinned);
}

/* SUMS OVER OWNERS */

enum account { OF_PROCESS, OF_USER };

#define NR_ACCOUNTS 2

/* Do the records count on one account? All live records of a process have one address space. */
static bool same_account(enum account account, const struct owner_record *a,
			 const struct owner_record *b)
{
	if (account == OF_USER)
		return a->uid == b->uid;
	return a == b || (a->owner == b->owner && a->state == DMAOWN_STATE_LIVE &&
			  b->state == DMAOWN_STATE_LIVE);
}

struct counter {
	const char *name;
	enum account account;
	unsigned int attr; /* field of the owner's record */
	int mode;	   /* only this mode counts; -1: all modes of kinds that count pins */
};

static const struct counter counters[] = {
	{ "VmPin", OF_PROCESS, DMAOWN_A_OWNER_VM_PINNED, -1 },
	{ "VmLck", OF_PROCESS, DMAOWN_A_OWNER_VM_LOCKED, DMAOWN_MODE_MM },
	{ "locked pages", OF_USER, DMAOWN_A_OWNER_USER_LOCKED, DMAOWN_MODE_USER },
};

#define NR_COUNTERS (sizeof(counters) / sizeof(counters[0]))

/* For a record of an owner. */
struct account_sums {
	size_t first[NR_ACCOUNTS];    /* first record that counts on the same account */
	uint64_t pinned[NR_COUNTERS]; /* if this is the first record: sum over the account */
};

/*
 * Return: the first record that counts on the account of record n, which becomes part of the
 * index; or SIZE_MAX without memory.
 */
static size_t find_first(struct hash_index *index, const struct record_list *owners, size_t n,
			 enum account account)
{
	const struct owner_record *owner = &owners->items[n].owner;
	uint32_t hash = account == OF_USER ? HASH(owner->uid) : HASH(owner->owner);
	size_t at = 0, first;

	if (account == OF_PROCESS && owner->state != DMAOWN_STATE_LIVE)
		return n;
	while (hash_index_next(index, hash, &at, &first))
		if (same_account(account, owner, &owners->items[first].owner))
			return first;
	return hash_index_add(index, hash, n) ? n : SIZE_MAX;
}

static bool counts(const struct counter *counter, const struct owner_record *owner)
{
	return counter->mode < 0 ? counts_pins(owner) : owner->mode == (uint32_t)counter->mode;
}

/* Return: 0 or -ENOMEM. */
static int find_accounts(const struct record_list *owners, struct account_sums *sums)
{
	struct hash_index index[NR_ACCOUNTS] = { 0 };
	size_t i, n;
	int rc = 0;

	for (n = 0; n < owners->nr && !rc; n++) {
		for (i = 0; i < NR_ACCOUNTS; i++) {
			sums[n].first[i] = find_first(&index[i], owners, n, i);
			if (sums[n].first[i] == SIZE_MAX)
				rc = -ENOMEM;
		}
	}
	for (i = 0; i < NR_ACCOUNTS; i++)
		hash_index_free(&index[i]);
	return rc;
}

/* Return: sums for each record, for the caller to free; or NULL without memory. */
static struct account_sums *sum_pinned(const struct record_list *owners)
{
	struct account_sums *sums = calloc(owners->nr + 1, sizeof(*sums));
	size_t i, n;

	if (!sums || find_accounts(owners, sums)) {
		free(sums);
		return NULL;
	}
	for (n = 0; n < owners->nr; n++)
		for (i = 0; i < NR_COUNTERS; i++)
			if (counts(&counters[i], &owners->items[n].owner))
				sums[sums[n].first[counters[i].account]].pinned[i] +=
					owners->items[n].owner.pinned;
	return sums;
}

/* FINDINGS */

static char *whose(const struct counter *counter, const struct owner_record *owner)
{
	char process[PROCESS_TEXT];
	char *user, *text = NULL;

	if (counter->account == OF_PROCESS)
		return strdup(process_text(process, known(owner, OWNER, PID), owner->pid));
	user = user_name(owner->uid);
	if (user && asprintf(&text, "user %s", user) < 0)
		text = NULL;
	free(user);
	return text;
}

static void add_corrupt(struct finding_list *list, const struct counter *counter,
			const union record *record, uint64_t value, uint64_t pinned)
{
	char *name = whose(counter, &record->owner);
	struct finding *finding;

	if (has_underflowed(value))
		finding = finding_add(list, FOUND_CORRUPT,
				      "%s of %s has underflowed to %" PRId64 " bytes",
				      counter->name, name ?: "?", (int64_t)value);
	else
		finding = finding_add(list, FOUND_CORRUPT,
				      "%s of %s: %" PRIu64 " bytes, but "
				      "%" PRIu64 " bytes are pinned on that account",
				      counter->name, name ?: "?", value, pinned);
	free(name);
	if (counter->account == OF_PROCESS) {
		finding_advice(finding,
			       "no command can mend it; it is gone when the process has exited");
		value_set_text(&finding->counter, counter->name);
	} else {
		finding_advice(finding,
			       "no command can mend it; it is gone when the last process of the "
			       "user has exited");
		value_set_text(&finding->counter, "locked_vm");
	}
	if (!has_underflowed(value))
		value_set_number(&finding->value, VALUE_SIZE, value);
	value_set_number(&finding->expected, VALUE_SIZE, pinned);
	if (counter->account == OF_USER) {
		value_give_text(&finding->user, user_name(record->owner.uid));
		return;
	}
	value_set_field(&finding->pid, record_field(RECORD_OWNER, DMAOWN_A_OWNER_PID), record);
	value_set_field(&finding->owner, record_field(RECORD_OWNER, DMAOWN_A_OWNER_OWNER), record);
}

static void judge_record(const union record *record, const struct account_sums *sums, size_t n,
			 struct finding_list *list)
{
	const struct counter *counter;
	uint64_t value;
	size_t i;

	for (i = 0; i < NR_COUNTERS; i++) {
		counter = &counters[i];
		if (!(record->known >> counter->attr & 1) || sums[n].first[counter->account] != n)
			continue;
		value = field_number(record_field(RECORD_OWNER, counter->attr), record);
		if (has_underflowed(value) || value < sums[n].pinned[i])
			add_corrupt(list, counter, record, value, sums[n].pinned[i]);
	}
}

/* Return: 0 or -ENOMEM. */
static int judge(const struct record_list *owners, struct finding_list *list)
{
	struct account_sums *sums = sum_pinned(owners);
	size_t n;

	if (!sums)
		return -ENOMEM;
	for (n = 0; n < owners->nr; n++)
		judge_record(&owners->items[n], sums, n, list);
	free(sums);
	return 0;
}

/* STEADY FINDINGS */

/* Findings of one look at the counters. */
struct look {
	struct finding_list list;
	struct hash_index texts;
};

static bool has_text(const struct look *look, const char *text)
{
	size_t at = 0, n;

	while (hash_index_next(&look->texts, hash_text(text), &at, &n))
		if (!strcmp(look->list.items[n].text, text))
			return true;
	return false;
}

/* Return: 0 or -ENOMEM. */
static int look_at(const struct record_list *owners, struct look *look)
{
	size_t i;
	int rc = judge(owners, &look->list);

	for (i = 0; i < look->list.nr && !rc; i++)
		if (!hash_index_add(&look->texts, hash_text(look->list.items[i].text), i))
			rc = -ENOMEM;
	return rc;
}

static void look_free(struct look *look)
{
	findings_free(&look->list);
	hash_index_free(&look->texts);
}

/*
 * Have all findings been found before, with the same figures? A new one may be a counter that the
 * kernel is just changing.
 */
static bool is_steady(const struct look *before, const struct look *now)
{
	size_t i;

	for (i = 0; i < now->list.nr; i++)
		if (!has_text(before, now->list.items[i].text))
			return false;
	return true;
}

static void take_over(struct finding_list *list, const struct look *before, struct look *now)
{
	struct finding *finding, *found;
	size_t i;

	for (i = 0; i < now->list.nr; i++) {
		found = &now->list.items[i];
		finding = finding_add(list, FOUND_UNKNOWN, "the counters keep changing: %s",
				      found->text);
		if (!has_text(before, found->text))
			continue;
		free(finding->text);
		*finding = *found;
		*found = (struct finding){ 0 };
	}
}

static int check_owners(struct channel *channel, struct record_list *owners,
			struct finding_list *findings)
{
	struct look before = { 0 }, now = { 0 };
	int looks = 0;
	int rc = look_at(owners, &now);

	while (!rc && !is_steady(&before, &now) && looks++ < LOOKS) {
		look_free(&before);
		before = now;
		now = (struct look){ 0 };
		usleep(LOOK_PAUSE);
		rc = channel_collect(channel, RECORD_OWNER, 0, owners) ?: look_at(owners, &now);
	}
	if (!rc)
		take_over(findings, &before, &now);
	look_free(&before);
	look_free(&now);
	return rc;
}

/* HOLDERS THAT OWN NOTHING */

/* Return: VmPin or VmLck in bytes, or 0 if it is not available. */
static uint64_t read_counter(uint32_t pid, const char *name)
{
	char path[sizeof("/proc//status") + 10];
	size_t length = strlen(name), room = 0;
	uint64_t kilobytes = 0;
	char *line = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/status", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (!kilobytes && getline(&line, &room, file) >= 0)
		if (!strncmp(line, name, length) && line[length] == ':')
			kilobytes = strtoull(line + length + 1, NULL, 10);
	free(line);
	fclose(file);
	/* The kernel prints a negative counter as unsigned: no memory is that big. */
	return kilobytes >> 52 ? UINT64_MAX : kilobytes * 1024;
}

static void check_holder(const struct holder_record *holder, struct finding_list *findings)
{
	static const char *const names[] = { "VmPin", "VmLck" };
	struct finding *finding;
	size_t i;

	for (i = 0; i < 2; i++) {
		if (!has_underflowed(read_counter(holder->pid, names[i])))
			continue;
		finding = finding_add(findings, FOUND_CORRUPT,
				      "%s of process %" PRIu32 " has underflowed", names[i],
				      holder->pid);
		finding_advice(finding,
			       "no command can mend it; it is gone when the process has exited");
		value_set_text(&finding->counter, names[i]);
		value_set_number(&finding->pid, VALUE_NUMBER, holder->pid);
	}
}

/* Check each process once. Return: 0 or -ENOMEM. */
static int check_holders(struct lookup *lookup, const struct record_list *owners,
			 struct finding_list *findings)
{
	const struct record_list *holders = lookup_holders(lookup);
	const struct holder_record *holder;
	const struct owner_record *owner;
	struct number_set judged = { 0 };
	size_t i;
	int rc = 0;

	for (i = 0; i < owners->nr && rc >= 0; i++) {
		owner = &owners->items[i].owner;
		if (owner->state == DMAOWN_STATE_LIVE)
			rc = number_set_add(&judged, owner->pid);
	}
	for (i = 0; i < holders->nr && rc >= 0; i++) {
		holder = &holders->items[i].holder;
		if (!known(holder, HOLDER, PID))
			continue;
		rc = number_set_add(&judged, holder->pid);
		if (rc > 0)
			check_holder(holder, findings);
	}
	number_set_free(&judged);
	return rc < 0 ? rc : 0;
}

int counters_check(struct lookup *lookup, struct record_list *owners, struct finding_list *findings)
{
	return check_owners(lookup->channel, owners, findings) ?:
		       check_holders(lookup, owners, findings);
}
