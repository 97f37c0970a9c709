#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Many areas: listings that need many messages, and a transfer of all areas.
# shellcheck disable=SC2015 # pass() always succeeds
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

count=100000

start old
ask old open /dev/iommu; ctx=$reply
ask old device "${edus[0]}"; dev=$reply
ask old bind "$dev" "$ctx"
ask old ioas "$ctx"; ioas=$reply
size=$((count * page))
ask old memfd ram $size; ram=$reply
ask old mmap "$ram" $size shared rw $base
ask old map-many "$ctx" "$ioas" $base $count 0
id=$(context_of "$old")

run dmaownctl areas --raw -n -b -o IOAS,IOVA,LENGTH,PID
is "$status" 0 "areas: all are listed"
is "$(wc -l <<<"$out")" $count "areas: each once"
is "$(sort -u <<<"$out" | wc -l)" $count "areas: and none twice"
is "$(awk '{ print $3, $4 }' <<<"$out" | sort -u)" "$page $old" "areas: with length and owner"
netlink=$(md5sum <<<"$out")
run dmaownctl --channel debugfs areas --raw -n -b -o IOAS,IOVA,LENGTH,PID
is "$(md5sum <<<"$out")" "$netlink" "areas: the same through debugfs"

# Listings stream: the first line comes at once, and the tool holds little when it has written most lines.
mkfifo "$scratch/stream"

# Lists all areas with the options $1. $first and $all are the microseconds until the first line and until the end;
# $peak is the peak memory of the tool, in KiB, when it had written $2 lines.
stream() {
	local began=${EPOCHREALTIME/[.,]/} listing

	# shellcheck disable=SC2086 # no options, or some
	dmaownctl areas $1 >"$scratch/stream" &
	listing=$!
	{
		read -r _
		first=$((${EPOCHREALTIME/[.,]/} - began))
		head -n "$2" >/dev/null
		peak=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$listing/status")
		cat >/dev/null
	} <"$scratch/stream"
	wait "$listing"
	status=$?
	all=$((${EPOCHREALTIME/[.,]/} - began))
}

for options in "" --json; do
	# In JSON, an area takes 13 lines.
	most=$((count - 3000))
	[ -z "$options" ] || most=$((most * 13))
	# A busy host can delay one first line, but not five.
	for round in 1 2 3 4 5; do
		stream "$options" $most
		{ [ $status -eq 0 ] && [ $((first * 4)) -ge $all ]; } || break
	done
	is $status 0 "areas $options: into a pipe"
	[ $((first * 4)) -lt "$all" ] && pass "areas $options: the first line comes at once" ||
		fail "areas $options: the first line comes at once, not after $first of $all us, $round times"
	[ "$peak" -lt 20480 ] && pass "areas $options: in less than 20 MiB" || fail "areas $options: in less than 20 MiB: $peak KiB"
done
run dmaownctl list --raw -n -b -c "$id" -o AREAS
is "$out" $count "list counts them"
run dmaownctl owners --raw -n -b -o PID,AREAS
is "$out" "$old $count" "owners counts them"

successor new old $size
# The tool sums the table of what moves while it reads: it has no room for all entries.
run prlimit --data=$((6 << 20)) dmaownctl check --to "$new" --json
is "$status $(json -c '[.moves[].areas]')" "0 [$count]" "check sums what would move in less than 6 MiB"
run dmaownctl transfer --to "$new" --json
is "$status $(json -c '[.result, .areas]')" "0 [\"moved\",$count]" "all of them move"
run dmaownctl owners --raw -n -b -o PID,AREAS
is "$out" "$new $count" "to their new owner"

# Unmap one page of the memory: only that area prevents the transfer, and the tool names it.
ask old munmap $((base + 7 * page)) $page
run dmaownctl transfer --to "$old" --json
is "$status $(json -c '[.reasons_total, .reasons[0].reason]')" '12 [1,"not-mapped"]' "one page is missing: refused"
is "$(json '.reasons[0].addr')" "$(printf '0x%x' $((base + 7 * page)))" "with its address"
run dmaownctl owners --raw -n -b -o PID,AREAS
is "$out" "$new $count" "and nothing has moved"

ask new unmap "$new_ctx" "$ioas" all
run dmaownctl areas --raw -n
is "$out" "" "none is left"
finish
