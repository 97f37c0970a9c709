#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Netlink and debugfs show the same.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
vmm old "${edus[0]}" $size user 1001
ask old ioas "$ctx"; ioas2=$reply
ask old copy "$ctx" "$ioas2" "$ioas" $((size / 2)) 0x3000000 0 r
vmm other "${edus[1]}" $size mm 1002
successor heir other $size 1002
stop other

for listing in list ioas areas owners devices; do
	names=$(dmaownctl $listing --list-columns --json | jq -r '[.columns[].column] | join(",")')
	like "$names" ',' "$listing has columns"
	run dmaownctl --channel netlink $listing --json -o "$names"
	is "$status" 0 "$listing over netlink"
	over_netlink=$out
	run dmaownctl --channel debugfs $listing --json -o "$names"
	is "$status" 0 "$listing over debugfs"
	is "$out" "$over_netlink" "$listing: both tell the same"
	isnt "$(json '.[] | length')" 0 "$listing: which is not nothing"
	run dmaownctl $listing --channel debugfs --json -o "$names" --context "${edus[0]}"
	debugfs_context=$out
	run dmaownctl $listing --channel netlink --json -o "$names" --context "${edus[0]}"
	is "$out" "$debugfs_context" "$listing: of one context, both the same"
done
run dmaownctl --channel smoke list
is "$status" 64 "there is no other channel"

for kind in contexts holders ioases hwpts devices accesses areas owners refusals status; do
	run cat "/sys/kernel/debug/dmaown/$kind"
	is "$status" 0 "debugfs: $kind can be read with cat"
	[ $kind = accesses ] || isnt "$out" "" "debugfs: $kind is not empty"
	bad=$(grep -vE '^([a-z0-9_]+=[^ =]+)( [a-z0-9_]+=[^ =]+)*$' <<<"$out")
	[ $kind = accesses ] || is "$bad" "" "debugfs: $kind is NAME=VALUE, separated by blanks"
done
is "$(stat -c %a /sys/kernel/debug/dmaown/areas)" 400 "debugfs: for root's eyes"

# List many areas, more than a netlink message, a page or a batch holds: none is missing, none appears twice.
ask old unmap "$ctx" "$ioas" all
ask old unmap "$ctx" "$ioas2" all
ask old memfd many 12M; many=$reply
ask old mmap "$many" 12M shared rw 0x40000000000; at=$reply
ask old map-many "$ctx" "$ioas2" "$at" 3000 0
for channel in netlink debugfs; do
	run dmaownctl --channel $channel areas --json -o IOVA --context "${edus[0]}"
	is "$(json '.areas | length')" 3000 "$channel: 3000 areas"
	is "$(json '[.areas[].iova] | unique | length')" 3000 "$channel: each of them once"
done
run dmaownctl areas --noheadings --context "${edus[0]}"
is "$(wc -l <<<"$out")" 3000 "3000 lines in the table"
finish
