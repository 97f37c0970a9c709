// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "counters.h"
#include "process.h"

/* How often the owners are read, and the time between, in microseconds. */
#define LOOKS		10
#define LOOK_PAUSE	50000

bool has_underflowed(uint64_t counter)
{
	return counter >> 63;
}

/* Type1 counts what it pins as locked only. */
static bool counts_pins(const struct owner_record *owner)
{
	return owner->kind != DMAOWN_KIND_TYPE1;
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

enum of_whom { OF_PROCESS, OF_USER };

/* All live records of a process are about one address space: the one it has now. */
static bool same_account(enum of_whom whom, const struct owner_record *a,
			 const struct owner_record *b)
{
	if (whom == OF_USER)
		return a->uid == b->uid;
	return a == b || (a->owner == b->owner && a->state == DMAOWN_STATE_LIVE &&
			  b->state == DMAOWN_STATE_LIVE);
}

struct counter {
	const char *name;
	enum of_whom whom;
	unsigned int attr;		/* the field of the owner's record */
	int mode;			/* only this one is counted; -1: all that count pins are */
};

static const struct counter counters[] = {
	{ "VmPin", OF_PROCESS, DMAOWN_A_OWNER_VM_PINNED, -1 },
	{ "VmLck", OF_PROCESS, DMAOWN_A_OWNER_VM_LOCKED, DMAOWN_MODE_MM },
	{ "locked pages", OF_USER, DMAOWN_A_OWNER_USER_LOCKED, DMAOWN_MODE_USER },
};

/* What is pinned on this account. Is it the account's first record? */
static bool sum_pinned(const struct record_list *owners, size_t n, const struct counter *counter,
		       uint64_t *pinned)
{
	const struct owner_record *owner;
	size_t i;

	*pinned = 0;
	for (i = 0; i < owners->nr; i++) {
		owner = &owners->items[i].owner;
		if (!same_account(counter->whom, owner, &owners->items[n].owner))
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

	if (counter->whom == OF_PROCESS)
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
	char *account = whose(counter, &record->owner);
	struct finding *finding;

	if (has_underflowed(value))
		finding = finding_add(list, FOUND_CORRUPT, "%s of %s has underflowed to %" PRId64
				      " bytes", counter->name, account ?: "?", (int64_t)value);
	else
		finding = finding_add(list, FOUND_CORRUPT, "%s of %s: %" PRIu64 " bytes, but "
				      "%" PRIu64 " bytes are pinned on that account",
				      counter->name, account ?: "?", value, pinned);
	free(account);
	finding_advice(finding, counter->whom == OF_PROCESS ?
		       "no command mends it; it ends with the process" :
		       "no command mends it; it ends with the last process of the user");
	cell_set_text(&finding->counter, counter->whom == OF_PROCESS ? counter->name : "locked_vm");
	if (!has_underflowed(value))
		cell_set_number(&finding->value, CELL_SIZE, value);
	cell_set_number(&finding->expected, CELL_SIZE, pinned);
	if (counter->whom == OF_USER) {
		cell_give_text(&finding->user, user_name(record->owner.uid));
		return;
	}
	cell_set_field(&finding->pid, record_field(RECORD_OWNER, DMAOWN_A_OWNER_PID), record);
	cell_set_field(&finding->owner, record_field(RECORD_OWNER, DMAOWN_A_OWNER_OWNER), record);
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

/* THE LOOK THAT COUNTS */

static bool has_text(const struct finding_list *list, const char *text)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		if (!strcmp(list->items[i].text, text))
			return true;
	return false;
}

/* What was found before too, with the same figures, is so; the rest may have been seen half way. */
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
		finding = finding_add(list, FOUND_UNKNOWN, "counters change all the time: %s",
				      now->items[i].text);
		if (!has_text(before, now->items[i].text))
			continue;
		free(finding->text);
		*finding = now->items[i];
		now->items[i] = (struct finding){ 0 };
	}
}

static int check_owners(struct health *health)
{
	struct finding_list before = { 0 }, now = { 0 };
	int looks = 0;
	int rc = 0;

	judge(&health->owners, &now);
	while (!rc && !is_steady(&before, &now) && looks++ < LOOKS) {
		findings_free(&before);
		before = now;
		now = (struct finding_list){ 0 };
		usleep(LOOK_PAUSE);
		rc = channel_collect(health->channel, RECORD_OWNER, 0, &health->owners);
		judge(&health->owners, &now);
	}
	if (!rc)
		take_over(&health->findings, &before, &now);
	findings_free(&before);
	findings_free(&now);
	return rc;
}

/* HOLDERS THAT OWN NOTHING (ANY MORE) */

/* VmPin or VmLck in bytes; 0 if it cannot be had. */
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
	/* It is printed as a number without a sign: no memory is that big. */
	return kilobytes >> 52 ? UINT64_MAX : kilobytes * 1024;
}

static bool is_judged(const struct health *health, const struct holder_record *holder)
{
	const struct owner_record *owner;
	size_t i;

	for (i = 0; i < health->owners.nr; i++) {
		owner = &health->owners.items[i].owner;
		if (owner->pid == holder->pid && owner->state == DMAOWN_STATE_LIVE)
			return true;
	}
	return false;
}

static void check_holder(struct health *health, const struct holder_record *holder)
{
	static const char *const names[] = { "VmPin", "VmLck" };
	struct finding *finding;
	size_t i;

	for (i = 0; i < 2; i++) {
		if (!has_underflowed(read_counter(holder->pid, names[i])))
			continue;
		finding = finding_add(&health->findings, FOUND_CORRUPT,
				      "%s of process %" PRIu32 " has underflowed", names[i],
				      holder->pid);
		finding_advice(finding, "no command mends it; it ends with the process");
		cell_set_text(&finding->counter, names[i]);
		cell_set_number(&finding->pid, CELL_NUMBER, holder->pid);
	}
}

static void check_holders(struct health *health)
{
	const struct record_list *holders = census_holders(&health->census);
	const struct holder_record *holder;
	struct cell seen = { 0 };
	struct cell *item;
	size_t i;

	cell_set_list(&seen);
	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (!known(holder, HOLDER, PID) || is_judged(health, holder) ||
		    cell_has_number(&seen, CELL_NUMBER, holder->pid))
			continue;
		item = cell_add(&seen);
		if (item)
			cell_set_number(item, CELL_NUMBER, holder->pid);
		check_holder(health, holder);
	}
	cell_clear(&seen);
}

int counters_check(struct health *health)
{
	int rc = check_owners(health);

	if (!rc)
		check_holders(health);
	return rc;
}
