// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "query/holding.h"
#include "unknown.h"

/* The maximum number of listings, and the time between them in microseconds. */
#define LOOKS	   3
#define LOOK_PAUSE 50000

#define PLACE_TEXT 40

#define REBUILD "build the module for this kernel, and load it again; see: dmaownctl status"

/* FILES */

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
	finding_advice(finding, "it has too many files or mappings, or changes them all the time: "
				"try again in a moment");
	return finding;
}

void findings_add_file(struct finding_list *list, const union record *record)
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
		finding = finding_add(list, FOUND_UNKNOWN,
				      "%s of %s, a device file, is locked: its context is unknown",
				      file, process);
	value_set_field(&finding->pid, record_field(RECORD_HOLDER, DMAOWN_A_HOLDER_PID), record);
}

/* Unknown holders are found by their devices. */
static void add_files(struct finding_list *list, const struct record_list *holders)
{
	const struct holder_record *holder;
	size_t i;

	for (i = 0; i < holders->nr; i++) {
		holder = &holders->items[i].holder;
		if ((holder->busy || holder->unseen) && !holder_is_unknown(holder))
			findings_add_file(list, &holders->items[i]);
	}
}

/* DEVICES */

bool device_is_unknown(const struct device_record *device)
{
	if (known(device, DEVICE, UNKNOWN))
		return device->unknown;
	return known(device, DEVICE, OPENS) && device->opens;
}

static bool any_unknown(const struct record_list *devices)
{
	size_t i;

	for (i = 0; i < devices->nr; i++)
		if (device_is_unknown(&devices->items[i].device))
			return true;
	return false;
}

/* List again: a file that was opened, closed or passed on meanwhile is missing only once. */
static int look(struct channel *channel, struct record_list *devices)
{
	int looks = 0;
	int rc;

	for (;;) {
		rc = channel_collect(channel, RECORD_DEVICE, 0, devices);
		if (rc || !any_unknown(devices) || ++looks == LOOKS)
			return rc;
		usleep(LOOK_PAUSE);
	}
}

/* Return: text, filled with the context of the device, if it is in one. */
static const char *place_text(char text[PLACE_TEXT], const struct device_record *device)
{
	*text = '\0';
	if (known(device, DEVICE, CONTEXT))
		snprintf(text, PLACE_TEXT, " in context 0x%" PRIx64, device->context);
	return text;
}

void findings_add_device(struct finding_list *list, const union record *record)
{
	const struct device_record *device = &record->device;
	struct finding *finding;
	char place[PLACE_TEXT];

	place_text(place, device);
	if (known(device, DEVICE, UNKNOWN)) {
		finding = finding_add(list, FOUND_UNKNOWN,
				      "device %s%s: no process has %" PRIu32 " open file%s of it, "
				      "neither as a descriptor nor mapped: the holder is unknown",
				      device->device, place, device->unknown,
				      device->unknown == 1 ? "" : "s");
		finding_advice(finding, UNKNOWN_CAUSES " may hold it: " UNKNOWN_WAY_OUT);
	} else {
		finding =
			finding_add(list, FOUND_UNKNOWN,
				    "device %s%s: it cannot be known whether processes have all of "
				    "its open files",
				    device->device, place);
		finding_advice(finding, "try again in a moment");
	}
	value_set_field(&finding->context, record_field(RECORD_DEVICE, DMAOWN_A_DEVICE_CONTEXT),
			record);
	value_give_text(&finding->device, strdup(device->device));
}

static int add_devices(struct finding_list *list, struct channel *channel)
{
	struct record_list devices = { 0 };
	int rc = look(channel, &devices);
	size_t i;

	for (i = 0; i < devices.nr && !rc; i++)
		if (device_is_unknown(&devices.items[i].device))
			findings_add_device(list, &devices.items[i]);
	record_list_free(&devices);
	return rc ? channel_failed(channel, RECORD_DEVICE, rc) : 0;
}

/* VFIO AS A WHOLE */

static int add_vfio(struct finding_list *list, struct channel *channel)
{
	union record status = { 0 };
	int rc = channel_read(channel, RECORD_STATUS, &status);

	if (rc)
		return channel_failed(channel, RECORD_STATUS, rc);
	if (status.status.vfio_unseen)
		finding_advice(finding_add(list, FOUND_UNKNOWN,
					   "the module was not built for the VFIO "
					   "that is loaded: the holders of devices and containers are "
					   "unknown"),
			       REBUILD);
	return 0;
}

int findings_add_unknown(struct finding_list *list, struct channel *channel,
			 const struct record_list *holders)
{
	add_files(list, holders);
	return add_devices(list, channel) ?: add_vfio(list, channel);
}
