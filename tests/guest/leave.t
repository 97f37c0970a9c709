#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# can-exit of the old owner and check of the new one go through the same code: in each scene they name the same devices
# and groups, and what one does not know, the other does not know.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
device=${edus[0]}
nothing='0 []'
owned='["mischarged",null]'

# asked "STATUS REASONS" "STATUS FINDINGS" WHAT: compares [REASON, DEVICE] of each report of check --to $new, and
# [FINDING, DEVICE] of each finding of can-exit $old.
asked() {
	run dmaownctl check --to "$new" --json
	is "$status $(json -c '[.reasons[] | [.reason, .device]] | sort')" "$1" "$3: check"
	run dmaownctl can-exit "$old" --json
	is "$status $(findings_with_devices can_exit)" "$2" "$3: can-exit"
}

# Prints the advice of the first finding $1 of the last can-exit --json.
advice() { json "[.can_exit.findings[] | select(.finding == \"$1\").advice][0]"; }

reset="15 [[\"would-reset\",\"$device\"]]"
resets="2 [[\"reset\",\"$device\"],$owned]"

# --- the file of a device: in the new process, mapped by it, in a third process, in no other
vmm old "$device" $size
successor new old $size
asked "$nothing" "2 [$owned]" "the new one has everything"
map_bar new "$new_dev"; new_bar=$bar
ask new close "$new_dev"
asked "$nothing" "2 [$owned]" "the new one maps the device and has no descriptor"
unmap_bar new "$new_bar"
asked "$reset" "$resets" "only the old one has the device"
like "$(advice reset)" "^pass descriptor $dev of process $old" "and its descriptor can be passed on"
like "$(advice mischarged)" "; pass the device's descriptor to it\$" "which has to happen before the transfer"
start third
hand_over old third "$dev"
asked "$nothing" "2 [$owned]" "a third process has the device, and stays"
stop third
map_bar old "$dev"
ask old close "$dev"
asked "$reset" "$resets" "only the old one has the device, by a mapping"
like "$(advice reset)" "process $old has only mapped it, at " "and there is no descriptor to pass on"
like "$(advice mischarged)" "; no process has a descriptor of the device to pass on: let the process" \
	"so that the process has to live"
run dmaownctl can-exit "$new"
is "$status $out" "0 " "the new one may exit: it alone has nothing"
stop new
stop old

# --- a context that loses its last group, and one that needs none
vmm old "$device" $size
successor new old $size
ask new close "$new_dev"
case $kind in
iommufd)
	asked "$reset" "$resets" "the new one has the context alone"
	ask old close "$dev"
	asked "$nothing" "2 [$owned]" "neither has a device, and the context stays"
	;;
type1)
	group_name=group-$(group_number "$device")
	asked "$reset" "$resets" "the new one has container and group"
	ask new close "$new_group"
	asked "15 [[\"would-reset\",\"$device\"],[\"would-reset\",\"$group_name\"]]" "2 [[\"reset\",\"$device\"],[\"lost\",null]]" \
		"the new one has the container alone"
	ask old close "$dev"
	asked "15 [[\"would-reset\",\"$group_name\"]]" '2 [["lost",null]]' "the old one has the last group"
	like "$(json '.can_exit.findings[0].text')" "no other process holds $group_name, .*last group" "which is named"
	like "$(advice lost)" "^pass descriptor $group of process $old" "with its descriptor"
	hand_over old new "$group"
	asked "$nothing" "2 [$owned]" "the new one has the group, too"
	;;
esac
stop new
run dmaownctl can-exit "$old" --json
is "$status $(findings_in can_exit)" "2 lost" "without the new one the context would be lost"
stop old

# --- a device in flight: neither knows who holds it
vmm old "$device" $size
successor new old $size
start post
ask post listen "$scratch/post"
ask old send "$scratch/post" "$dev"
ask old close "$dev"
ask new close "$new_dev"
asked "15 [[\"unknown-holder\",\"$device\"]]" "2 [$owned,[\"unknown\",\"$device\"]]" "in flight"
run dmaownctl can-exit "$new" --json
is "$status $(findings_with_devices can_exit)" "14 [[\"unknown\",\"$device\"]]" "in flight: can-exit of one that owns nothing: unknown"
ask post receive
asked "$nothing" "2 [$owned]" "received"
run dmaownctl can-exit "$new"
is "$status $out" "0 " "received: nothing is unknown any more"
run dmaownctl can-exit "$post" --json
is "$status $(findings_with_devices can_exit)" "2 [[\"reset\",\"$device\"]]" "the receiver alone has the device"
finish
