#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# KVM holds files of VFIO that a VMM has added to a virtual machine, as every VMM does: a device's file stays open
# although no process has a descriptor of it, or maps it. Its holder is one that nobody can name.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
device=${edus[0]}
other=${edus[1]}
unknown="[[\"unknown\",\"$device\"]]"
harmless+='|kvm: |kvm_amd: |kvm_intel: |SVM: |svm: |has_svm: '

state() { areas_and_charges IOVA,PID,STATE; }
# shellcheck disable=SC2317 # called by eventually
opens_are() { [ "$(opens)" = "$1" ]; }

load_kvm
start bystander

# --- a VMM as they are: KVM has a file, and so has the process
vmm old "$device" $size
id=$(context_of "$old")
ask old kvm; kvm=$reply
ask old kvm-add "$kvm" "$dev"
is "$(opens)" "$device 1 0" "a file that KVM and a process have is known, and counts once"
is "$(holders_of "$device" "$device")" "$old:device" "who: the process"
successor new old $size
run dmaownctl transfer --to "$new" --json
is "$status $(json .result)" "0 moved" "KVM is not in the way of a transfer"
run dmaownctl transfer --to "$old" --json
is "$status $(json .result)" "0 moved" "nor of one back"
run dmaownctl can-exit "$new"
is "$status $out" "0 " "can-exit: nothing is unknown"

# --- the descriptors are closed: KVM alone has the device
close_all old "$dev"
close_all new "$new_dev"
is "$(opens)" "$device 1 1" "devices: one file is open, which no process has"
is "$(holders_of "$device" "$device")" "?:unknown" "who: the device's holder is unknown"
run dmaownctl devices --raw -n -o DEVICE,HOLDERS,OPENS,UNKNOWN
is "$status $out" "0 $device ? 1 1" "devices: it is shown as one that nobody can name"
before=$(state)
run dmaownctl check --to "$new" --json
is "$status $(json -c '[.reasons[] | [.reason, .device, .value]]')" "15 [[\"unknown-holder\",\"$device\",1]]" \
	"check: refused, with device and number of files"
run dmaownctl transfer --to "$new" --json
refused_as 15 unknown-holder "transfer"
run dmaownctl transfer --to "$new"
like "$err" "device $device: .*KVM" "in words, which name KVM"
like "$err" "--force unknown-holder=$device" "with the option that accepts it"
run dmaownctl transfer --to "$new" --force "unknown-holder=$other" --json
refused_as 15 unknown-holder "another device is accepted"
run dmaownctl can-exit "$bystander" --json
is "$status $(findings_with_devices can_exit)" "14 $unknown" "can-exit of anybody: unknown"
run dmaownctl verify --json
is "$status $(findings_with_devices verify)" "14 $unknown" "verify: unknown"
run dmaownctl transfer --to "$new" --force "unknown-holder=$device" --json
is "$status $(json .result) $(charges "$old") $(charges "$new")" "0 moved 0 0 $(charged $size)" "this device is accepted: moved"
run dmaownctl transfer --to "$old" --force unknown-holder --json
is "$status $(state)" "0 $before" "whichever device: back"

# --- not even the context has a holder that can be named
stop new
close_all old "$ctx" ${group:+"$group"}
is "$(contexts_now)" "[[[null],[\"$device\"],1,$size]]" "list: the context is there, and its holder unknown"
is "$(dmaownctl list --raw -n -o ID,NHOLDERS)" "$id 0" "list: it is the same one, and no process holds it"
is "$(holders_of "$device")" "?:unknown" "who: unknown"
run dmaownctl who "$device" --raw -n -o PID,COMMAND,HOW,FD,ADDR,DEVICE,CONTEXT
is "$status $out" "0 ? - unknown - - $device $id" "who: with device and context, without a process"
run dmaownctl areas --raw -n --bytes -o IOVA,PINNED,PID,STATE
is "$out $(charges "$old")" "0x0 $size $old live $(charged $size)" "areas: pinned, and charged to the VMM"
run dmaownctl can-exit "$old" --json
is "$status $(findings_in can_exit)" "2 mischarged unknown" "can-exit of the VMM: it owns the memory, the rest is unknown"
run dmaownctl can-exit "$bystander" --json
is "$status $(findings_with_devices can_exit)" "14 $unknown" "can-exit of anybody else: unknown"
run dmaownctl verify --json
is "$status $(findings_in verify | xargs -n 1 | sort | paste -sd ' ')" "2 not-holder unknown" \
	"verify: the owner holds nothing, and the holder is unknown"

# --- the virtual machine ends
ask old close "$kvm"
eventually nothing_held
is "$(contexts_now) $(opens) $(charges "$old")" "[]  0 0" "KVM lets go of the file: nothing is left, and nothing charged"
run dmaownctl can-exit "$bystander"
is "$status $out" "0 " "can-exit: nothing is unknown any more"
stop old

# --- the virtual machine's descriptor in another process keeps the device
vmm old "$device" $size
ask old kvm; kvm=$reply
ask old kvm-add "$kvm" "$dev"
start keeper
hand_over old keeper "$kvm"; its_kvm=$reply
stop old
is "$(contexts_now) $(opens)" "[[[null],[\"$device\"],1,$size]] $device 1 1" "the VMM dies: what keeps the device cannot be named"
run dmaownctl areas --raw -n -o PINNED,STATE --bytes
is "$out" "$size dead" "areas: the owner is dead, and its memory pinned"
run dmaownctl verify --json
is "$status $(findings_in verify | xargs -n 1 | sort | paste -sd ' ')" "2 dead-owner unknown" "verify: says both"
ask keeper close "$its_kvm"
eventually nothing_held
is "$(contexts_now) $(opens)" "[] " "the other process closes it: nothing is left"
stop keeper

# --- a VMM that tells KVM before it binds the device, or of the group, as QEMU does
start old
ask old limit unlimited
ask old kvm; kvm=$reply
open_context old
case $kind in
iommufd)
	ask old device "$device"; dev=$reply
	ask old kvm-add "$kvm" "$dev"
	ask old bind "$dev" "$ctx"
	;;
type1)
	add_device old "$device"
	ask old close "$dev"
	ask old kvm-add "$kvm" "$group"
	ask old group-device "$group" "$device"; dev=$reply
	;;
esac
is "$(opens)" "$device 1 0" "KVM knows the file before it is bound, or the group: nothing is unknown"
close_all old ${group:+"$group"}
is "$(opens) $(holders_of "$device" "$device")" "$device 1 0 $old:device" "KVM alone has the group, if there is one: the device is known"
run dmaownctl can-exit "$bystander"
is "$status $out" "0 " "can-exit: nothing is unknown"
if [ "$kind" = iommufd ]; then
	ask old close "$dev"
	is "$(opens)" "$device 1 1" "KVM alone has the device: nobody can be named"
fi
stop old
eventually opens_are ""
is "$(contexts_now) $(opens)" "[] " "it exits: nothing is left"

finish
