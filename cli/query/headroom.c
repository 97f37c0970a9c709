// SPDX-License-Identifier: GPL-2.0-only
#include "headroom.h"

bool is_scarce(const struct owner_record *owner, double percent)
{
	return known(owner, OWNER, LIMIT) && known(owner, OWNER, HEADROOM) &&
	       owner->headroom < owner->limit * (percent / 100);
}
