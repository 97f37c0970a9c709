// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit_status.h"
#include "host/hash.h"
#include "host/number_set.h"
#include "query/holding.h"
#include "unknown.h"

/* The maximum number of listings, and the time between them in microseconds. */
#define LOOKS	   3
#define LOOK_PAUSE 50000

#define PLACE_TEXT 40

#define REBUILD "build the module for this kernel, and load it again; see: dmaownctl status"

#define AGAIN "try again in a moment"

/* LOOKING AGAIN */

bool unknown_look_again(int *looks)
{
	if (++*looks >= LOOKS)
		return false;
	usleep(LOOK_PAUSE);
	return true;
}

static bool any(const struct record_list *list, bool (*in_doubt)(const union record *record))
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		if (in_doubt(&list->items[i]))
			return true;
	return false;
}

/*
 * List again as long as a record is in doubt: a file that was opened, closed or passed on meanwhile
 * is missing only once, and most locks are held for a moment.
 */
static int look(struct channel *channel, enum record_kind kind,
		bool (*in_doubt)(const union record *record), struct record_list *list)
{
	int looks = 0;
	int rc;

	do {
		rc = channel_collect(channel, kind, 0, list);
	} while (!rc && any(list, in_doubt) && unknown_look_again(&looks));
	return rc;
}

/* HOLDERS */

/* Return: text, filled with the context of a device, if it is in one. */
static const char *place_text(char text[PLACE_TEXT], bool is_known, uint64_t context)
{
	*text = '\0';
	if (is_known)
		snprintf(text, PLACE_TEXT, " in context 0x%" PRIx64, context);
	return text;
}

static struct finding *add_unseen(struct finding_list *list, const char *file, const char *process)
{
	struct finding *finding;

	finding = finding_add(list, FOUND_UNKNOWN,
			      "%s of %s is of a VFIO or iommufd that the module was not built for: "
			      "its context is unknown",
			      file, process);
	finding_advice(finding, REBUILD);
	return finding;
}

static struct finding *add_unread(struct finding_list *list, const char *process)
{
	struct finding *finding;

	finding =
		finding_add(list, FOUND_UNKNOWN,
			    "the files of %s could not be read to the end: it may hold any context",
			    process);
	finding_advice(finding, "it changes them all the time, keeps them locked, or its user has "
				"too many: " AGAIN);
	return finding;
}

/* Add a device that has no file in any process, as far as is known. */
static struct finding *add_open(struct finding_list *list, const char *device, const char *place,
				uint32_t files)
{
	struct finding *finding;

	finding = finding_add(list, FOUND_UNKNOWN,
			      "device %s%s: no process has %" PRIu32
			      " open file%s of it, neither as a "
			      "descriptor nor mapped: the holder is unknown",
			      device, place, files, files == 1 ? "" : "s");
	finding_advice(finding, UNKNOWN_CAUSES " may hold it: " UNKNOWN_WAY_OUT);
	return finding;
}

/* Add a device of which it is not known whether it has files that no process has. */
static struct finding *add_uncounted(struct finding_list *list, const char *device,
				     const char *place)
{
	struct finding *finding;

	finding = finding_add(list, FOUND_UNKNOWN,
			      "device %s%s: it cannot be known whether processes have all of its "
			      "open files",
			      device, place);
	finding_advice(finding, AGAIN);
	return finding;
}

static struct finding *add_locked(struct finding_list *list, const struct holder_record *holder)
{
	struct finding *finding;

	finding = finding_add(list, FOUND_UNKNOWN,
			      "device %s is locked or being removed: who has it open is unknown",
			      holder->device);
	finding_advice(finding, AGAIN);
	return finding;
}

static struct finding *add_unseen_device(struct finding_list *list,
					 const struct holder_record *holder)
{
	struct finding *finding;

	finding =
		finding_add(list, FOUND_UNKNOWN,
			    "device %s: the module was not built for its context: who has it open is "
			    "unknown",
			    holder->device);
	finding_advice(finding, REBUILD);
	return finding;
}

static void add_unknown(struct finding_list *list, const union record *record)
{
	const struct holder_record *holder = &record->holder;
	struct finding *finding;
	char place[PLACE_TEXT];

	place_text(place, known(holder, HOLDER, CONTEXT), holder->context);
	if (holder->unseen)
		finding = add_unseen_device(list, holder);
	else if (holder->busy || !holder_is_certain(holder))
		finding = add_locked(list, holder);
	else
		finding = add_open(list, holder->device, place, holder->files);
	value_set_field(&finding->context, record_field(RECORD_HOLDER, DMAOWN_A_HOLDER_CONTEXT),
			record);
	value_give_text(&finding->device, strdup(holder->device));
}

