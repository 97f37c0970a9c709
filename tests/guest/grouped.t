#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Devices that are opened through a group which has a context of iommufd in place of a container, emulated ones
# included: the files of devices and of groups hold the context.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
harmless+='|emulated emulated\.[0-9]: (Adding to|Removing from) iommu group'

devices() { echo "$1" >/sys/module/emulated/parameters/devices || broken "cannot create $1 emulated devices"; }
state() { areas_and_charges IOVA,PID,STATE; }

# Makes actor $1 a VMM that opens device $2 through its group, with a context of iommufd. Sets ctx, group, dev, ram and
# ioas, which the kernel has made for the group.
grouped_vmm() {
	start "$1"
	ask "$1" limit unlimited
	ask "$1" open /dev/iommu; ctx=$reply
	ask "$1" group "$2"; group=$reply
	ask "$1" set-container "$group" "$ctx"
	ask "$1" group-device "$group" "$2"; dev=$reply
	ioas=$(dmaownctl ioas --raw -n -o IOAS)
	ask "$1" memfd ram $size; ram=$reply
	ask "$1" mmap "$ram" $size shared rw $base
	ask "$1" map "$ctx" "$ioas" $base $size 0 rw
}

devices 1

# --- a group that was given a context, and nothing else
device=emulated.0
number=$(group_number $device)
start old
ask old open /dev/iommu; ctx=$reply
ask old group $device; group=$reply
is "$(holders_of "/dev/vfio/$number" "group-$number")" "$old:group" "who: the group's file, in no context"
is "$(contexts_now)" "[[[$old],[],0,0]]" "list: a context without a device"
ask old set-container "$group" "$ctx"
id=$(context_of "$old")
is "$(holders_of "$id")" "$(sorted "$old:context" "$old:group")" "who: the context is held by its own file and by the group's"
ask old close "$ctx"
is "$(contexts_now)" "[[[$old],[],0,0]]" "list: the group's file alone holds the context"
run dmaownctl who "/dev/vfio/$number" --raw -n -o PID,HOW,FD,DEVICE,CONTEXT
is "$status $out" "0 $old group $group group-$number $id" "who: with that context"
run dmaownctl list --raw -n -o ID --context "$old/$group"
is "$status $out" "0 $id" "list: the group's descriptor names the context"
run dmaownctl can-exit "$old" --json
is "$status $(findings_in can_exit)" "2 lost" "can-exit: the context would be lost"
ask old close "$group"
is "$(contexts_now)" "[]" "closed: nothing is left"
stop old

# --- the same with devices: first one that is emulated, then a real one
for device in emulated.0 "${edus[0]}"; do
	number=$(group_number "$device")
	pinned=$size
	[ "$device" != emulated.0 ] || pinned=0
	grouped_vmm old "$device"
	id=$(context_of "$old")
	is "$(contexts_now)" "[[[$old],[\"$device\"],1,$pinned]]" "$device: list: it is in the context"
	run dmaownctl devices --json -o CONTEXT,DEVICE,KIND,HOLDERS,OPENS,UNKNOWN,REMOVING
	is "$(json_in_order -c '.devices')" "[{\"context\":\"$id\",\"device\":\"$device\",\"kind\":\"iommufd\",\"holders\":[$old],\"opens\":1,\"unknown\":0,\"removing\":false}]" \
		"$device: devices: its one file and the holder"
	run dmaownctl devices --json -o ID
	is "$(json -c '[.devices[].id == null]')" "[$([ "$device" = emulated.0 ] && echo true || echo false)]" \
		"$device: devices: only an emulated one has no ID"
	is "$(holders_of "$device" "$device")" "$old:device" "$device: who has the device"
	is "$(holders_of "/dev/vfio/$number" "group-$number")" "$old:group" "$device: who has the group"
	is "$(holders_of "$id")" "$(sorted "$old:context" "$old:device" "$old:group")" "$device: who holds the context"
	for name in "$device" "$old/$dev" "$old/$group" "$old/$ctx"; do
		run dmaownctl list --raw -n -o ID --context "$name"
		is "$status $out" "0 $id" "$device: list --context $name"
	done
	run dmaownctl can-exit "$old" --json
	is "$status $(findings_with_devices can_exit)" "2 [[\"reset\",\"$device\"],[\"lost\",null]]" \
		"$device: can-exit: the device would be reset, the context lost"
	run dmaownctl verify
	is "$status $out" "0 " "$device: verify: all is well"

	successor new old $size
	before=$(state)
	run dmaownctl check --to "$new" --json
	is "$status $(json .result)" "0 would-move" "$device: check: the new process has everything"
	ask new close "$new_dev"
	run dmaownctl transfer --to "$new" --json
	refused_as 15 would-reset "$device: only the old one has the device"
	is "$(json -c '[.reasons[] | [.pid, .device]]')" "[[$old,\"$device\"]]" "$device: which is named"
	hand_over old new "$dev"; new_dev=$reply
	start third
	hand_over old third "$group"; third_group=$reply
	ask third setuid 1003
	run dmaownctl transfer --to "$new" --json
	refused_as 15 untrusted-holder "$device: the group's file in a process of another user"
	is "$(json -c '[.reasons[].pid]')" "[$third]" "$device: which is named"
	ask third close "$third_group"
	run dmaownctl transfer --to "$new" --json
	is "$status $(json .result)" "0 moved" "$device: moved"
	stop third
	stop old

	close_all new "$new_ctx" "$new_dev" "$new_ram"
	is "$(contexts_now)" "[[[$new],[],1,0]]" "$device: without the device the group's file holds the context"
	is "$(holders_of "$id")" "$new:group" "$device: who: the group's file"
	ask new group-device "$new_group" "$device"; new_dev=$reply
	close_all new "$new_group"
	is "$(contexts_now)" "[[[$new],[\"$device\"],1,$pinned]]" "$device: opened again; without the group the device's file holds the context"
	is "$(holders_of "$id")" "$new:device" "$device: who: the device's file"
	stop new
	is "$(contexts_now) $(opens)" "[] " "$device: nothing is left"
done

devices 0
finish
