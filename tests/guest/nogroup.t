#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# VFIO without groups (CONFIG_VFIO_GROUP=n): there are no /dev/vfio/N and no containers. Only a file in
# /dev/vfio/devices holds a device.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
module=$DMAOWN_KMOD/dmaown.ko

if configured VFIO_GROUP; then
	start old
	ask old group "${edus[0]}"
	pass "this kernel has groups, of which the other tests are"
	finish
fi

seen() { dmaownctl status --json | jq -r '.status | [.iommufd, .vfio, .type1] | map(tostring) | join(" ")'; }
unload() {
	local name

	for name; do rmmod "$name" || broken "rmmod $name"; done
}

# Checks that this module sees a VMM with a device. $1 names the case.
sees_device() {
	is "$(seen)" "true true false" "$1: iommufd and VFIO are looked into"
	vmm old "${edus[0]}" $size
	run dmaownctl devices --json -o DEVICE,KIND,IOAS,HOLDERS
	is "$status $(json_in_order -c '.devices')" \
		"0 [{\"device\":\"${edus[0]}\",\"kind\":\"iommufd\",\"ioas\":$ioas,\"holders\":[$old]}]" \
		"$1: the device and its holder"
	stop old
}

is "$(ls /dev/vfio)" devices "there is nothing but the devices' own files"
sees_device "VFIO was there before the module"

# --- the opposite order
unload dmaown accessor emulated vfio_pci vfio_pci_core vfio iommufd
insmod "$module"
is "$? $(seen)" "0 false false false" "the module loads without VFIO"
load vfio-pci
for device in "${edus[@]}"; do
	[ -e "/sys/bus/pci/devices/$device/driver" ] || echo "$device" >/sys/bus/pci/drivers_probe
	[ -e "/sys/bus/pci/devices/$device/driver" ] || broken "vfio-pci does not take $device"
done
sees_device "VFIO comes after the module"
unload dmaown
insmod "$module"
is $? 0 "the module loads beside VFIO"
sees_device "VFIO is there when the module comes again"

# --- only the device's file holds the context
vmm old "${edus[0]}" $size
ask old close "$ctx"
run dmaownctl list --json -o KIND,HOLDERS,DEVICES,FILES
is "$status $(json_in_order -c '.contexts')" \
	"0 [{\"kind\":\"iommufd\",\"holders\":[$old],\"devices\":[\"${edus[0]}\"],\"files\":[\"$old/$dev\"]}]" \
	"list: held by the device's file"
is "$(grep -o 'via=[a-z]*' /sys/kernel/debug/dmaown/holders | sort -u)" "via=device" "which is known for a device's"
run dmaownctl can-exit "$old" --json
is "$status $(json '[.can_exit.findings[].finding] | join(" ")')" "2 reset lost" \
	"can-exit: the device would be reset, the context lost"

# --- a transfer of this context
start new
hand_over old new "$dev" "$ram"
read -r new_dev new_ram <<<"$reply"
ask new mmap "$new_ram" $size shared rw $base
run dmaownctl transfer --to "$new" --json
is "$status $(json .result)" "0 moved" "a holder of the device's file becomes the owner"
is "$(areas_of "$new") $(charges "$old") $(charges "$new")" "$ioas:0x0=$new 0 0 $size 0" "and is charged"
run dmaownctl can-exit "$old"
is "$status $out" "0 " "can-exit: the old one may go"
run dmaownctl transfer --to "$old" --json
is "$status $(areas_of "$new")" "0 $ioas:0x0=$old" "and back"

stop new
stop old

# --- a transfer that would reset the device is refused
vmm old "${edus[0]}" $size
successor new old $size
run dmaownctl check --to "$new"
is "$status" 0 "check: with context and device the new one can keep it"
ask new close "$new_dev"
run dmaownctl check --to "$new" --json
is "$status $(json -c '[.reasons[] | [.reason, .pid, .device]]')" "15 [[\"would-reset\",$old,\"${edus[0]}\"]]" \
	"check: the device would be reset"
run dmaownctl can-exit "$old" --json
is "$status $(json '[.can_exit.findings[].finding] | join(" ")')" "2 reset mischarged" "can-exit says so, too"
for name in accessor emulated; do
	insmod "${DMAOWN_KMOD%/kmod/*}/tests/kmod/$DMAOWN_KERNEL/$name.ko" || broken "insmod $name"
done
harmless+='|VFIO - User Level meta-driver|(accessor|emulated): '
finish
