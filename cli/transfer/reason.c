// SPDX-License-Identifier: GPL-2.0-only
#include "reason.h"

#define REASON_(c, v, e, n, s) [v] = { (e), (n), (s) },
static const struct reason reasons[] = { DMAOWN_REASONS(REASON_) };

#define TOOL_REASON_(c, v, e, n, s) [(v)-REASON_REMAP_NOWHERE] = { (e), (n), (s) },
static const struct reason tool_reasons[] = { TOOL_REASONS(TOOL_REASON_) };

const struct reason *reason_of(uint32_t reason)
{
	static const struct reason unknown = {
		0, "unknown", "a reason that this version of dmaownctl does not know"
	};

	if (reason < sizeof(reasons) / sizeof(reasons[0]) && reasons[reason].name)
		return &reasons[reason];
	reason -= REASON_REMAP_NOWHERE;
	if (reason < sizeof(tool_reasons) / sizeof(tool_reasons[0]))
		return &tool_reasons[reason];
	return &unknown;
}

bool reason_is_limit(uint32_t reason)
{
	return reason == DMAOWN_REASON_LIMIT_USER || reason == DMAOWN_REASON_LIMIT_MM;
}
