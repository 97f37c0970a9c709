#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A fault queue of iommufd has a file of its own, which holds the context: with a HWPT the memory stays pinned and
# charged while nobody has anything but that file. Its holder is a holder like any other.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
device=${edus[0]}

if ! uapi_has IOMMU_FAULT_QUEUE_ALLOC; then
	pass "this kernel has no fault queues"
	finish
fi

state() { areas_and_charges IOVA,PID,STATE; }

# --- a context with a queue
start idle
ask idle open /dev/iommu; idle_ctx=$reply
ask idle fault-queue "$idle_ctx"; idle_queue=${reply% *}
idle_id=$(context_of "$idle")
is "$(holders_of "$idle_id")" "$(sorted "$idle:context" "$idle:eventq")" "who: by the context's own file and by its queue"
ask idle close "$idle_ctx"
is "$(contexts_now)" "[[[$idle],[],0,0]]" "list: the queue alone holds an empty context"
is "$(holders_of "$idle_id")" "$idle:eventq" "who: by its queue"
ask idle close "$idle_queue"
is "$(contexts_now)" "[]" "without the queue it is gone"
stop idle

# --- a VMM with a device closes everything but the queue
vmm old "$device" $size
id=$(context_of "$old")
run dmaownctl devices --raw -n -o ID
device_id=$out
ask old fault-queue "$ctx"; queue=${reply% *}
# The HWPT that attaching has made goes with the device; this one stays.
ask old hwpt "$ctx" "$device_id" "$ioas"
is "$(holders_of "$id")" "$(sorted "$old:context" "$old:device" "$old:eventq")" "who: by all three"
run dmaownctl can-exit "$old" --json
is "$status $(findings_in can_exit)" "2 reset lost" "can-exit: device and context"
close_all old "$dev" "$ctx"
is "$(contexts_now)" "[[[$old],[],1,$size]]" "list: the context is there, with pinned memory and without a device"
run dmaownctl list --json -o FILES
is "$(json -c '.contexts[0].files')" "[\"$old/$queue\"]" "list: FILES has the queue, by which it can be named"
for name in "$id" "$old" "$old/$queue"; do
	run dmaownctl list --raw -n -o ID --context "$name"
	is "$status $out" "0 $id" "list --context $name"
done
is "$(holders_of "$id")" "$old:eventq" "who: by the queue alone"
run dmaownctl who "$id" --raw -n -o PID,HOW,FD,ADDR,DEVICE,CONTEXT
is "$status $out" "0 $old eventq $queue - - $id" "who: with its descriptor, without a device"
run dmaownctl areas --raw -n --bytes -o IOVA,PINNED,PID,STATE
is "$out $(charges "$old")" "0x0 $size $old live $size 0" "areas: pinned and charged"
run dmaownctl can-exit "$old" --json
is "$status $(findings_in can_exit)" "2 lost" "can-exit: the context would be lost"
run dmaownctl verify
is "$status $out" "0 " "verify: all is well"

# --- it passes the queue on
start new
hand_over old new "$queue" "$ram"
read -r new_queue new_ram <<<"$reply"
ask new limit unlimited
ask new mmap "$new_ram" $size shared rw $base
before=$(state)
run dmaownctl can-exit "$old" --json
is "$status $(findings_in can_exit)" "2 mischarged" "can-exit: the context would stay, charged to the old one"
run dmaownctl check --to "$new" --context "$new/$new_queue" --json
is "$status $(json .result)" "0 would-move" "check: the queue's descriptor names the context"
start third
hand_over old third "$queue"; third_queue=$reply
ask third setuid 1003
run dmaownctl transfer --to "$new" --json
refused_as 15 untrusted-holder "a queue in a process of another user"
is "$(json -c '[.reasons[].pid]')" "[$third]" "which is named"
ask third close "$third_queue"
run dmaownctl transfer --to "$new" --json
is "$status $(json .result) $(charges "$old") $(charges "$new")" "0 moved 0 0 $size 0" "a holder of the queue becomes the owner"
run dmaownctl can-exit "$old"
is "$status $out" "0 " "can-exit: the old one may go"
stop old
is "$(contexts_now)" "[[[$new],[],1,$size]]" "it goes: the new one's queue keeps the context"

# --- the owner dies, and a process that has only the queue keeps the memory pinned
hand_over new third "$new_queue"
is "$(holders_of "$id")" "$(sorted "$new:eventq" "$third:eventq")" "who: both, by the queue"
stop new
is "$(contexts_now)" "[[[$third],[],1,$size]]" "the owner dies: the queue of another process keeps its memory pinned"
run dmaownctl areas --raw -n --bytes -o PINNED,STATE
is "$out" "$size dead" "areas: the owner is dead"
stop third
is "$(contexts_now)" "[]" "without it nothing is left"

finish
