#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Open files that hold no context: a device that is not bound, a group that is in no context, a container without an
# IOMMU. `who` names those who have them; no listing shows a context, and nothing would break.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

device=${edus[0]}
number=$(group_number "$device")
cdev=$(basename /sys/bus/pci/devices/"$device"/vfio-dev/vfio*)

# idles WHAT HOW FD DEVICE [NAME]...: actor idler is known by each of the names, and holds no context.
idles() {
	local what=$1 how=$2 fd=$3 held=$4 name
	shift 4

	for name; do
		run dmaownctl who "$name" --raw -n -o PID,HOW,FD,DEVICE,CONTEXT
		is "$status $out" "0 $idler $how $fd $held -" "$what: who $name"
	done
	is "$(grep -c "^context=- pid=$idler .* via=$how fd=$fd device=$held busy=0 unseen=0 " /sys/kernel/debug/dmaown/holders)" \
		1 "$what: debugfs: a file without a context"
	is "$(contexts_now)" "[]" "$what: list: there is no context"
	run dmaownctl can-exit "$idler"
	is "$status $out" "0 " "$what: can-exit: nothing would break"
	run dmaownctl verify
	is "$status $out" "0 " "$what: verify: all is well"
}

start idler

# --- a device that is opened by its own file, and not bound
ask idler device "$device"; dev=$reply
idles "a device that is not bound" device "$dev" "$device" "$device" "$cdev" "/dev/vfio/devices/$cdev"
is "$(dmaownctl devices --raw -n)" "" "devices: it is in no context"
ask idler open /dev/iommu; ctx=$reply
ask idler bind "$dev" "$ctx"
is "$(contexts_now)" "[[[$idler],[\"$device\"],0,0]]" "it is bound: it is in a context"
id=$(context_of "$idler")
run dmaownctl who "$cdev" --raw -n -o PID,HOW,FD,DEVICE,CONTEXT
is "$(awk -v fd="$dev" '$3 == fd' <<<"$out")" "$idler device $dev $device $id" "who $cdev: with that context"
close_all idler "$dev" "$ctx"

# --- a group in no container
ask idler group "$device"; group=$reply
idles "a group" group "$group" "group-$number" "/dev/vfio/$number"
ask idler open /dev/vfio/vfio; container=$reply
ask idler set-container "$group" "$container"
idles "a group in a container without an IOMMU" group "$group" "group-$number" "/dev/vfio/$number"
ask idler set-iommu "$container"
is "$(contexts_now)" "[[[$idler],[\"$device\"],0,0]]" "the container gets its IOMMU: it is a context"
run dmaownctl who "/dev/vfio/$number" --raw -n -o PID,HOW,FD,DEVICE,CONTEXT
is "$(awk -v fd="$group" '$3 == fd' <<<"$out")" "$idler group $group group-$number $(context_of "$idler")" \
	"who /dev/vfio/$number: with that context"
close_all idler "$group" "$container"
is "$(contexts_now)" "[]" "closed: nothing is left"

# --- a container in which there is no group
ask idler open /dev/vfio/vfio; container=$reply
idles "a container" context "$container" - /dev/vfio/vfio

# --- several files of one device: one holder, and each file is counted once, whoever has it
ask idler open /dev/vfio/vfio; container=$reply
ask idler group "$device"; group=$reply
ask idler set-container "$group" "$container"
ask idler set-iommu "$container"
ask idler group-device "$group" "$device"; first=$reply
ask idler group-device "$group" "$device"; second=$reply
id=$(context_of "$idler")
alike="device $first 2 $device $id"
run dmaownctl holders --raw -n -o HOW,FD,FILES,DEVICE,CONTEXT
is "$status $(grep ^device <<<"$out")" "0 $alike" "two files of a device: one holder, with the lowest descriptor"
run dmaownctl holders --json
is "$status $(json -c '[.holders[] | select(.how == "device") | .files]')" "0 [2]" "FILES is shown by default"
is "$(opens)" "$device 2 0" "devices: both are known"
run dmaownctl list --json -o FILES
is "$(json -c '.contexts[0].files | length')" 3 "list: FILES has one of them"
fork idler copier
run dmaownctl holders --raw -n -o HOW,FD,FILES,DEVICE,CONTEXT
is "$status $(grep ^device <<<"$out" | paste -sd ,)" "0 $alike,$alike" "a fork has the same two files"
is "$(opens)" "$device 2 0" "devices: still two files, and both are known"
ask copier group-device "$group" "$device"
ask copier close "$first"
is "$(opens)" "$device 3 0" "devices: a third file, of the fork"
run dmaownctl holders --raw -n -o PID,HOW,FD,FILES
is "$(grep " device " <<<"$out" | sort | paste -sd ,)" \
	"$(printf '%s\n' "$idler device $first 2" "$copier device $second 2" | sort | paste -sd ,)" \
	"each with the lowest descriptor and the number of its own"
run dmaownctl check --to "$idler" --json
is "$status" 0 "no file is unknown to a transfer"
ask idler close "$first"
is "$(opens)" "$device 2 0" "the first file is closed everywhere"
run dmaownctl areas --context "$idler/$second"
is "$status" 0 "the other file names the context"
stop copier
close_all idler "$second" "$group" "$container"
is "$(contexts_now)" "[]" "all are closed"

# --- somebody else's context is not touched by it
vmm old "${edus[1]}" 64K
successor new old 64K
hand_over idler new "$container"
run dmaownctl transfer --to "$new" --json
is "$status $(json .result)" "0 moved" "a new owner with an idle file as well: moved"
run dmaownctl can-exit "$old"
is "$status $out" "0 " "and the old one may go"

finish
