/* SPDX-License-Identifier: GPL-2.0-only */
/* Reasons for which a transfer is refused: those of the module, and those of the tool. */
#ifndef DMAOWN_CLI_TRANSFER_REASON_H
#define DMAOWN_CLI_TRANSFER_REASON_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include <dmaown.h>

struct reason {
	int error;
	const char *name;
	const char *text;
};

/* Reasons that only --remap auto reports: (constant, value, errno, name, sentence). */
#define TOOL_REASONS(E)                                                                          \
	/* process: the old owner; addr: in its address space */                                 \
	E(REASON_REMAP_NOWHERE, 0x10000, EINVAL, "remap-nowhere",                                \
	  "--remap auto does not find this memory anywhere in the new owner's address space")    \
	/* process: the new owner; addr: in its address space */                                 \
	E(REASON_REMAP_UNFIT, 0x10001, EINVAL, "remap-unfit",                                    \
	  "--remap auto finds this memory in the new owner's address space, but not all of it, " \
	  "or not shared, or without a permission that the device has")                          \
	/* process: the new owner; addr: one of the places; value: number of places */           \
	E(REASON_REMAP_AMBIGUOUS, 0x10002, EINVAL, "remap-ambiguous",                            \
	  "--remap auto finds this memory in several places in the new owner's address space")   \
	/* process: the dead or stale owner */                                                   \
	E(REASON_REMAP_NO_OWNER, 0x10003, EINVAL, "remap-no-owner",                              \
	  "its owner is dead or has exec'd since: --remap auto needs the owner's mappings, "     \
	  "which are gone")

#define TOOL_REASON_ENUM_(c, v, e, n, s) c = (v),
enum tool_reason { TOOL_REASONS(TOOL_REASON_ENUM_) };

/*
 * @reason: an enum dmaown_reason or enum tool_reason
 * Return: its description; that of a reason of a newer module says that it is unknown.
 */
const struct reason *reason_of(uint32_t reason);

/* Is this reason about the new owner's limit? */
bool reason_is_limit(uint32_t reason);

#endif
