#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A process that holds a context and owns nothing yet: dmaownctl holders tells its limit, and how much of it is left.
# The first map that exceeds it fails.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

harmless+='|vfio_pin_pages_remote: RLIMIT_MEMLOCK \([0-9]+\) exceeded'
size=$((1 << 20))

# allowance PID: prints what the process may still map, by its descriptor of the context.
allowance() {
	run dmaownctl holders --json -o PID,HOW,KIND,MODE,LIMIT,USED,HEADROOM --pid "$1"
	json -c '[.holders[] | select(.how == "context") | [.kind, .mode, .limit, .used, .headroom]]'
}

for mode in "${modes[@]}"; do
	read -r old_uid new_uid < <(users_of "$mode")
	vmm old "${edus[0]}" $size "$mode" "$old_uid"
	limit=$((size / 2)) successor new old $size "$new_uid"
	if limited "$mode"; then
		wanted="[[\"$kind\",\"$mode\",$((size / 2)),0,$((size / 2))]]"
	elif [ "$kind" = type1 ]; then
		wanted="[[\"type1\",\"mm\",null,0,null]]"
	else
		wanted='[["iommufd","none",null,null,null]]'
	fi
	is "$(allowance "$new")" "$wanted" "$mode: the process owns nothing: its own limit, nothing used"
	if limited "$mode"; then
		# shellcheck disable=SC2046 # words
		try new $(to_map "$new_ctx" "$ioas" $base $size 0x8000000 rw)
		like "$answer" "^error" "$mode: a map of more than that fails"
		dma_map new "$new_ctx" "$ioas" $base $((size / 4)) 0x8000000 rw
		is "$(allowance "$new")" "[[\"$kind\",\"$mode\",$((size / 2)),$((size / 4)),$((size / 4))]]" \
			"$mode: a smaller one succeeds, and counts"
	fi
	stop old
	stop new
done
run dmaownctl holders
is "$status" 0 "without holders the listing is empty"
finish
