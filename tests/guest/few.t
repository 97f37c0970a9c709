#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 11: a transfer searches only the new owner, the owners and their parents for holders, if these have all
# references on the context and on its files. Whatever else refers to one of them makes it search all processes.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
device=${edus[0]}

counts() { dmaownctl status --json | gojq -r '.status | "\(.searches) \(.few_searches)"'; }

# check_once: runs check; prints how it has searched, its status, and [REASON, PID] of each report.
check_once() {
	local all few all_after few_after how=both

	read -r all few <<<"$(counts)"
	run dmaownctl check --to "$new" --json
	read -r all_after few_after <<<"$(counts)"
	[ "$few_after" -gt "$few" ] || how=full
	[ $((all_after - all)) -gt $((few_after - few)) ] || how=few
	[ "$all_after" -gt "$all" ] || how=none
	found="$how $status $(json -c '[.reasons[] | [.reason, .pid]] | sort')"
}

# searches_few WHAT [STATUS REASONS]: others may have a reference for a moment.
searches_few() {
	local expected="few ${2:-0 []}" tries

	for tries in 1 2 3 4 5; do
		check_once
		[ "$found" != "$expected" ] || break
		[ "$tries" -eq 5 ] || sleep 0.1
	done
	is "$found" "$expected" "a few: $1"
}

searches_all() {
	check_once
	is "$found" "full ${2:-0 []}" "all: $1"
}

# --- the old and the new owner have everything
vmm old "$device" $size
successor new old $size 1002
searches_few "two processes with all files"
run dmaownctl transfer --to "$new" --json
is "$status $(json .result)" "0 moved" "the transfer itself"
run dmaownctl transfer --to "$old" --json
is "$status $(json .result)" "0 moved" "and back"

hand_over old new "$dev"; again=$reply
searches_few "a file with two descriptors in one process"
ask new close "$again"
ask old threads 3
searches_few "threads that share the file table"
ask new close "$new_dev"
reset="15 [[\"would-reset\",$old]]"
searches_few "only the old owner has the device's file: refused" "$reset"
hand_over old new "$dev"; new_dev=$reply
map_bar old "$dev"; old_bar=$bar
searches_few "the old owner maps a BAR"
map_bar new "$new_dev"; new_bar=$bar
searches_few "both map it"
ask new close "$new_dev"
searches_few "the new owner maps it, and has closed the descriptor"
unmap_bar new "$new_bar"
searches_few "the old owner maps it, and the new one does not: refused" "$reset"
hand_over old new "$dev"; new_dev=$reply
unmap_bar old "$old_bar"
ask old close "$ctx"
searches_few "the new owner alone has the context's own file"
hand_over new old "$new_ctx"; ctx=$reply
searches_few "all as at first"

# --- a third process has a file
start third
for file in ctx dev group; do
	[ "${!file}" ] || continue
	hand_over old third "${!file}"; third_file=$reply
	searches_all "a process of root has the file: $file"
	ask third close "$third_file"
	searches_few "it has closed it: $file"
done
hand_over old third "$dev"; third_dev=$reply
map_bar third "$third_dev"; third_bar=$bar
ask third close "$third_dev"
searches_all "a third process maps a BAR"
ask third setuid 1003
untrusted="15 [[\"untrusted-holder\",$third]]"
searches_all "as another user: refused" "$untrusted"
unmap_bar third "$third_bar"
searches_few "it has unmapped it"
hand_over old third "$ctx"; third_ctx=$reply
searches_all "another user has the context's own file: refused" "$untrusted"
ask third close "$third_ctx"

# --- another process shares a file table, or an address space
ask old share files 1003; sharer=$reply
searches_all "another process shares the file table: refused" "15 [[\"untrusted-holder\",$sharer]]"
ask old end-forks
map_bar old "$dev"
ask old share memory 1003; sharer=$reply
searches_all "another process shares the address space, with a BAR: refused" "15 [[\"untrusted-holder\",$sharer]]"
ask old end-forks
searches_few "it is gone"
unmap_bar old "$bar"

# --- a child of the old owner, which is neither an owner nor a parent
fork old child
searches_all "a child of the old owner has all files"
stop child

# --- nobody has the file
ask third listen "$scratch/post.$third"
ask old send "$scratch/post.$third" "$dev"
searches_all "a descriptor of the device is in flight, and both have the file"
ask third receive; third_dev=$reply
ask third close "$third_dev"
ask old send "$scratch/post.$third" "$ctx"
searches_all "a descriptor of the context is in flight"
ask third receive; third_ctx=$reply
ask third close "$third_ctx"
searches_few "none is in flight"
if configured IO_URING; then
	ask old uring-files "$ctx"; ring=$reply
	searches_all "a table of io_uring has the context"
	ask old close "$ring"
	# The kernel frees the table later.
	searches_few "the table is gone"
fi

# --- a thread with a file table of its own has another descriptor of everything
ask old threads-many 1 unshared
searches_all "a thread of the old owner has a table of its own"
stop new
stop old

# --- a parent that keeps the files
vmm parent "$device" $size
fork parent old
fork parent new
run dmaownctl transfer --to "$old" --json
is "$status $(json .result)" "0 moved" "a child becomes the owner"
searches_few "the parent of both owners has the files, too"
stop new
stop old
stop parent

if [ "$kind" = type1 ]; then
	# --- a container without its group's file, and with two files of one device
	vmm old "$device" $size
	successor new old $size
	ask old group-device "$group" "$device"; again=$reply
	searches_few "two files of one device" "0 []"
	hand_over old third "$again"; third_dev=$reply
	ask old close "$again"
	searches_all "a third process has the second one: refused" "15 [[\"untrusted-holder\",$third]]"
	ask third close "$third_dev"
	close_all old "$group"
	close_all new "$new_group"
	searches_all "nobody has a descriptor of the group, only its device"
elif uapi_has IOMMU_FAULT_QUEUE_ALLOC; then
	# --- a fault queue
	vmm old "$device" $size
	successor new old $size
	ask old fault-queue "$ctx"; queue=${reply% *}
	searches_few "the old owner has a fault queue"
	hand_over old third "$queue"
	searches_all "a third process has the queue, too: refused" "15 [[\"untrusted-holder\",$third]]"
	ask old close "$queue"
	searches_all "or it alone: refused" "15 [[\"untrusted-holder\",$third]]"
fi

finish
