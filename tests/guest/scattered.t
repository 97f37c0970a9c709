#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 5 for memory in many mappings: areas with a mapping of their own, mappings that begin elsewhere in the other
# process, areas over many mappings, and mappings that change while they are compared.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

count=300
many=3000
size=$((many * page))
# Where a thread maps something else, beside the memory.
aside=$((base + 16 * size))

start old
open_context old
add_device old "${edus[0]}"
new_ioas old
attach_device old "$dev" "$ioas"
ask old memfd ram $size; ram=$reply
start new
hand_over old new "$ctx" "$dev" "$ram" ${group:+"$group"}
read -r _ _ new_ram _ <<<"$reply"

# areas NUMBER [DISTANCE]: the old process maps areas of a page for the device
areas() {
	from=${3:-$base} number=$1 total=$(($1 * page))
	dma_map_many old "$ctx" "$ioas" "$from" "$1" 0 ${2:+"$2"}
}

# The old process maps one area over all memory.
one_area() {
	number=1 total=$size
	dma_map old "$ctx" "$ioas" $base $size 0 rw
}

both_unmap() {
	dma_unmap old "$ctx" "$ioas" all
	ask old munmap $base $((8 * size))
	ask new munmap $base $((8 * size))
}

# Checks that the transfer is refused for reason $1, once, in the range of IOVAs $2. $3 names the case.
refused() {
	run dmaownctl transfer --to "$new" --json
	is "$status $(json -c '[.reasons_total, .reasons[0].reason]')" "12 [1,\"$1\"]" "refused: $3"
	like "$err" "ioas $ioas iova $2: " "in this place alone: $3"
	is "$(counted "$old") $(counted "$new")" "$total 0" "and nothing changed: $3"
}

accepted() {
	run dmaownctl transfer --to "$new" --json
	is "$status $(json -c '[.reasons_total, .areas]')" "0 [0,$number]" "accepted: $1"
	is "$(counted "$old") $(counted "$new")" "0 $total" "and moved: $1"
	is "$(dmaownctl areas --raw -n -o PID | sort | uniq -c | awk '{ print $1, $2 }')" "$number $new" \
		"each area: $1"
}

iova_range() { printf '0x%x-0x%x' "$1" $(($1 + page - 1)); }

# --- each area in a mapping of its own

ask old mmap-many "$ram" $base $count $((2 * page))
areas $count $((2 * page))
ask new mmap-many "$new_ram" $base $((count - 1)) $((2 * page))
last=$((base + 2 * (count - 1) * page))
refused not-mapped "$(iova_range $((2 * (count - 1) * page)))" "the last of many areas is missing"
ask new mmap "$new_ram" $page shared rw $last 0
refused other-offset "$(iova_range $((2 * (count - 1) * page)))" "the last of many areas is another page"
ask new munmap $last $page
ask new mmap "$new_ram" $page shared rw $last $(((count - 1) * page))
middle=$((base + 2 * 133 * page))
ask new munmap $middle $page
ask new mmap "$new_ram" $page private rw $middle $((133 * page))
refused private "$(iova_range $((2 * 133 * page)))" "one of many areas is private"
ask new munmap $middle $page
ask new mmap "$new_ram" $page shared rw $middle $((133 * page))
ask new protect $middle $page r
refused permission "$(iova_range $((2 * 133 * page)))" "one of many areas is read-only"
ask new protect $middle $page rw
ask old munmap $middle $page
refused old-unmapped "$(iova_range $((2 * 133 * page)))" "the old process no longer has one of many areas"
ask old mmap "$ram" $page shared rw $middle $((133 * page))
accepted "each of many areas in a mapping of its own"
run dmaownctl transfer --to "$old" --json
is "$status $(json .areas)" "0 $count" "and back"
both_unmap

# --- mappings between the areas: so many that they are not stepped over one by one

ask old mmap-many "$ram" $base $count $((8 * page))
areas $count $((8 * page))
ask new mmap-many "$new_ram" $base $count $((8 * page))
for i in 1 2 3 4 5 6 7; do
	ask new mmap-many anon $((base + i * page)) $((count - 1)) $((8 * page))
