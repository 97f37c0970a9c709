#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A process that has mapped a BAR of a device holds the device and its context, although it has closed every descriptor:
# each mapping keeps its file open. Real VMMs map BARs. Rule 11 counts such holders like any other.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
device=${edus[0]}

state() { areas_and_charges IOVA,PID,STATE; }

# transfers "STATUS REPORTS" WHAT COMMAND...: runs check or transfer, and compares [REASON, PID, DEVICE] of each report.
transfers() {
	local expected=$1 what=$2
	shift 2

	run dmaownctl "$@" --json
	is "$status $(json -c '[.reasons[] | [.reason, .pid, .device]] | sort')" "$expected" "$what"
}

# --- a VMM maps its RAM for DMA and a BAR for itself, and closes all descriptors
vmm old "$device" $size
id=$(context_of "$old")
ask old edu "$dev"; identification=$reply
is "$(holders_of "$device" "$device")" "$(sorted "$old:device" "$old:mapping")" "who: by a descriptor and by a mapping"
map_bar old "$dev"
lowest=$(awk '/vfio/ { split($1, range, "-"); print "0x" range[1]; exit }' "/proc/$old/maps")
isnt "$lowest" "" "the kernel shows the mappings of the device's file"
close_all old "$ctx" "$dev" "$ram" ${group:+"$group"}

is "$(contexts_now)" "[[[$old],[\"$device\"],1,$size]]" "list: the mapping holds the context, and the process is named"
run dmaownctl list --raw -n -o ID
is "$out" "$id" "list: it is the same context as before"
run dmaownctl list --json -o FILES
is "$(json -c '.contexts[0].files')" "[\"$old/$lowest\"]" "list: FILES has the mapping, by which it can be named"
for name in "$device" "$id" "$old" "$old/$lowest"; do
	run dmaownctl list --raw -n -o ID --context "$name"
	is "$status $out" "0 $id" "list --context $name"
done
is "$(opens)" "$device 1 0" "devices: one file is open, and its holder is known"
run dmaownctl areas --raw -n --bytes -o IOVA,LENGTH,PINNED,PID,STATE
is "$out" "0x0 $size $size $old live" "areas: they are listed"
is "$(charges "$old")" "$(charged $size)" "and charged"
is "$(holders_of "$device")" "$old:mapping" "who: by a mapping alone"
run dmaownctl who "$device" --raw -n -o PID,HOW,FD,ADDR,DEVICE,CONTEXT
is "$status $out" "0 $old mapping - $lowest $device $id" "who: without a descriptor, with the lowest address"
run dmaownctl --channel debugfs who "$device" --raw -n -o PID,HOW,FD,ADDR,DEVICE,CONTEXT
is "$status $out" "0 $old mapping - $lowest $device $id" "who: over debugfs, too"
run dmaownctl can-exit "$old" --json
is "$status $(findings_with_devices can_exit)" "2 [[\"reset\",\"$device\"],[\"lost\",null]]" \
	"can-exit: the device would be reset, the context lost"
run dmaownctl can-exit "$old"
like "$out" "reset: device $device " "can-exit: in words"
run dmaownctl can-exit $$
is "$status $out" "0 " "can-exit of anybody else: nothing would break"
run dmaownctl verify
is "$status $out" "0 " "verify: all is well"
transfers "0 []" "check: it holds the context, and owns everything in it" check --to "$old"
is "$(json .result)" "unchanged" "check: there is nothing to do"
transfers "0 []" "check: also if the context is named" check --to "$old" --context "$device"
ask old register "$dev" 0
is $((reply)) $((identification)) "the device answers all the time"
stop old
is "$(contexts_now) $(opens)" "[] " "it exits: nothing is left"

# --- the old process has closed the device's file and maps a BAR; the new process takes over
vmm old "$device" $size
map_bar old "$dev"
successor new old $size
close_all old "$dev"
is "$(holders_of "$device" "$device")" "$(sorted "$old:mapping" "$new:device")" "who: one by a mapping, one by a descriptor"
before=$(state)
transfers "0 []" "the new process has the device's file: it would move" check --from "$old" --to "$new"
run dmaownctl can-exit "$old" --json
is "$status $(findings_in can_exit)" "2 mischarged" "can-exit: the device would stay, what is owned would not move"

map_bar new "$new_dev"; new_bar=$bar
close_all new "$new_dev"
is "$(holders_of "$device" "$device")" "$(sorted "$old:mapping" "$new:mapping")" "who: both by mappings"
is "$(opens)" "$device 1 0" "devices: still one file"
transfers "0 []" "the new process maps the device: moved" transfer --from "$old" --to "$new"
run dmaownctl can-exit "$old"
is "$status $out" "0 " "can-exit: now the old one may go"
transfers "0 []" "and back" transfer --to "$old"
is "$(state)" "$before" "everything is as before"

unmap_bar new "$new_bar"
reset="[\"would-reset\",$old,\"$device\"]"
transfers "15 [$reset]" "nobody else has the device: it would be reset" check --from "$old" --to "$new"
transfers "15 [$reset]" "the same for areas of all owners" check --to "$new"
run dmaownctl transfer --to "$new" --json
refused_as 15 would-reset "transfer"
like "$err" "$old.*$device|$device.*$old" "the message names process and device"
transfers "0 []" "unless this is accepted" check --to "$new" --force "would-reset=$device"
run dmaownctl can-exit "$old" --json
is "$status $(findings_with_devices can_exit)" "2 [[\"reset\",\"$device\"],[\"mischarged\",null]]" \
	"can-exit: the device would be reset"
