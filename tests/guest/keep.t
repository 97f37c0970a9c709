#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 11: the new owner must be able to keep the context. It holds the context; no device is reset when the old owners
# exit; every other holder could do what it wants to the context anyway.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))

# Prints the areas' owner and the charges of both processes.
state() { echo "$(areas_of "$new") $(charges "$old") $(charges "$new")"; }

# refused "[[REASON, PID, DEVICE], ...]" WHAT [OPTION]...: the transfer must be refused and change nothing. Sort the
# reasons: holders come in no order.
refused() {
	local reports=$1 what=$2
	shift 2

	run dmaownctl transfer --to "$new" "$@" --json
	is "$status $(json -c '[.reasons[] | [.reason, .pid, .device]] | sort')" "15 $reports" "refused: $what"
	is "$(state)" "$at_first" "and nothing has changed: $what"
}

# accepted WHAT [OPTION]...: the transfer must move the area. Then moves it back, which needs force only for other
# holders: no device would be reset, because the old owner has the devices' files.
accepted() {
	local what=$1
	shift

	run dmaownctl transfer --to "$new" "$@" --json
	is "$status $(json -c '[.result, .reasons]')" '0 ["moved",[]]' "accepted: $what"
	is "$(areas_of "$new") $(charges "$old") $(charges "$new")" "$ioas:0x0=$new 0 0 $(charged $size)" "and it is moved: $what"
	run dmaownctl transfer --to "$old" --force untrusted-holder
	is "$status $(state)" "0 $at_first" "and back: $what"
}

# --- devices that would be reset
vmm old "${edus[0]}" $size
dev1=$dev group1=$group
add_device old "${edus[1]}"; dev2=$dev group2=$group
dev=$dev1 group=$group1
successor new old $size 1002
# A successor with type1 also holds the groups, all the time.
hand_over old new "$dev2" ${group2:+"$group2"}
read -r new_dev2 _ <<<"$reply"
at_first=$(state)
accepted "the new owner has both devices' files"

ask new close "$new_dev"
reset="[\"would-reset\",$old,\"${edus[0]}\"]"
reset2="[\"would-reset\",$old,\"${edus[1]}\"]"
refused "[$reset]" "nobody but the old owner has the first device's file"
like "$err" "$old.*${edus[0]}|${edus[0]}.*$old" "the message names process and device"
refused "[$reset]" "the same for those that the old owner owns" --from "$old"
refused "[$reset]" "another device may be reset" --force "would-reset=${edus[1]}"
refused "[$reset]" "another reason does not matter" --force untrusted-holder
refused "[$reset]" "as a dry run" --dry-run
accepted "whatever device may be reset" --force would-reset
accepted "this device may be reset" --force "would-reset=${edus[0]}"

ask new close "$new_dev2"
refused "[$reset,$reset2]" "both devices would be reset"
refused "[$reset2]" "only one of them may be" --force "would-reset=${edus[0]}"
accepted "each may be, by name" --force "would-reset=${edus[0]}" --force "would-reset=${edus[1]}"
accepted "whichever" --force would-reset

start third
hand_over old third "$dev" "$dev2"
accepted "a third process has the files, and stays"
stop third
refused "[$reset,$reset2]" "when that one is gone"

# The old owner has a device's file more than once, and a child that owns nothing has the files too.
fork old child
accepted "a child of the old owner has them as well"
stop child

# --- holders that are not trusted
hand_over old new "$dev" "$dev2"
accepted "the new owner has the files again"
start third
hand_over old third "$ctx"
read -r third_ctx <<<"$reply"
accepted "root holds the context as well"
ask third setuid 1002
accepted "the new owner's user does"
stop third

start third
hand_over old third "$ctx"
third_ctx=$reply
ask third setuid 1003
untrusted="[\"untrusted-holder\",$third,null]"
refused "[$untrusted]" "another user holds the context"
like "$err" "$third.*1003|1003.*$third" "the message names process and user"
is "$(json -c '.reasons[0] | [.value, .context]')" "[1003,\"$(context_of "$new")\"]" "and so do the reports: user and context"
refused "[$untrusted]" "another holder is accepted" --force "untrusted-holder=$old"
refused "[$untrusted]" "a device may be reset, which does not matter" --force would-reset
accepted "whoever holds it" --force untrusted-holder
accepted "this holder" --force "untrusted-holder=$third"

