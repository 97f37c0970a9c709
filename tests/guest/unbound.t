#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# An administrator unbinds a device from its driver while a VMM has it. The kernel takes the device out of its lists at
# once, so that nobody can open it any more, and waits until every file is closed. Meanwhile the device, its context and
# its holders are known as before.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck disable=SC2015 # pass() and fail() always succeed
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
device=${edus[0]}
harmless+='|vfio-pci [0-9a-f:.]+: No device request (channel )?registered, blocked until released by user'

# Prints each device with the number of its open files that no process has, and whether it is being removed.
devices_now() {
	dmaownctl devices --json -o DEVICE,UNKNOWN,REMOVING |
		gojq -c '[.devices[] | [.device, .unknown // 0, .removing]] | sort'
}
# shellcheck disable=SC2317 # called by eventually
devices_are() { [ "$(devices_now)" = "$1" ]; }
# shellcheck disable=SC2317 # called by eventually
is_taken_out() { ! compgen -G "/sys/bus/pci/devices/$device/vfio-dev/vfio*" >/dev/null; }
is_bound() { [ -e "/sys/bus/pci/devices/$device/driver" ]; }
# shellcheck disable=SC2317 # called by eventually
has_ended() { [ -e "$scratch/unbound" ]; }

# Starts to unbind the device, and waits until the kernel has taken it out of its lists. The write lasts until the
# device is unbound. $1 names the case.
begin_unbind() {
	rm -f "$scratch/unbound"
	{
		result=ok
		echo "$device" >/sys/bus/pci/drivers/vfio-pci/unbind || result=failed
		echo $result >"$scratch/unbound.new"
		mv "$scratch/unbound.new" "$scratch/unbound"
	} &
	eventually is_taken_out || broken "$1: the kernel does not begin to unbind $device"
	has_ended && fail "$1: the kernel waits" || pass "$1: the kernel waits"
}

# Starts to unbind the device; it must stay in the listing of devices, as one that is being removed.
begin_unbind_listed() {
	begin_unbind "$1"
	eventually devices_are "[[\"$device\",0,true]]"
	is "$(devices_now)" "[[\"$device\",0,true]]" "$1: devices: it is listed, and being removed"
	is "$(dmaownctl who "$device" --raw -n -o DEVICE,STATE | grep "^$device " | sort -u)" "$device removing" "$1: who: so are its files"
}

# Checks that the device gets unbound, and binds it again.
end_unbind() {
	eventually has_ended || broken "$1: the kernel does not come to an end with unbinding $device"
	is "$(<"$scratch/unbound")" ok "$1: the kernel has unbound it"
	is_bound && fail "$1: it has no driver" || pass "$1: it has no driver"
	eventually nothing_held
	is "$(contexts_now) $(devices_now)" "[] []" "$1: nothing is left"
	bind_devices
	is_bound || broken "$1: it cannot be bound again"
}

# --- a VMM and its successor have the device
vmm old "$device" $size
id=$(context_of "$old")
is "$(devices_now)" "[[\"$device\",0,false]]" "devices: at first nobody removes it"
successor new old $size
begin_unbind_listed "two processes have it"
is "$(contexts_now)" "[[$(gojq -nc "[$old,$new] | sort"),[\"$device\"],1,$size]]" "list: the context, with its device"
run dmaownctl list --raw -n -o ID --context "$device"
is "$status $out" "0 $id" "list --context $device"
is "$(holders_of "$device" "$device")" "$(sorted "$old:device" "$new:device")" "who: both"
run dmaownctl can-exit "$new"
is "$status $out" "0 " "can-exit: the new one may go"
run dmaownctl check --to "$new" --json
is "$status $(json .result)" "0 would-move" "check: the new process holds everything"
ask new close "$new_dev"
is "$(holders_of "$device" "$device")" "$old:device" "who: only the old one has the device's file"
run dmaownctl check --to "$new" --json
is "$status $(json -c '[.reasons[] | [.reason, .pid, .device]]')" "15 [[\"would-reset\",$old,\"$device\"]]" \
	"check: the device would be reset"
run dmaownctl can-exit "$old" --json
is "$status $(findings_with_devices can_exit)" "2 [[\"reset\",\"$device\"],[\"mischarged\",null]]" \
	"can-exit: the device would be reset"
hand_over old new "$dev"
run dmaownctl transfer --to "$new" --json
is "$status $(json .result)" "0 moved" "the new one has the device's file again: moved"
stop old
is "$(devices_now) $(holders_of "$device" "$device")" "[[\"$device\",0,true]] $new:device" \
	"the old one goes: the new one keeps the device"
run dmaownctl verify
is "$status $out" "0 " "verify: all is well"
stop new
end_unbind "the last holder goes"

# --- only a mapping holds the device
vmm old "$device" $size
map_bar old "$dev"
close_all old "$ctx" "$dev" "$ram" ${group:+"$group"}
begin_unbind_listed "a mapping alone"
is "$(contexts_now)" "[[[$old],[\"$device\"],1,$size]]" "a mapping alone: list"
is "$(holders_of "$device")" "$old:mapping" "a mapping alone: who"
run dmaownctl can-exit "$old" --json
is "$status $(findings_with_devices can_exit)" "2 [[\"reset\",\"$device\"],[\"lost\",null]]" "a mapping alone: can-exit"
run dmaownctl check --to "$old" --json
is "$status $(json .result)" "0 unchanged" "a mapping alone: check: there is nothing to do"
unmap_bar old "$bar"
end_unbind "it is unmapped"
stop old

# --- the device's file is in flight: the module finds neither a file nor, under the driver core's lock, the device
vmm old "$device" $size
start post
ask post listen "$scratch/post"
ask old send "$scratch/post" "$dev"
close_all old "$dev" "$ctx" "$ram" ${group:+"$group"}
begin_unbind "in flight"
run dmaownctl who "$device" --raw -n -o DEVICE
like "$out" "(^|"$'\n'")$device($|"$'\n'")" "in flight: who: the device is in use"
stop old
run dmaownctl can-exit "$post" --json
like "$status $(findings_in can_exit)" "^14 unknown" "in flight: can-exit does not know"
run dmaownctl verify --json
like "$status $(findings_in verify)" "^(2|14) .*unknown" "in flight: nor does verify"
stop post
end_unbind "the message is gone"

# --- the device works as before
vmm old "$device" $size
is "$(contexts_now) $(devices_now)" "[[[$old],[\"$device\"],1,$size]] [[\"$device\",0,false]]" "it is as it was at first"
finish
