// SPDX-License-Identifier: GPL-2.0-only
#include "headroom.h"

bool headroom_is_scarce(uint64_t headroom, uint64_t limit, double percent)
{
	return headroom < limit * (percent / 100);
}

bool is_scarce(const struct owner_record *owner, double percent)
{
	return known(owner, OWNER, LIMIT) && known(owner, OWNER, HEADROOM) &&
	       headroom_is_scarce(owner->headroom, owner->limit, percent);
}
