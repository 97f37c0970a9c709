#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Scaling: a process with 100,000 contexts, and a fork of it; with DMAOWN_SCALE=full there are 500,000, about as many
# descriptors as systemd lets a process have. For VFIO type1 these are containers without an IOMMU, which are no
# contexts, but files that every user may open.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scale.sh
. "$(dirname "$0")/scale.sh"

things=contexts
sizes 100000 500000
beside
vmm big "${edus[0]}" $small_size
ask big descriptors 1048576
big_id=$(context_of "$big")
owner=big

case $kind in
iommufd) path=/dev/iommu ;;
type1) path=/dev/vfio/vfio things=containers ;;
esac

# A transfer to the fork locks all contexts, of which only one has areas.
made=0
crowd() {
	[ "$1" -eq 0 ] || { bring_back big; stop_crowd kid; }
	ask big open-many "$path" $(($1 - made)); made=$1
	fork big kid
	other=kid
}

# The processes may have more contexts than the module is willing to list. Then it says so.
all_listed() {
	[ "$1" -eq "$2" ] || { [ "$1" -lt "$2" ] && unread "$big"; }
	is $? 0 "$size $things: $3 are listed, or the process as one that could not be read: $1 of $2"
}

checked() {
	local lines

	lines=$(wc -l <"$scratch/out")
	case $kind/$1 in
	iommufd/list | iommufd/debugfs/contexts) all_listed "$lines" $((size + 2)) "all of them" ;;
	iommufd/debugfs/holders) all_listed "$(rows_of "$big")" $((size + 2)) "all files" ;;
	type1/list | type1/debugfs/contexts) is "$lines" 2 "$size $things: they are no contexts" ;;
	type1/debugfs/holders) few_rows "$big" ;;
	esac
	case $1 in
	list) is "$(grep -cE "^($small_id|$big_id) " "$scratch/out")" 2 "$size $things: among them those with areas" ;;
	esac
}

across debugfs/contexts debugfs/holders list holders owners areas dry-run check transfer small-check
killed debugfs/contexts
killed list
killed dry-run
killed check
bring_back big
killed transfer
finish_beside
