// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel/kinds.h"
#include "counters.h"
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

/*
 * Sum what is pinned on the account of record n.
 * Return: false if an earlier record is of the same account.
 */
static bool sum_pinned(const struct record_list *owners, size_t n, const struct counter *counter,
		       uint64_t *pinned)
{
	const struct owner_record *owner;
	size_t i;

	*pinned = 0;
	for (i = 0; i < owners->nr; i++) {
		owner = &owners->items[i].owner;
		if (!same_account(counter->account, owner, &owners->items[n].owner))
			continue;
		if (i < n)
			return false;
		if (counter->mode < 0 ? counts_pins(owner) : owner->mode == (uint32_t)counter->mode)
			*pinned += owner->pinned;
	}
	return true;
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

static void judge(const struct record_list *owners, struct finding_list *list)
{
	const struct counter *counter;
	const struct field *field;
	const union record *record;
	uint64_t value, pinned;
	size_t i, n;

	for (n = 0; n < owners->nr; n++) {
		record = &owners->items[n];
		for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
			counter = &counters[i];
			field = record_field(RECORD_OWNER, counter->attr);
			if (!(record->known >> counter->attr & 1) ||
			    !sum_pinned(owners, n, counter, &pinned))
				continue;
			value = field_number(field, record);
			if (has_underflowed(value) || value < pinned)
				add_corrupt(list, counter, record, value, pinned);
		}
	}
}

/* STEADY FINDINGS */

static bool has_text(const struct finding_list *list, const char *text)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		if (!strcmp(list->items[i].text, text))
			return true;
	return false;
}

/*
 * Have all findings been found before, with the same figures? A new one may be a counter that the
 * kernel is just changing.
 */
static bool is_steady(const struct finding_list *before, const struct finding_list *now)
{
	size_t i;

	for (i = 0; i < now->nr; i++)
		if (!has_text(before, now->items[i].text))
			return false;
	return true;
}

static void take_over(struct finding_list *list, const struct finding_list *before,
		      struct finding_list *now)
{
	struct finding *finding;
	size_t i;

	for (i = 0; i < now->nr; i++) {
		finding = finding_add(list, FOUND_UNKNOWN, "the counters keep changing: %s",
				      now->items[i].text);
		if (!has_text(before, now->items[i].text))
			continue;
		free(finding->text);
		*finding = now->items[i];
		now->items[i] = (struct finding){ 0 };
	}
}

static int check_owners(struct channel *channel, struct record_list *owners,
			struct finding_list *findings)
{
	struct finding_list before = { 0 }, now = { 0 };
	int looks = 0;
	int rc = 0;

	judge(owners, &now);
	while (!rc && !is_steady(&before, &now) && looks++ < LOOKS) {
		findings_free(&before);
		before = now;
		now = (struct finding_list){ 0 };
		usleep(LOOK_PAUSE);
		rc = channel_collect(channel, RECORD_OWNER, 0, owners);
		judge(owners, &now);
	}
	if (!rc)
		take_over(findings, &before, &now);
	findings_free(&before);
	findings_free(&now);
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

static bool is_judged(const struct record_list *owners, const struct holder_record *holder)
{
	const struct owner_record *owner;
	size_t i;

	for (i = 0; i < owners->nr; i++) {
		owner = &owners->items[i].owner;
		if (owner->pid == holder->pid && owner->state == DMAOWN_STATE_LIVE)
			return true;
	}
	return false;
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

static void check_holders(struct lookup *lookup, const struct record_list *owners,
			  struct finding_list *findings)
{
	const struct record_list *holders = lookup_holders(lookup);
	const struct holder_record *holder;
	struct value seen = { 0 };
	struct value *item;
	size_t i;

	value_set_list(&seen);
	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (!known(holder, HOLDER, PID) || is_judged(owners, holder) ||
		    value_has_number(&seen, VALUE_NUMBER, holder->pid))
			continue;
		item = value_add(&seen);
		if (item)
			value_set_number(item, VALUE_NUMBER, holder->pid);
		check_holder(holder, findings);
	}
	value_clear(&seen);
}

int counters_check(struct lookup *lookup, struct record_list *owners, struct finding_list *findings)
{
	int rc = check_owners(lookup->channel, owners, findings);

	if (!rc)
		check_holders(lookup, owners, findings);
	return rc;
}
