#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# `who` takes a device, a group, a context and a device file by each of their names, and shows who holds them and what
# frees them. mapped.t, queue.t, idle.t, flight.t and unbound.t test holders of other sorts.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
device=${edus[0]}
number=$(group_number "$device")
cdev=$(basename "$(compgen -G "/sys/bus/pci/devices/$device/vfio-dev/vfio*")")
# The file that every context of this kind is, and that of the other kind, if this machine has it.
case $kind in
iommufd) own_file=/dev/iommu other_file=/dev/vfio/vfio others=/sys/module/vfio_iommu_type1 ;;
type1) own_file=/dev/vfio/vfio other_file=/dev/iommu others=/dev/iommu ;;
esac

# shows EXPECTED WHAT NAME...: who must show these PID:HOW, exit with 0, and write nothing to standard error.
shows() {
	local expected=$1 what=$2
	shift 2

	run dmaownctl who "$@" --raw -n -o PID,HOW
	is "$status $(tr ' ' : <<<"$out" | sort -u | paste -sd ' ') $err" "0 $expected " "$what: who $*"
}

# missing MESSAGE WHAT NAME...: who must exit with 1, show nothing, and say this.
missing() {
	local message=$1 what=$2
	shift 2

	run dmaownctl who "$@" --raw -n
	is "$status $out" "1 " "$what: who $*"
	like "$err" "$message" "$what: which is said"
}

# --- a VMM with a device, and another one with the other device
vmm old "$device" $size "$limit_mode" 1001
old_ctx=$ctx old_dev=$dev old_group=$group
vmm other "${edus[1]}" $size
id=$(context_of "$old")
user=$(id -nu 1001 2>/dev/null) || user=1001

in_use=$(sorted "$old:device" ${old_group:+"$old:group"})
names=("$device" "group-$number" "/dev/vfio/$number")
[[ $device != 0000:* ]] || names+=("${device#0000:}")
[ -z "$cdev" ] || names+=("$cdev" "/dev/vfio/devices/$cdev")
for name in "${names[@]}"; do
	shows "$in_use" "device and group" "$name"
	run dmaownctl list --raw -n -o ID --context "$name"
	is "$status $out" "0 $id" "list --context $name"
done
shows "$in_use" "a number alone is a group" "$number"
ln -s "/dev/vfio/$number" "$scratch/link"
shows "$in_use" "another path of a device file" "$scratch/link"

whole=$(sorted "$old:context" "$old:device" ${old_group:+"$old:group"})
for name in "$id" "${id:0:10}" "$old/$old_ctx" "$old/$old_dev"; do
	shows "$whole" "a context" "$name"
	run dmaownctl list --raw -n -o ID --context "$name"
	is "$status $out" "0 $id" "list --context $name"
done

# shellcheck disable=SC2086 # words
shows "$(sorted $whole "$other:context" "$other:device" ${old_group:+"$other:group"})" "all contexts of a kind" "$own_file"
run dmaownctl list --context "$own_file"
is "$status" 1 "list --context $own_file: that is any of them"
if [ -e "$others" ]; then
	run dmaownctl who "$other_file"
	is "$status $(tail -n +2 <<<"$out")$err" "1 " "no context of the other kind: who $other_file"
fi

# --- what is shown
run dmaownctl who "$device"
like "$out" "^NAME +PID +COMMAND +USER +HOW +STATE +FREES" "headings"
run dmaownctl who "$device" --raw -n
is "$(tail -n 1 <<<"$out")" "$device $old actor $user device - closes\\x20descriptor\\x20$old_dev" "a line of the table"
run dmaownctl who "$device" --json -o NAME,PID,COMMAND,USER,UID,HOW,FD,ADDR,DEVICE,CONTEXT,STATE,FREES,FILES
# holder HOW FD DEVICE: prints the object that JSON has for it.
holder() {
	echo "{\"name\":\"$device\",\"pid\":$old,\"command\":\"actor\",\"user\":\"$user\",\"uid\":1001,\"how\":\"$1\",\"fd\":$2,\"addr\":null,\"device\":\"$3\",\"context\":\"$id\",\"state\":null,\"frees\":\"closes descriptor $2\",\"files\":1}"
}
is "$status $(json_in_order -c '.holders')" \
	"0 [${old_group:+$(holder group "$old_group" "group-$number"),}$(holder device "$old_dev" "$device")]" "JSON"
run dmaownctl --channel debugfs who "$device" --raw -n -o PID,HOW
is "$status $(tr ' ' : <<<"$out" | sort | paste -sd ' ')" "0 $in_use" "over debugfs: the same"

# --- several names
run dmaownctl who "$device" "${edus[1]}" "$number" --raw -n -o NAME,PID
is "$status $(uniq <<<"$out" | paste -sd ' ')" "0 $device $old ${edus[1]} $other $number $old" "several names: in their order"
run dmaownctl who 0000:77:00.0 "$device" vfio77777 --raw -n -o PID,HOW
is "$status $(tr ' ' : <<<"$out" | sort -u | paste -sd ' ')" "1 $in_use" "some do not exist: the others are shown"
like "$err" "0000:77:00\.0: there is no such device or group.*vfio77777: no VFIO device has this name" "and those are named"
shows "$in_use" "with --pid" "$device" --pid "$old"
run dmaownctl who "$device" --pid "$other" --raw -n
is "$status $out$err" "1 " "with --pid: nothing that this process holds"
run dmaownctl who "$device" --context "${edus[1]}" --raw -n
is "$status $out$err" "1 " "with --context: nothing in that context"

# --- names that name nothing
missing "0000:77:00\.0: there is no such device or group" "no such device" 0000:77:00.0
missing "vfio77777: no VFIO device has this name" "no such device" vfio77777
missing "77777: there is no such device or group" "no such group" 77777
missing "group-77777: there is no such device or group" "no such group" group-77777
missing "no context has this ID" "no such context" 0x0123456789abcdef
missing "this names no device" "another device file" /dev/null
run dmaownctl who
is "$status" 64 "without a name: wrong usage"

# --- what FREES says is true
ask old close "$old_dev"
if [ -n "$old_group" ]; then
	shows "$old:group" "the device's descriptor is closed" "$device"
	ask old close "$old_group"
fi
run dmaownctl who "$device" "$number" --raw -n
is "$status $out$err" "1 " "all is closed: neither device nor group is held"
if [ -n "$cdev" ]; then
	start next
	ask next device "$device"; next_dev=$reply
	run dmaownctl who "$device" --raw -n -o PID,HOW,STATE,FREES,CONTEXT
	is "$status $out" "0 $next device no-context closes\\x20descriptor\\x20$next_dev -" "opened by another one: it is in no context"
	stop next
fi
stop old
stop other
run dmaownctl who "$device" "${edus[1]}" "$own_file" --raw -n
is "$status $out$err" "1 " "nothing is held any more"

finish
