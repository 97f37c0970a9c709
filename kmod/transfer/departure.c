// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bitmap.h>
#include <linux/string.h>

#include "departure.h"

static bool holder_stays(const struct departure *departure, const struct holder *holder)
{
	return !dmaown_ptrset_count(departure->leaving, holder->pid);
}

static bool departure_touches_any(const struct departure *departure)
{
	return !bitmap_empty(departure->touched, departure->contexts_nr);
}

/* @number may be NUMBER_NONE: then any context counts. */
static bool departure_touches(const struct departure *departure, unsigned int number)
{
	return number == NUMBER_NONE ? departure_touches_any(departure) :
				       test_bit(number, departure->touched);
}

/* DEVICES THAT WOULD BE RESET */

/*
 * A group without open devices does no DMA, and a group with an open device stays with it. But a
 * container loses all its mappings with its last group. An iommufd context loses nothing.
 */
static bool departure_leaves_group(const struct departure *departure, unsigned int number)
{
	const struct snapshot *snapshot = &departure->holders->snapshot;
	unsigned int i;

	if (dmaown_context_kind(departure->contexts[number]) == DMAOWN_KIND_IOMMUFD)
		return true;
	for (i = 0; i < snapshot->by_device_nr; i++)
		if (snapshot->by_device[i]->number == number &&
		    holder_stays(departure, snapshot->by_device[i]))
			return true;
	return false;
}

static bool holder_same_device(const struct holder *a, const struct holder *b)
{
	return a->number == b->number && !strcmp(a->device, b->device);
}

static void departure_report_reset(const struct departure *departure, const struct holder *holder,
				   struct reports *reports)
{
	struct dmaown_report report =
		dmaown_holder_report(holder, departure->contexts, DMAOWN_REASON_WOULD_RESET);

	strscpy(report.device, holder->device, sizeof(report.device));
	dmaown_report_add(reports, &report);
}

/* A device is not reset while a process that stays has a file of it open. */
static void departure_check_resets(const struct departure *departure, struct reports *reports)
{
	const struct snapshot *snapshot = &departure->holders->snapshot;
	unsigned int i, end;

	for (i = 0; i < snapshot->by_device_nr; i = end) {
		const struct holder *device = snapshot->by_device[i];
		bool kept = device->number == NUMBER_NONE ||
			    !test_bit(device->number, departure->touched) ||
			    dmaown_forces_device(departure->forces, DMAOWN_REASON_WOULD_RESET,
						 device->device);

		for (end = i; end < snapshot->by_device_nr; end++) {
			if (!holder_same_device(device, snapshot->by_device[end]))
				break;
			kept = kept || holder_stays(departure, snapshot->by_device[end]);
		}
		if (device->via == DMAOWN_VIA_GROUP)
			kept = kept || departure_leaves_group(departure, device->number);
		if (!kept)
			departure_report_reset(departure, device, reports);
	}
}

/* HOLDERS THAT ARE NOT KNOWN */

/* Without has_opens the module counts no files: unknown is a flag then. */
static void departure_report_unknown(const struct departure *departure,
				     const struct bound_device *device, struct reports *reports)
{
	struct dmaown_report report = {
		.reason = DMAOWN_REASON_UNKNOWN_HOLDER,
		.value = device->has_opens ? device->unknown : 0,
	};

	if (device->number != NUMBER_NONE)
		report.context = dmaown_context_id(departure->contexts[device->number]);
	strscpy(report.device, device->name, sizeof(report.device));
	dmaown_report_add(reports, &report);
}

/*
 * The holders of the other files of a device are unknown: they may be about to exit, or run as any
 * user.
 */
static void departure_check_unknown(const struct departure *departure, struct reports *reports)
{
	const struct bound_devices *devices = &departure->holders->devices;
	unsigned int i;

	for (i = 0; i < devices->nr; i++) {
		const struct bound_device *device = &devices->array[i];

		if (departure_touches(departure, device->number) && device->unknown &&
		    !dmaown_forces_device(departure->forces, DMAOWN_REASON_UNKNOWN_HOLDER,
					  device->name))
			departure_report_unknown(departure, device, reports);
	}
}

static void departure_report_unseen(const struct departure *departure, unsigned int number,
				    struct reports *reports)
{
	struct dmaown_report report = {
		.reason = DMAOWN_REASON_UNSEEN,
		.context = dmaown_context_id(departure->contexts[number]),
	};

	dmaown_report_add(reports, &report);
}

/* A file of VFIO may hold any context, with or without devices. */
static void departure_check_unseen(const struct departure *departure, struct reports *reports)
{
	unsigned int number;

	if (!departure->holders->snapshot.vfio_unseen ||
	    dmaown_forces_any(departure->forces, DMAOWN_REASON_UNSEEN))
		return;
	for_each_set_bit(number, departure->touched, departure->contexts_nr)
		departure_report_unseen(departure, number, reports);
}

void dmaown_departure_check(const struct departure *departure, struct reports *reports)
{
	departure_check_resets(departure, reports);
	departure_check_unknown(departure, reports);
	departure_check_unseen(departure, reports);
}
