#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Scaling: a process of 10,000 threads that holds a context. A tenth of the threads has a file table of its own.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scale.sh
. "$(dirname "$0")/scale.sh"

things=threads
sizes 10000 10000
beside
big_vmm

made=0
crowd() {
	local more=$(($1 - made))

	made=$1
	ask big threads-many $((more - more / 10))
	ask big threads-many $((more / 10)) unshared
}

checked() {
	case $1 in
	list)
		is "$(grep -cE "^($small_id|$big_id) " "$scratch/out")" 2 "$size $things: both contexts are listed"
		is "$(dmaownctl list --raw -n -c "$big_id" -o NHOLDERS)" 2 "$size $things: threads are no holders"
		;;
	debugfs/holders) few_rows "$big" ;;
	esac
}

across debugfs/holders list holders owners dry-run check transfer small-check
killed list
bring_back big
killed dry-run
killed check
stop_crowd new
stop_crowd big

# --- a process that has exec'd since it mapped its areas: whether it lives is a question to each of its threads
things="threads beside a tenth as many areas from before an exec"
# Whoever looks at all threads for each area takes 16 times as long with four times as many of both.
crowd() {
	local count=$(($1 / 10 + 1))

	[ "$1" -eq 0 ] || stop_crowd stale
	start stale
	ask stale open /dev/iommu; ctx=$reply
	ask stale ioas "$ctx"; ioas=$reply
	ask stale memfd ram $((count * page)); ram=$reply
	ask stale mmap "$ram" $((count * page)) shared rw $base
	ask stale map-many "$ctx" "$ioas" $base $count 0
	ask stale exec
	ask stale threads-many "$1"
}

checked() {
	case $1 in
	owners) is "$(grep -cw stale "$scratch/out")" 1 "$size $things: one owner, which is stale" ;;
	areas) is "$(wc -l <"$scratch/out")" $((size / 10 + 2)) "$size $things: all areas" ;;
	esac
}

across list owners areas
killed owners
finish_beside
