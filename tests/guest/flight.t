#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# All files of a context are in flight: sent over a socket, not received, and closed by the sender; or in io_uring's own
# table. The context exists, its memory is pinned, and no process has it. The holder is unknown until the message is
# received.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
device=${edus[0]}
other=${edus[1]}
unknown="[[\"unknown\",\"$device\"]]"

state() { areas_and_charges IOVA,PID,STATE; }

start bystander
# nobody_knows WHAT: the context is there, and nobody can say who holds it.
nobody_knows() {
	is "$(contexts_now)" "[[[null],[\"$device\"],1,$size]]" "$1: list: the context is there, and its holder unknown"
	is "$(dmaownctl list --raw -n -o ID,NHOLDERS)" "$id 0" "$1: list: it is the same one, and no process holds it"
	is "$(opens)" "$device 1 1" "$1: devices: one file is open, which no process has"
	is "$(holders_of "$device")" "?:unknown" "$1: who: unknown"
	run dmaownctl who "$device" --raw -n -o PID,COMMAND,HOW,FD,ADDR,DEVICE,CONTEXT
	is "$status $out" "0 ? - unknown - - $device $id" "$1: who: with device and context, without a process"
	run dmaownctl can-exit "$bystander" --json
	is "$status $(findings_with_devices can_exit)" "14 $unknown" "$1: can-exit of anybody: it may be the one"
	is "$(grep -c "^context=$id pid=- .* via=unknown fd=- device=$device busy=0 unseen=0 addr=- files=1 removing=0" \
		/sys/kernel/debug/dmaown/holders)" 1 "$1: debugfs: one record, without a process"
}

# --- a VMM passes everything on, and the receiver is slow
vmm old "$device" $size
id=$(context_of "$old")
start post
ask post listen "$scratch/post"
ask old send "$scratch/post" "$ctx" "$ram" ${group:+"$group"}
ask old send "$scratch/post" "$dev"
is "$(contexts_now) $(opens)" "[[[$old],[\"$device\"],1,$size]] $device 1 0" "what the sender has as well is known"
run dmaownctl can-exit "$bystander"
is "$status $out" "0 " "and nothing is unknown"
close_all old "$ctx" "$dev" "$ram" ${group:+"$group"}
nobody_knows "in flight"
run dmaownctl can-exit "$old" --json
is "$status $(findings_in can_exit)" "2 mischarged unknown" "in flight: can-exit of the sender, which owns the memory"
run dmaownctl verify --json
is "$status $(findings_in verify | xargs -n 1 | sort | paste -sd ' ')" "2 not-holder unknown" \
	"in flight: verify: the owner holds nothing, and the holder is unknown"

# --- half of it arrives: the new process has the context, while the device's file is in flight
ask post receive
read -r post_ctx post_ram post_group <<<"$reply"
post_group=${post_group:-}
ask post mmap "$post_ram" $size shared rw $base
is "$(contexts_now) $(opens)" "[[[null,$post],[\"$device\"],1,$size]] $device 1 1" "received: the context has a known holder, the device not"
is "$(holders_of "$device" "$device")" "?:unknown" "received: who: the device's holder is unknown"
new=$post
before=$(state)
run dmaownctl check --to "$post" --json
is "$status $(json -c '[.reasons[] | [.reason, .device, .value]]')" "15 [[\"unknown-holder\",\"$device\",1]]" \
	"check: refused, with device and number of files"
run dmaownctl transfer --to "$post" --json
refused_as 15 unknown-holder "transfer"
run dmaownctl transfer --to "$post" --force "unknown-holder=$other" --json
refused_as 15 unknown-holder "another device is accepted"
run dmaownctl check --to "$post" --force unknown-holder --json
is "$status $(json -c '[.result, .reasons]')" '0 ["would-move",[]]' "unknown holders are accepted: it would move"

# Another context has nothing to do with it.
vmm old2 "$other" $size
successor new2 old2 $size
is "$(opens)" "$(sorted "$device 1 1" "$other 1 0")" "each device is counted by itself"
run dmaownctl transfer --to "$new2" --json
is "$status $(json .result)" "0 moved" "what is in flight does not stop the transfer of another context"
stop new2
stop old2

# --- all of it arrives
ask post receive; post_dev=$reply
is "$(opens) $(holders_of "$device" "$device")" "$device 1 0 $post:device" "all is received: the holder is known"
run dmaownctl can-exit "$bystander"
is "$status $out" "0 " "and nothing is unknown any more"
run dmaownctl transfer --to "$post" --json
is "$status $(json .result)" "0 moved" "and the receiver becomes the owner"
run dmaownctl can-exit "$old"
is "$status $out" "0 " "so that the sender may go"
stop old
is "$(contexts_now)" "[[[$post],[\"$device\"],1,$size]]" "which changes nothing"

# --- the message is lost with its receiver
ask post send "$scratch/post" "$post_ctx" "$post_dev" ${post_group:+"$post_group"}
close_all post "$post_ctx" "$post_dev" ${post_group:+"$post_group"}
nobody_knows "in its own queue"
stop post
eventually nothing_held
is "$(contexts_now) $(opens)" "[] " "the receiver dies without having received it: nothing is left"
run dmaownctl can-exit "$bystander"
is "$status $out" "0 " "and nothing is unknown"

# --- files in the table of an io_uring
if configured IO_URING; then
	vmm old "$device" $size
	id=$(context_of "$old")
	ask old uring-files "$ctx" "$dev" ${group:+"$group"}; ring=$reply
	is "$(contexts_now) $(opens)" "[[[$old],[\"$device\"],1,$size]] $device 1 0" "io_uring: what has a descriptor as well is known"
	close_all old "$ctx" "$dev" ${group:+"$group"}
	nobody_knows "io_uring"
	ask old close "$ring"
	# The kernel frees the table later.
	eventually nothing_held
	is "$(contexts_now) $(opens)" "[] " "io_uring: without the table nothing is left"
	stop old
fi

finish
