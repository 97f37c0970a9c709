// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unknown.h"

/* The maximum number of listings, and the time between them in microseconds. */
#define LOOKS	   3
#define LOOK_PAUSE 50000

#define REBUILD "build the module for this kernel, and load it again; see: dmaownctl status"

/* FILES */

static void add_file(struct finding_list *list, const union record *record)
{
	const struct holder_record *holder = &record->holder;
	char process[PROCESS_TEXT];
	struct finding *finding;

	process_text(process, known(holder, HOLDER, PID), holder->pid);
	if (holder->busy) {
		finding = finding_add(list, FOUND_UNKNOWN,
				      "descriptor %" PRIu32 " of %s, a device "
				      "file, is locked: its context is unknown",
				      holder->fd, process);
	} else {
		finding =
			finding_add(list, FOUND_UNKNOWN,
				    "descriptor %" PRIu32 " of %s is of a VFIO "
				    "or iommufd that the module was not built for: its context is "
				    "unknown",
				    holder->fd, process);
		finding_advice(finding, REBUILD);
	}
	value_set_field(&finding->pid, record_field(RECORD_HOLDER, DMAOWN_A_HOLDER_PID), record);
}

static void add_files(struct finding_list *list, const struct record_list *holders)
{
	size_t i;

	for (i = 0; i < holders->nr; i++)
		if (holders->items[i].holder.busy || holders->items[i].holder.unseen)
			add_file(list, &holders->items[i]);
}

/* DEVICES */

static bool is_unknown(const struct device_record *device)
{
	return known(device, DEVICE, UNKNOWN) && device->unknown;
}

static bool any_unknown(const struct record_list *devices)
{
	size_t i;

	for (i = 0; i < devices->nr; i++)
		if (is_unknown(&devices->items[i].device))
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

static void add_device(struct finding_list *list, const struct device_record *device)
{
	struct finding *finding;

	finding = finding_add(list, FOUND_UNKNOWN,
			      "device %s in context 0x%" PRIx64 ": no process has %" PRIu32
			      " open file%s of it among its descriptors: the holder is unknown",
			      device->device, device->context, device->unknown,
			      device->unknown == 1 ? "" : "s");
	finding_advice(finding, "a mapping may hold it: look for one with: grep vfio /proc/*/maps");
	value_set_number(&finding->context, VALUE_HEX, device->context);
	value_give_text(&finding->device, strdup(device->device));
}

static int add_devices(struct finding_list *list, struct channel *channel)
{
	struct record_list devices = { 0 };
	int rc = look(channel, &devices);
	size_t i;

	for (i = 0; i < devices.nr && !rc; i++)
		if (is_unknown(&devices.items[i].device))
			add_device(list, &devices.items[i].device);
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