if [ "$kind" = type1 ]; then
	ask new group-device "$new_group" "$device"; again=$reply
	is "$(opens)" "$device 2 0" "type1: opened again, which makes another file"
	transfers "0 []" "type1: with that file it would move" check --from "$old" --to "$new"
	close_all new "$again"
	transfers "15 [$reset]" "type1: without it not" check --from "$old" --to "$new"
fi
stop new
stop old
is "$(contexts_now)" "[]" "nothing is left of both"

# --- a helper maps the BAR and closes the descriptor; then the VMM dies
vmm old "$device" $size
start helper
hand_over old helper "$dev"; helper_dev=$reply
map_bar helper "$helper_dev"; helper_bar=$bar
close_all helper "$helper_dev"
is "$(contexts_now)" "[[$(gojq -nc "[$old,$helper] | sort"),[\"$device\"],1,$size]]" "list: a helper that maps a BAR is a holder"
is "$(holders_of "$device" "$device")" "$(sorted "$old:device" "$helper:mapping")" "who: the helper, by a mapping"
stop old
is "$(contexts_now)" "[[[$helper],[\"$device\"],1,$size]]" "the VMM dies: the helper alone keeps its memory pinned"
run dmaownctl areas --raw -n --bytes -o PINNED,STATE
is "$out" "$size dead" "areas: the owner is dead"
run dmaownctl list --raw -n -o NHOLDERS,NOWNERS
is "$out" "1 1" "list: one holder, one owner"
is "$(holders_of "$device")" "$helper:mapping" "who: the helper"
run dmaownctl verify --json
is "$status $(findings_in verify)" "2 dead-owner" "verify: a dead owner"
run dmaownctl can-exit "$helper" --json
is "$status $(findings_with_devices can_exit)" "2 [[\"reset\",\"$device\"],[\"lost\",null]]" "can-exit: it depends on the helper"
unmap_bar helper "$helper_bar"
is "$(contexts_now) $(opens)" "[] " "the helper unmaps it: nothing is left"
run dmaownctl verify
is "$status $out" "0 " "verify: and all is well"
stop helper

# --- a helper that was forked inherits mappings; an exec drops these, and keeps descriptors
vmm old "$device" $size
map_bar old "$dev"
fork old helper
is "$(holders_of "$device" "$device")" "$(sorted "$old:device" "$old:mapping" "$helper:device" "$helper:mapping")" \
	"who: a forked process has descriptors and mappings"
ask helper exec
is "$reply" "$helper" "it execs"
is "$(holders_of "$device" "$device")" "$(sorted "$old:device" "$old:mapping" "$helper:device")" \
	"who: after the exec it has the descriptors alone"
both=$(gojq -nc "[$old,$helper] | sort")
is "$(contexts_now)" "[[$both,[\"$device\"],1,$size]]" "list: it is a holder"
close_all helper "$ctx" "$dev" ${group:+"$group"}
is "$(contexts_now)" "[[[$old],[\"$device\"],1,$size]]" "list: until it has closed all of them"
stop helper

fork old helper
close_all helper "$ctx" "$dev" ${group:+"$group"}
is "$(holders_of "$device" "$device")" "$(sorted "$old:device" "$old:mapping" "$helper:mapping")" "who: the inherited mapping alone"
both=$(gojq -nc "[$old,$helper] | sort")
is "$(contexts_now)" "[[$both,[\"$device\"],1,$size]]" "list: which makes it a holder"
ask helper exec
is "$(contexts_now)" "[[[$old],[\"$device\"],1,$size]]" "list: after the exec it holds nothing"

fork old helper2
ask helper2 exec
stop old
is "$(contexts_now)" "[[[$helper2],[\"$device\"],1,$size]]" "the VMM dies: a helper that has exec'd keeps all of it"
run dmaownctl can-exit "$helper2" --json
is "$status $(findings_in can_exit)" "2 reset lost" "can-exit: it depends on the helper"
stop helper
stop helper2
is "$(contexts_now)" "[]" "without it nothing is left"

# --- a process of another user maps a BAR
vmm old "$device" $size
successor new old $size 1002
start third
hand_over old third "$dev"; third_dev=$reply
map_bar third "$third_dev"; third_bar=$bar
close_all third "$third_dev"
transfers "0 []" "a process of root that maps a BAR is trusted" check --to "$new"
ask third setuid 1003
before=$(state)
transfers "15 [[\"untrusted-holder\",$third,null]]" "one of another user is not" check --to "$new"
is "$(json '.reasons[0].value')" 1003 "the report names the user"
run dmaownctl transfer --to "$new" --json
refused_as 15 untrusted-holder "transfer"
like "$err" "$third.*1003|1003.*$third" "the message names process and user"
transfers "15 [[\"untrusted-holder\",$third,null]]" "another process is trusted" check --to "$new" --force "untrusted-holder=$old"
transfers "0 []" "unless it is trusted by name" check --to "$new" --force "untrusted-holder=$third"
run dmaownctl who "$device" --raw -n -o PID,HOW,USER
like "$out" "$third mapping 1003" "who: with its user"
unmap_bar third "$third_bar"
transfers "0 []" "it unmaps the BAR: moved" transfer --to "$new"

finish
