#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Scaling: very many areas. A usual run has 400,000 of iommufd; DMAOWN_SCALE=full has a million, of which the listing
# takes most of the time. Half of them are copies, which share the pages objects of the others. VFIO type1 pins each
# page, and has 20,000, or 100,000.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scale.sh
. "$(dirname "$0")/scale.sh"

things=areas
case $kind in
iommufd) sizes 400000 1000000 ;;
type1) sizes 20000 100000 ;;
esac
# Areas are made in rows: one that is mapped, then a copy of it.
row=$((few / 2))
memory=$((many * page))

beside
case $kind in
iommufd)
	# Nothing is attached, so that nothing is pinned, and no memory is needed.
	start big
	ask big limit unlimited
	open_context big
	add_device big "${edus[0]}"
	new_ioas big
	ask big memfd ram $memory; ram=$reply
	ask big mmap "$ram" $memory shared rw $base
	dma_map big "$ctx" "$ioas" $base $memory 0 rw
	;;
type1) vmm big "${edus[0]}" $memory ;;
esac
successor new big $memory
big_id=$(context_of "$big")
owner=big other=new

# iova_of N: prints the IOVA of area number N, above the one that covers all memory.
iova_of() { echo $((memory + $1 * page)); }
made=0
more_rows() {
	ask big map-many "$ctx" "$ioas" $((base + made * page)) $row "$(iova_of $made)" row
	ask big copy "$ctx" "$ioas" "$ioas" $((row * page)) "$(iova_of $((made + row)))" "$(iova_of $made)" rw
}

crowd() {
	bring_back big
	while [ $made -lt "$1" ]; do
		case $kind in
		iommufd) more_rows ;;
		type1)
			ask big type1-map-many "$ctx" $((base + made * page)) $((2 * row)) \
				$((memory + 2 * made * page))
			;;
		esac
		made=$((made + 2 * row))
	done
}

checked() {
	case $1 in
	list)
		both_listed
		is "$(dmaownctl list --raw -n -c "$big_id" -o AREAS)" $((size + 1)) "$size $things: with their number"
		;;
	areas) is "$(wc -l <"$scratch/out")" $((size + 2)) "$size $things: each is listed" ;;
	owners) is "$(wc -l <"$scratch/out")" 2 "$size $things: two owners" ;;
	transfer)
		is "$(dmaownctl owners --raw -n -o PID,AREAS | grep "^${!owner} ")" "${!owner} $((size + 1))" \
			"$size $things: all have moved"
		;;
	esac
}

across list ioas owners areas dry-run check transfer small-check
bring_back big
killed list
killed areas
killed dry-run
killed check
killed transfer

# The kernel unmaps in one go, as long as it takes, if the context is closed: do it piece by piece.
if [ "$kind" = iommufd ]; then
	piece=$((row / 5))
	for ((done = 0; done < made; done += piece)); do
		ask big unmap "$ctx" "$ioas" "$(iova_of $done)" $((piece * page))
	done
fi
# --- the owner is dead: all pinned pages are compared, and again under the locks
if [ "$kind" = type1 ]; then
	bring_back big
	stop_crowd big
	least=() options=(--adopt) things="areas of a dead owner"
	look dry-run
	killed dry-run
fi
finish_beside
