#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Scaling: a context with areas of very many owners, all of which have exited but one. A usual run has 20,000 owners,
# because each is a process, which takes half a millisecond: DMAOWN_SCALE=full makes 100,000.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scale.sh
. "$(dirname "$0")/scale.sh"

things=owners
sizes 20000 100000
beside
big_vmm

# The owners have shared the address space of the process that made them, and that lives: their memory can be compared
# there. Leave the IOVAs alone that vmm() has mapped.
first=1000
made=0
crowd() {
	local from=$((first + made)) more=$(($1 - made))

	made=$1
	case $kind in
	iommufd) ask big owners-many "$ctx" "$ioas" $base $from $more ;;
	type1) ask big type1-owners-many "$ctx" $base $from $more ;;
	esac
}

checked() {
	case $1 in
	list) is "$(grep -cE "^($small_id|$big_id) " "$scratch/out")" 2 "$size $things: both contexts are listed" ;;
	owners)
		is "$(grep -cw dead "$scratch/out")" "$size" "$size $things: each is listed"
		is "$(wc -l <"$scratch/out")" $((size + 2)) "$size $things: and the two that live"
		;;
	areas) is "$(wc -l <"$scratch/out")" $((size + 2)) "$size $things: one area of each" ;;
	esac
}

across list holders owners areas dry-run check small-check
killed list
killed owners
killed areas
killed dry-run
killed check

# A transfer leaves only one owner, so there is only one.
look transfer
is "$(dmaownctl owners --raw -n -o PID | sort | paste -sd ' ')" "$(sorted "${!owner}" "$small")" "all have one owner"
[ "${least[$many transfer]:-999999999}" -le $((3 * ${least[$many check]:-0} + 100000 * slow)) ]
is $? 0 "transfer: as quick as the check"
finish_beside