static void add_file(struct finding_list *list, const union record *record)
{
	const struct holder_record *holder = &record->holder;
	char process[PROCESS_TEXT], file[HOLDER_TEXT];
	struct finding *finding;

	process_text(process, known(holder, HOLDER, PID), holder->pid);
	holder_text(file, holder);
	if (!holder->busy)
		finding = add_unseen(list, file, process);
	else if (!known(holder, HOLDER, VIA))
		finding = add_unread(list, process);
	else
		finding =
			finding_add(list, FOUND_UNKNOWN,
				    "%s of %s is of a device or group that is locked: its context is "
				    "unknown",
				    file, process);
	value_set_field(&finding->pid, record_field(RECORD_HOLDER, DMAOWN_A_HOLDER_PID), record);
}

void findings_add_holder(struct finding_list *list, const union record *record)
{
	if (holder_is_unknown(&record->holder))
		add_unknown(list, record);
	else
		add_file(list, record);
}

static void add_files(struct finding_list *list, const struct record_list *holders)
{
	const struct holder_record *holder;
	size_t i;

	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if (holder_is_unclear(holder) && !holder_is_unknown(holder))
			add_file(list, &holders->items[i]);
	}
}

/* DEVICES */

bool device_is_unknown(const struct device_record *device)
{
	if (known(device, DEVICE, UNKNOWN))
		return device->unknown;
	return known(device, DEVICE, OPENS) && device->opens;
}

static bool is_unknown_device(const union record *record)
{
	return device_is_unknown(&record->device);
}

void findings_add_device(struct finding_list *list, const union record *record)
{
	const struct device_record *device = &record->device;
	struct finding *finding;
	char place[PLACE_TEXT];

	place_text(place, known(device, DEVICE, CONTEXT), device->context);
	if (known(device, DEVICE, UNKNOWN)) {
		finding = add_open(list, device->device, place, device->unknown);
	} else {
		finding = add_uncounted(list, device->device, place);
	}
	value_set_field(&finding->context, record_field(RECORD_DEVICE, DMAOWN_A_DEVICE_CONTEXT),
			record);
	value_give_text(&finding->device, strdup(device->device));
}

static int add_devices(struct finding_list *list, struct channel *channel)
{
	struct record_list devices = { 0 };
	int rc = look(channel, RECORD_DEVICE, is_unknown_device, &devices);
	size_t i;

	for (i = 0; i < devices.nr && !rc; i++)
		if (device_is_unknown(&devices.items[i].device))
			findings_add_device(list, &devices.items[i]);
	record_list_free(&devices);
	return rc ? channel_failed(channel, RECORD_DEVICE, rc) : 0;
}

/* DEVICES THAT NEITHER A PROCESS NOR A CONTEXT SHOWS */

static bool is_unclear_device(const union record *record)
{
	return holder_is_unknown(&record->holder) && holder_is_unclear(&record->holder);
}

/* Return: the device of a finding of this kind, or NULL. */
static const char *unknown_device(const struct finding *finding)
{
	return finding->found == FOUND_UNKNOWN ? finding->device.text : NULL;
}

static bool is_indexed(const struct finding_list *list, const struct hash_index *devices,
		       const char *device)
{
	size_t at = 0, n;

	while (hash_index_next(devices, hash_text(device), &at, &n))
		if (!strcmp(unknown_device(&list->items[n]), device))
			return true;
	return false;
}

/* Add the devices of the findings from this one on. Return: 0 or -ENOMEM. */
static int index_devices(const struct finding_list *list, size_t from, struct hash_index *devices)
{
	const char *device;
	size_t i;

	for (i = from; i < list->nr; i++) {
		device = unknown_device(&list->items[i]);
		if (device && !is_indexed(list, devices, device) &&
		    !hash_index_add(devices, hash_text(device), i))
			return -ENOMEM;
	}
	return 0;
}

/* Add each device once. Return: 0 or -ENOMEM. */
static int add_missing(struct finding_list *list, const struct record_list *holders)
{
	struct hash_index devices = { 0 };
	int rc = index_devices(list, 0, &devices);
	const union record *record;
	size_t i;

	for (i = 0; i < holders->nr && !rc; i++) {
		record = &holders->items[i];
		if (!is_unclear_device(record) || is_indexed(list, &devices, record->holder.device))
			continue;
		add_unknown(list, record);
		rc = index_devices(list, list->nr - 1, &devices);
	}
	hash_index_free(&devices);
	return rc;
}

static int add_unclear_devices(struct finding_list *list, struct channel *channel,
			       const struct record_list *holders)
{
	struct record_list again = { 0 };
	int rc;

	if (!any(holders, is_unclear_device))
		return 0;
	rc = look(channel, RECORD_HOLDER, is_unclear_device, &again);
	if (!rc)
		rc = add_missing(list, &again);
	record_list_free(&again);
	return rc ? channel_failed(channel, RECORD_HOLDER, rc) : 0;
}

/* VFIO AS A WHOLE */

