/* SPDX-License-Identifier: GPL-2.0-only */
/* Holders of a context or a device: by a descriptor, by a mapping, or unknown. */
#ifndef DMAOWN_CLI_QUERY_HOLDING_H
#define DMAOWN_CLI_QUERY_HOLDING_H

#include "channel/records.h"

/* A process. The PID is 0 if the process has none in this PID namespace. */
struct holding_process {
	uint32_t pid;
	uint64_t start;
};

/* Holders that are unknown: the causes, and how each of them is ended. */
#define UNKNOWN_CAUSES	"a message in flight over a socket, io_uring or KVM"
#define UNKNOWN_WAY_OUT "receive the message, or close the socket, the ring or the virtual machine"

/* Does the record stand for open files of a device that no process has? */
bool holder_is_unknown(const struct holder_record *holder);

/* Could the file, the device or the process not be inspected, because it is busy or unseen? */
bool holder_is_unclear(const struct holder_record *holder);

/*
 * Is something held? Not of a device that could not be inspected: it is not known whether any
 * process has it open.
 */
bool holder_is_certain(const struct holder_record *holder);

/* Does the record hold the context? A file of a device in no context, for example, holds none. */
bool holder_has_context(const struct holder_record *holder, uint64_t context);

/* Is this a file of the process with this PID? */
bool holder_has_pid(const struct holder_record *holder, uint32_t pid);

/* Is this a file of the process? PID and start time are compared. */
bool holder_is_of(const struct holder_record *holder, struct holding_process process);

/* Does the record hold the device, or a group that is named as one? */
bool holder_has_device(const struct holder_record *holder, const char *device);

/* Return: the file, for an ioctl. It names a context only if the record has one and a PID. */
struct dmaown_file holder_file(const struct holder_record *holder);

/* Return: text, filled with "descriptor 7", or what else it is: a mapping has no descriptor. */
#define HOLDER_TEXT 48
const char *holder_text(char text[HOLDER_TEXT], const struct holder_record *holder);

/*
 * Return: true if the first record names a context better than the second, which may be NULL: one
 * with a PID here is better than one without, a descriptor better than a mapping, and of these one
 * of the context itself, because a device can be unbound from it.
 */
bool holder_is_better(const struct holder_record *holder, const struct holder_record *than);

/*
 * The best file of the process in question and the best one of another process, or NULL if there is
 * none. Unknown holders are neither.
 */
struct holding {
	const struct holder_record *own;
	const struct holder_record *other;
};

/*
 * @device: only files and mappings of this device or group count; NULL: all do
 */
struct holding holding_find(const struct record_list *holders, uint64_t context, const char *device,
			    struct holding_process process);

/* Does the process with this PID hold the context? */
bool holding_exists(const struct record_list *holders, uint64_t context, uint32_t pid);

#endif
