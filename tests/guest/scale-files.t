#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Scaling: a process with very many files of one device, and ten forks of it. A usual run has 10,000 files, 110,000
# descriptors in all: with 100,000 files, which is DMAOWN_SCALE=full, each look takes ten times as long.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scale.sh
. "$(dirname "$0")/scale.sh"

things="device files"
sizes 10000 100000
beside

# VFIO makes another file each time when a device is opened through its group, also for iommufd.
start big
ask big limit unlimited
ask big descriptors 1048576
open_context big
ask big group "${edus[0]}"; group=$reply
ask big set-container "$group" "$ctx"
[ "$kind" != type1 ] || ask big set-iommu "$ctx"
ask big group-device "$group" "${edus[0]}"
new_ioas big
ask big memfd ram $small_size; ram=$reply
ask big mmap "$ram" $small_size shared rw $base
dma_map big "$ctx" "$ioas" $base $small_size 0 rw
big_id=$(context_of "$big")
owner=big other=kid

made=0
crowd() {
	[ "$1" -eq 0 ] || { bring_back big; ask big end-forks; stop_crowd kid; }
	ask big group-device-many "$group" "${edus[0]}" $(($1 - made)); made=$1
	ask big fork-many 9
	fork big kid
}

checked() {
	case $1 in
	list)
		both_listed
		is "$(dmaownctl list --raw -n -c "$big_id" -o NHOLDERS)" 11 "$size $things: with their holders"
		;;
	devices)
		is "$(opens | xargs -n 3 | grep "^${edus[0]} ")" "${edus[0]} $((size + 1)) 0" \
			"$size $things: all are counted, and no file is unknown"
		;;
	debugfs/holders)
		few_rows "$big"
		is "$(grep -cE " pid=$big .* via=device .*=$((size + 1))( |$)" "$scratch/out")" 1 \
			"$size $things: one row for all of the process, with their number"
		is "$(grep -c " via=device .* device=${edus[0]} " "$scratch/out")" 11 "$size $things: one row for each process"
		;;
	esac
}

across debugfs/holders list holders devices dry-run check transfer small-check
killed debugfs/holders
killed list
bring_back big
killed dry-run
killed check
bring_back big
ask big end-forks
finish_beside
