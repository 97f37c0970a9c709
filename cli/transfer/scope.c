// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "scope.h"

bool scope_has_owner(const struct transfer_scope *scope, const struct area_record *area)
{
	return !scope->has_from || area->owner == scope->from.owner;
}

void scope_free(struct transfer_scope *scope)
{
	remap_free(&scope->remaps);
	free(scope->forces);
	free(scope->files);
}
