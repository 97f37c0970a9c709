#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Pages objects that several areas share: they are listed, charged and moved once.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((2 << 20))
for mode in none user mm; do
	uids=(1001 1002)
	[ "$mode" != none ] || uids=(0 0)

	# Make two IOASes with a device each. The second maps all of the memory once, and half of it again.
	start old
	ask old limit unlimited
	ask old open /dev/iommu; ctx=$reply
	[ $mode != mm ] || ask old mode-mm "$ctx"
	ask old device "${edus[0]}"; dev=$reply
	ask old device "${edus[1]}"; dev2=$reply
	ask old bind "$dev" "$ctx"
	ask old bind "$dev2" "$ctx"
	become old $mode "${uids[0]}"
	ask old ioas "$ctx"; ioas=$reply
	ask old ioas "$ctx"; ioas2=$reply
	ask old memfd ram $size; ram=$reply
	ask old mmap "$ram" $size shared rw $base
	ask old map "$ctx" "$ioas" $base $size 0 rw
	ask old copy "$ctx" "$ioas2" "$ioas" $size 0x1000000 0 rw
	ask old copy "$ctx" "$ioas2" "$ioas" $((size / 2)) 0x2000000 0 r
	ask old attach "$dev" "$ioas"
	ask old attach "$dev2" "$ioas2"
	is "$(charges "$old")" "$(charged $size $mode)" "$mode: charged once"
	successor new old $size "${uids[1]}"
	hand_over old new "$dev2"

	run dmaownctl areas --json -o IOVA,PAGES,SHARERS,PINNED
	is "$(json '[.areas[].pages] | unique | length')" 1 "$mode: areas: one pages object"
	is "$(json '[.areas[].sharers] | unique | join(" ")')" 3 "$mode: areas: shown by three"
	is "$(json '[.areas[].pinned] | add')" $size "$mode: areas: counted once"
	run dmaownctl list --json -o AREAS,PINNED,OWNERS
	is "$(json -c '.contexts[] | [.areas, .pinned]')" "[3,$size]" "$mode: list: counted once"
	run dmaownctl owners --json -o PID,AREAS,PINNED
	is "$(json -c '.owners[] | [.pid, .areas, .pinned]')" "[$old,3,$size]" "$mode: owners: counted once"
	run dmaownctl ioas --json -o IOAS,AREAS,PINNED
	is "$(json '[.ioases[].pinned] | add')" $size "$mode: ioas: counted once"

	run dmaownctl transfer --to "$new" --json
	is "$status" 0 "$mode: the transfer"
	is "$(json -c '[.areas, .pinned]')" "[3,$size]" "$mode: it says what it moved, once"
	is "$(charges "$old") $(charges "$new")" "0 0 $(charged $size $mode)" "$mode: and charged once"
	is "$(areas_of "$new")" "$ioas:0x0=$new $ioas2:0x1000000=$new $ioas2:0x2000000=$new" \
		"$mode: all three areas are the new one's"

	ask new unmap "$new_ctx" "$ioas" all
	is "$(charges "$new")" "$(charged $size $mode)" "$mode: the first area unmapped: the others still pin"
	ask new unmap "$new_ctx" "$ioas2" 0x1000000 $size
	is "$(charges "$old")" "0 0" "$mode: the second one unmapped: the old one is charged with nothing"
	is "$(charges "$new")" "$(charged $((size / 2)) $mode)" "$mode: half is pinned still"
	run dmaownctl transfer --to "$old"
	is "$status" 0 "$mode: what is left moves back"
	is "$(charges "$old") $(charges "$new")" "$(charged $((size / 2)) $mode) 0 0" "$mode: with its half"
	ask old unmap "$ctx" "$ioas2" all
	is "$(charges "$old") $(charges "$new")" "0 0 0 0" "$mode: nothing is left"
	stop old; stop new
done
finish
