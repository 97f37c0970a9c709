#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A VMM maps the registers of a virtual IOMMU from the context's own file. The mapping keeps that file open, and with it
# the context, although every descriptor is closed. The device is one of those that iommufd makes for its own tests.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
# These devices have no lower IOVAs.
iova=$((16 << 20))
harmless+='|iommufd_mock iommufd_mock[0-9]+: (Adding to|Removing from) iommu group'

if ! uapi_has IOMMU_HW_QUEUE_ALLOC; then
	pass "this kernel has nothing that can be mapped from a context's file"
	finish
fi

state() { areas_and_charges IOVA,PID,STATE; }

# map_window NAME FD: maps the registers from the context's descriptor. Sets window, their address.
map_window() { ask "$1" mmap "$2" "$length" shared rw any "$offset"; window=$reply; }

# Makes actor $1 a VMM with a virtual IOMMU, whose registers it has mapped. Sets ctx, ioas, ram, window, offset and
# length.
viommu_vmm() {
	start "$1"
	ask "$1" limit unlimited
	open_context "$1"
	new_ioas "$1"
	ask "$1" memfd ram $size; ram=$reply
	ask "$1" mmap "$ram" $size shared rw $base
	dma_map "$1" "$ctx" "$ioas" $base $size $iova rw
	ask "$1" viommu "$ctx" "$ioas"
	read -r offset length <<<"$reply"
	map_window "$1" "$ctx"
}

# --- a VMM closes everything but the mapping
viommu_vmm old
id=$(context_of "$old")
is "$(holders_of "$id")" "$(sorted "$old:context" "$old:mapping")" "who: by the context's file and by its mapping"
run dmaownctl devices --raw -n -o DEVICE
mock=$out
isnt "$mock" "" "devices: the device is in the context"
run dmaownctl can-exit "$old" --json
is "$status $(findings_in can_exit)" "2 lost" "can-exit: the context would be lost"
close_all old "$ctx" "$ram"
is "$(contexts_now)" "[[[$old],[\"$mock\"],1,$size]]" "list: the mapping alone holds the context"
run dmaownctl list --json -o FILES
is "$(json -c '.contexts[0].files')" "[\"$old/$window\"]" "list: FILES has the mapping, by which it can be named"
for name in "$id" "$old" "$old/$window"; do
	run dmaownctl list --raw -n -o ID --context "$name"
	is "$status $out" "0 $id" "list --context $name"
done
run dmaownctl who "$id" --raw -n -o PID,HOW,FD,ADDR,DEVICE,CONTEXT
is "$status $out" "0 $old mapping - $window - $id" "who: with its address, without descriptor and device"
run dmaownctl --channel debugfs who "$id" --raw -n -o PID,HOW,FD,ADDR,DEVICE,CONTEXT
is "$status $out" "0 $old mapping - $window - $id" "who: over debugfs, too"
run dmaownctl areas --raw -n --bytes -o IOVA,PINNED,PID,STATE
is "$out $(charges "$old")" "0x1000000 $size $old live $size 0" "areas: pinned and charged"
run dmaownctl can-exit "$old" --json
is "$status $(findings_in can_exit)" "2 lost" "can-exit: the context would be lost"
run dmaownctl can-exit $$
is "$status $out" "0 " "can-exit of anybody else: nothing would break"
run dmaownctl verify
is "$status $out" "0 " "verify: all is well"
ask old munmap "$window" "$length"
eventually nothing_held
is "$(contexts_now) $(charges "$old")" "[] 0 0" "unmapped: nothing is left, and nothing charged"
stop old

# --- the new process has nothing but a mapping
viommu_vmm old
id=$(context_of "$old")
start new
hand_over old new "$ctx" "$ram"
read -r new_ctx new_ram <<<"$reply"
ask new limit unlimited
ask new mmap "$new_ram" $size shared rw $base
map_window new "$new_ctx"; new_window=$window
ask new close "$new_ctx"
is "$(holders_of "$id")" "$(sorted "$old:context" "$old:mapping" "$new:mapping")" "who: the new one by its mapping"
before=$(state)
run dmaownctl can-exit "$old" --json
is "$status $(findings_in can_exit)" "2 mischarged" "can-exit: the context would stay, charged to the old one"
run dmaownctl check --to "$new" --context "$new/$new_window" --json
is "$status $(json .result)" "0 would-move" "check: the mapping names the context"

# A process of another user has a mapping that it has inherited.
fork new third
ask third setuid 1003
is "$(holders_of "$id")" "$(sorted "$old:context" "$old:mapping" "$new:mapping" "$third:mapping")" "who: the mapping is inherited"
run dmaownctl transfer --to "$new" --json
refused_as 15 untrusted-holder "a mapping in a process of another user"
is "$(json -c '[.reasons[].pid]')" "[$third]" "which is named"
run dmaownctl transfer --to "$new" --force "untrusted-holder=$third" --json
is "$status $(json .result)" "0 moved" "unless it is trusted by name"
run dmaownctl transfer --to "$old" --force "untrusted-holder=$third" --json
is "$status $(state)" "0 $before" "and back"
ask third munmap "$new_window" "$length"
run dmaownctl transfer --to "$new" --json
is "$status $(json .result) $(charges "$old") $(charges "$new")" "0 moved 0 0 $size 0" "without it: moved"
run dmaownctl can-exit "$old"
is "$status $out" "0 " "can-exit: the old one may go"
stop old
is "$(contexts_now)" "[[[$new],[\"$mock\"],1,$size]]" "it goes: the new one's mapping keeps the context"

# --- the owner dies, and a process that has only inherited the mapping keeps the memory pinned
fork new heir
is "$(holders_of "$id")" "$(sorted "$new:mapping" "$heir:mapping")" "who: both, by the mapping"
stop new
is "$(contexts_now)" "[[[$heir],[\"$mock\"],1,$size]]" "the owner dies: an inherited mapping keeps its memory pinned"
run dmaownctl areas --raw -n --bytes -o PINNED,STATE
is "$out" "$size dead" "areas: the owner is dead"
run dmaownctl verify --json
is "$status $(findings_in verify)" "2 dead-owner" "verify: a dead owner"
stop heir
is "$(contexts_now)" "[]" "without it nothing is left"

finish