static void add_vfio(struct finding_list *list)
{
	finding_advice(finding_add(list, FOUND_UNKNOWN,
				   "the module was not built for the VFIO that is loaded: the "
				   "holders of devices and containers are unknown"),
		       REBUILD);
}

int findings_add_vfio(struct finding_list *list, struct channel *channel)
{
	union record status = { 0 };
	int rc = channel_read(channel, RECORD_STATUS, &status);

	if (rc)
		return channel_failed(channel, RECORD_STATUS, rc);
	if (status.status.vfio_unseen)
		add_vfio(list);
	return 0;
}

/* REPORTS */

/* The findings so far, to find each only once. */
struct found_before {
	struct hash_index devices; /* of the findings, by their devices */
	struct number_set pids;	   /* of processes that could not be inspected */
	bool unseen;		   /* something that the module was not built for */
};

/* Take account of the findings from this one on. Return: 0 or -ENOMEM. */
static int see_findings(const struct finding_list *list, size_t from, struct found_before *seen)
{
	const struct finding *finding;
	size_t i;

	for (i = from; i < list->nr; i++) {
		finding = &list->items[i];
		if (finding->advice && !strcmp(finding->advice, REBUILD))
			seen->unseen = true;
		if (finding->found == FOUND_UNKNOWN && finding->pid.kind == VALUE_NUMBER &&
		    number_set_add(&seen->pids, finding->pid.number) < 0)
			return -ENOMEM;
	}
	return index_devices(list, from, &seen->devices);
}

static void set_context(struct finding *finding, const struct dmaown_report *report)
{
	if (report->context)
		value_set_number(&finding->context, VALUE_HEX, report->context);
}

static void add_report_of_device(struct finding_list *list, const struct found_before *seen,
				 const struct dmaown_report *report)
{
	struct finding *finding;
	char place[PLACE_TEXT];

	if (is_indexed(list, &seen->devices, report->device))
		return;
	place_text(place, report->context, report->context);
	if (report->value)
		finding = add_open(list, report->device, place, report->value);
	else
		finding = add_uncounted(list, report->device, place);
	set_context(finding, report);
	value_give_text(&finding->device, strdup(report->device));
}

static void add_report_of_process(struct finding_list *list, const struct found_before *seen,
				  const struct dmaown_report *report)
{
	char process[PROCESS_TEXT];
	struct finding *finding;

	if (report->process && number_set_has(&seen->pids, report->process))
		return;
	process_text(process, report->process, report->process);
	finding = add_unread(list, process);
	if (report->process)
		value_set_number(&finding->pid, VALUE_NUMBER, report->process);
}

static void add_report_of_lock(struct finding_list *list, const struct found_before *seen,
			       const struct dmaown_report *report)
{
	struct finding *finding;

	if (report->context)
		finding = finding_add(list, FOUND_UNKNOWN,
				      "context 0x%" PRIx64
				      ": it or a device in it is locked by another thread: what it "
				      "would lose is unknown",
				      (uint64_t)report->context);
	else if (number_set_has(&seen->pids, report->process))
		return;
	else
		finding = finding_add(list, FOUND_UNKNOWN,
				      "a file of process %" PRIu32
				      " is locked, or its files could not be read to the end: it "
				      "may hold any context",
				      report->process);
	finding_advice(finding, AGAIN);
	set_context(finding, report);
	if (report->process)
		value_set_number(&finding->pid, VALUE_NUMBER, report->process);
}

static void add_report(struct finding_list *list, const struct found_before *seen,
		       const struct dmaown_report *report)
{
	switch (report->reason) {
	case DMAOWN_REASON_UNKNOWN_HOLDER:
		add_report_of_device(list, seen, report);
		break;
	case DMAOWN_REASON_UNREAD:
		add_report_of_process(list, seen, report);
		break;
	case DMAOWN_REASON_LOCKED:
		add_report_of_lock(list, seen, report);
		break;
	case DMAOWN_REASON_UNSEEN:
		if (!seen->unseen)
			add_vfio(list);
		break;
	}
}

void findings_add_reports(struct finding_list *list, const struct dmaown_report *reports, size_t nr)
{
	struct found_before seen = { 0 };
	int rc = see_findings(list, 0, &seen);
	size_t i, before;

	for (i = 0; i < nr && !rc; i++) {
		before = list->nr;
		add_report(list, &seen, &reports[i]);
		rc = see_findings(list, before, &seen);
	}
	if (rc)
		err(EXIT_OTHER, "findings");
	hash_index_free(&seen.devices);
	number_set_free(&seen.pids);
}

int findings_add_unknown(struct finding_list *list, struct channel *channel,
			 const struct record_list *holders)
{
	int rc;

	add_files(list, holders);
	rc = add_devices(list, channel);
	if (!rc)
		rc = add_unclear_devices(list, channel, holders);
	return rc ?: findings_add_vfio(list, channel);
}