done
ask new split $base $((8 * (count - 1) * page)) $page
middle=$((base + 8 * 133 * page))
ask new munmap $middle $page
refused not-mapped "$(iova_range $((2 * 133 * page)))" "one of many areas, with other mappings in between"
ask new mmap "$new_ram" $page shared rw $middle $((133 * page))
accepted "other mappings in between, in one process alone"
both_unmap

# --- IOVAs rise, addresses fall

ask old mmap-many "$ram" $base $count $((2 * page))
areas $count $((-2 * page)) $((base + 2 * (count - 1) * page))
ask new mmap-many "$new_ram" $base $count $((2 * page))
ask new munmap $base $page
refused not-mapped "$(iova_range $((2 * (count - 1) * page)))" "the lowest address of areas in reverse order"
ask new mmap "$new_ram" $page shared rw $base 0
accepted "areas in reverse order"
both_unmap

# --- one area over many mappings, and mappings that are split elsewhere

# split_memory NAME PART: the memory of this process is one mapping, and is split into parts of so many pages
split_memory() {
	local ram=$ram

	[ "$1" != new ] || ram=$new_ram
	ask "$1" mmap "$ram" $size shared rw $base
	[ -z "${2:-}" ] || ask "$1" split $base $size $(($2 * page))
}

for parts in "1 " " 1" "2 3"; do
	split_memory old "${parts% *}"
	one_area
	split_memory new "${parts#* }"
	ask new munmap $((base + 1500 * page)) $page
	refused not-mapped "$(iova_range $((1500 * page)))" "a hole, mappings of '$parts' pages"
	ask new mmap "$new_ram" $page shared rw $((base + 1500 * page)) $((1500 * page))
	accepted "one area over mappings of '$parts' pages"
	both_unmap
done

for parts in "1 " " 1" "2 3"; do
	split_memory old "${parts% *}"
	areas $count
	split_memory new "${parts#* }"
	ask new protect $((base + 200 * page)) $page r
	refused permission "$(iova_range $((400 * page)))" "an area, mappings of '$parts' pages"
	ask new protect $((base + 200 * page)) $page rw
	accepted "many areas in mappings of '$parts' pages"
	both_unmap
done

# --- mappings change while they are compared

# Checks for a while that the answers of check are among those in $1. $2 names the case.
checks_while() {
	local i answers='' answer

	for ((i = 0; i < 8; i++)); do
		run dmaownctl check --to "$new" --json
		answer="$status $(json -c '[.reasons_total, .reasons[0].reason]')"
		[[ $answer =~ ^($1)$ ]] || answers+=" $answer"
	done
	is "$answers" "" "$2"
}

churn_ends() {
	ask "$1" churn-stop
	like "$reply" '^[1-9][0-9]+ rounds 0 errors$' "$2"
}

same='0 \[0,null\]'
for shape in "one area over many mappings" "many areas, each in a mapping of its own"; do
	case $shape in
	one*)
		split_memory old 1
		one_area
		split_memory new 2
		at=$((base + 1500 * page)) offset=$((1500 * page))
		;;
	many*)
		ask old mmap-many "$ram" $base $count $((2 * page))
		areas $count $((2 * page))
		ask new mmap-many "$new_ram" $base $count $((2 * page))
		at=$((base + 2 * 133 * page)) offset=$((133 * page))
		;;
	esac
	for who in new old; do
		fd=$ram
		[ $who = old ] || fd=$new_ram
		ask $who churn "$fd" $aside $page 0
		checks_while "$same" "$shape: the $who process maps something else: the memory is the same"
		churn_ends $who "$shape: which it did all the time"
		ask $who munmap $aside $page
	done
	ask new churn "$new_ram" "$at" $page "$offset"
	checks_while "$same|12 \\[1,\"not-mapped\"\\]" "$shape: a page goes and comes in the new process"
	churn_ends new "$shape: all the time"
	ask old churn "$ram" "$at" $page "$offset"
	checks_while "$same|12 \\[1,\"old-unmapped\"\\]" "$shape: a page goes and comes in the old process"
	churn_ends old "$shape: all the time"
	accepted "$shape, when they no longer change"
	both_unmap
done
finish
