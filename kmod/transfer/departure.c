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
			cond_resched();
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
	for_each_set_bit(number, departure->touched, departure->contexts_nr) {
		departure_report_unseen(departure, number, reports);
		cond_resched();
	}
}

void dmaown_departure_check(const struct departure *departure, struct reports *reports)
{
	departure_check_resets(departure, reports);
	departure_check_unknown(departure, reports);
	departure_check_unseen(departure, reports);
}

void dmaown_departure_check_unread(const struct departure *departure, struct reports *reports)
{
	const struct snapshot *snapshot = &departure->holders->snapshot;
	unsigned int i;

	if (!departure_touches_any(departure))
		return;
	for (i = 0; i < snapshot->nr; i++) {
		const struct holder *holder = &snapshot->holders[i];
		struct dmaown_report report;

		cond_resched();
		if (!holder->incomplete)
			continue;
		report = dmaown_holder_report(holder, departure->contexts, DMAOWN_REASON_UNREAD);
		report.value = dmaown_holder_user(holder);
		dmaown_report_add(reports, &report);
	}
}

/* CONTEXTS THAT WOULD BE LOST */

/* The holders of a context, or those of devices and groups in it. */
struct presence {
	const struct holder *leaves; /* one that leaves, by the file of a group if it has one */
	bool stays;		     /* another one stays */
};

static void presence_add(struct presence *presence, const struct departure *departure,
			 const struct holder *holder)
{
	if (holder_stays(departure, holder))
		presence->stays = true;
	else if (!presence->leaves || holder->via == DMAOWN_VIA_GROUP)
		presence->leaves = holder;
}

static bool presence_ends(const struct presence *presence)
{
	return presence->leaves && !presence->stays;
}

/* @device: the device or group without which a context is lost that others hold; or "" */
static void departure_report_loss(const struct departure *departure, const struct holder *holder,
				  const char *device, struct reports *reports)
{
	struct dmaown_report report =
		dmaown_holder_report(holder, departure->contexts, DMAOWN_REASON_WOULD_LOSE);

	strscpy(report.device, device, sizeof(report.device));
	dmaown_report_add(reports, &report);
}

/* A context is lost with its last holder. A container loses all mappings with its last group. */
static void departure_check_loss(const struct departure *departure, const struct holder *first,
				 const struct holder *end, struct reports *reports)
{
	struct context ctx = departure->contexts[first->number];
	struct presence all = {}, devices = {};
	const struct holder *holder;

	for (holder = first; holder < end; holder++) {
		presence_add(&all, departure, holder);
		if (*holder->device)
			presence_add(&devices, departure, holder);
		cond_resched();
	}
	if (presence_ends(&all))
		departure_report_loss(departure, all.leaves, "", reports);
	else if (presence_ends(&devices) && dmaown_context_kind(ctx) != DMAOWN_KIND_IOMMUFD)
		departure_report_loss(departure, devices.leaves, devices.leaves->device, reports);
}

/* Holders are sorted by number of the context. */
void dmaown_departure_check_losses(const struct departure *departure, struct reports *reports)
{
	const struct snapshot *snapshot = &departure->holders->snapshot;
	unsigned int i, end;

	for (i = 0; i < snapshot->nr; i = end) {
		unsigned int number = snapshot->holders[i].number;

		for (end = i; end < snapshot->nr && snapshot->holders[end].number == number; end++)
			;
		if (number != NUMBER_NONE && test_bit(number, departure->touched))
			departure_check_loss(departure, &snapshot->holders[i],
					     snapshot->holders + end, reports);
	}
}