start fourth
hand_over old fourth "$ctx" "$dev"
ask fourth setuid 1004
refused "[$untrusted,[\"untrusted-holder\",$fourth,null]]" "two of them, each once, by how many files ever"
refused "[[\"untrusted-holder\",$fourth,null]]" "one of two is accepted" --force "untrusted-holder=$third"
accepted "each by name" --force "untrusted-holder=$third" --force "untrusted-holder=$fourth"
stop fourth

# A holder needs no descriptor of the context.
hand_over old third "$dev"
ask third close "$third_ctx"
refused "[$untrusted]" "another user holds a device's file alone"
stop third

# Each of the user IDs counts.
for ids in "1002 1003 1002" "1003 1002 1002" "1002 1002 1003" "0 1003 0"; do
	start third
	hand_over old third "$ctx"
	# shellcheck disable=SC2086 # three IDs
	ask third setresuid $ids
	refused "[[\"untrusted-holder\",$third,null]]" "real, effective and saved user are $ids"
	stop third
done
start third
hand_over old third "$ctx"
ask third setresuid 1002 0 1002
accepted "root and the new owner's user in one process"
stop third

# A process that owns areas in the context is a holder like any other, whether it keeps them or not. Only if there is a
# single old owner may the transfer expect it to go.
start third
hand_over old third "$ctx" "$ram"
read -r third_ctx third_ram <<<"$reply"
ask third mmap "$third_ram" $size shared rw $base
dma_map third "$third_ctx" "$ioas" $base $page 0x1000000 rw
ask third setuid 1003
untrusted="[\"untrusted-holder\",$third,null]"
at_first="$ioas:0x0=$old $ioas:0x1000000=$third $(charges "$old") $(charges "$new")"
refused "[$untrusted]" "an owner that stays" --from "$old"
refused "[$untrusted]" "one of two owners that lose what they own"
run dmaownctl transfer --to "$new" --from "$third" --json
is "$status $(areas_of "$new")" "0 $ioas:0x0=$old $ioas:0x1000000=$new" "the one owner that loses what it owns is not asked"
refused_state=$(state)
run dmaownctl transfer --to "$new" --json
is "$status $(reasons) $(state)" "15 untrusted-holder $refused_state" "it is when it has nothing to lose any more"
run dmaownctl transfer --to "$new" --force "untrusted-holder=$third" --json
is "$status $(areas_of "$new")" "0 $ioas:0x0=$new $ioas:0x1000000=$new" "unless it is accepted"

# --- nothing to do is never refused
run dmaownctl transfer --to "$new" --json
is "$status $(json .result)" "0 unchanged" "nothing to do, although another user holds the context"
ask new mmap "$new_ram" $size shared rw 0x20000000000
run dmaownctl transfer --to "$new" --remap "$ioas:0=0x20000000000,$ioas:0x1000000=0x20000000000" --json
is "$status $(json .result)" "0 moved" "nor when the owner stays and the addresses change"
dma_unmap new "$new_ctx" "$ioas" all
run dmaownctl transfer --to "$new" --json
is "$status $(json .result)" "0 unchanged" "nor when there is nothing at all"
stop third
stop new

# --- a new owner that does not hold the context: nothing can be forced
dma_map old "$ctx" "$ioas" $base $size 0 rw
start new
hand_over old new "$ram"
ask new mmap "$reply" $size shared rw $base
at_first=$(state)
resets=$reset,$reset2
if [ "$kind" = type1 ]; then
	for device in "${edus[@]}"; do
		resets+=",[\"would-reset\",$old,\"group-$(basename "$(readlink "/sys/bus/pci/devices/$device/iommu_group")")\"]"
	done
fi
refused "[[\"not-held\",$new,null],$resets]" "the new owner holds nothing" --context "$old/$ctx"
refused "[[\"not-held\",$new,null]]" "which cannot be forced" --context "$old/$ctx" --force would-reset --force untrusted-holder
run dmaownctl transfer --to "$new" --context "$old/$ctx" --force not-held
is "$status" 64 "not even by name: usage"
run dmaownctl transfer --to "$new" --context "$old/$ctx" --force would-reset=nonsense/
is "$status" 64 "nor is nonsense a device: usage"
run dmaownctl transfer --to "$new" --context "$old/$ctx" --force untrusted-holder=nobody
is "$status" 64 "nor a word a process: usage"
finish
