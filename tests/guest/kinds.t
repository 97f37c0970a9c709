#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# An iommufd context and a VFIO container together: one transaction; each is charged in its own way.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))

# Prints the areas of each kind, and VmPin and VmLck of both processes.
state() {
	echo "$(dmaownctl areas --raw -n -o KIND,IOVA,PID,STATE | sort | paste -sd ' ')" \
		"$(charges "$old") $(charges "$new")"
}

vmm both "${edus[1]}" $size mm
ask both open /dev/vfio/vfio; container=$reply
ask both group "${edus[0]}"; group=$reply
ask both set-container "$group" "$container"
ask both set-iommu "$container"
ask both group-device "$group" "${edus[0]}"; group_dev=$reply
ask both type1-map "$container" $base $size 0 rw
start new
ask new limit unlimited
hand_over both new "$ctx" "$dev" "$ram" "$container" "$group" "$group_dev"
read -r _ _ new_ram _ <<<"$reply"
ask new mmap "$new_ram" $size shared rw $base
old=$both
is "$(charges "$both")" "$size $((2 * size))" "before: of both kinds"
before=$(state)
# Prints limits and headroom of what moves: the iommufd context's first, then the container's.
limits() { json -c '[.moves | sort_by(.limit == null, .limit)[] | .limit, .headroom]'; }
ask new limit $((4 * size))
run dmaownctl check --to "$new" --json
is "$status $(limits)" "0 [$((4 * size)),$((2 * size)),null,null]" "with CAP_IPC_LOCK the limit holds for iommufd alone"
ask new limit $((2 * size - page))
ask new drop-ipc-lock
run dmaownctl transfer --to "$new" --json
refused_as 11 limit-mm "one page short of what both kinds come to"
is "$(limits)" "[$((2 * size - page)),0,$((2 * size - page)),0]" "without CAP_IPC_LOCK it holds for both"
ask new limit $((2 * size))
run dmaownctl transfer --to "$new" --json
is "$status $(json .result) $(json .contexts)" "0 moved 2" "both in one call"
is "$(charges "$both") $(charges "$new")" "0 0 $size $((2 * size))" "and charged, each as its kind is"
run dmaownctl list --raw -n -o KIND,OWNERS
is "$(sort <<<"$out")" "iommufd $new
type1 $new" "each is the new one's"
stop both
stop new
finish
