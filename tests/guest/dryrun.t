#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 10: a dry run answers what the transfer answers, and both report every reason at once.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))

# User 1001 has two contexts, in a mode with limits. The new process, user 1002, holds the first context without the
# file of its device, and does not hold the second. It maps one area of the first context private and the other not at
# all. User 1003 holds the first context as well. The limit is one page short.
start old
ask old limit unlimited
open_context old; ctx1=$ctx
add_device old "${edus[0]}"; dev1=$dev
open_context old; ctx2=$ctx
add_device old "${edus[1]}"; dev2=$dev
ask old setuid 1001
new_ioas old; ioas2=$ioas
ctx=$ctx1
new_ioas old; ioas1=$ioas
ask old memfd ram $size; ram=$reply
ask old mmap "$ram" $size shared rw $base
ask old mmap "$ram" $size shared rw $((base + size))
dma_map old "$ctx1" "$ioas1" $base $size 0 rw
dma_map old "$ctx1" "$ioas1" $((base + size)) $size 0x1000000 rw
dma_map old "$ctx2" "$ioas2" $base $size 0x2000000 rw
attach_device old "$dev1" "$ioas1"
attach_device old "$dev2" "$ioas2"
id1=$(dmaownctl list --raw -n -o ID --context "$old/$ctx1")
id2=$(dmaownctl list --raw -n -o ID --context "$old/$ctx2")

start new
ask new limit $((3 * size - page))
hand_over old new "$ctx1" "$ram"
read -r new_ctx1 new_ram <<<"$reply"
ask new setuid 1002
ask new mmap "$new_ram" $size private rw $base
start third
hand_over old third "$ctx1"
ask third setuid 1003
witness 1001
witness 1002

areas() { dmaownctl areas --raw -n -o CONTEXT,IOVA,PID | grep -E "^($id1|$id2) " | sort | paste -sd ' '; }
state() { echo "$(areas) $(charges "$old") $(charges "$new") $(user_locked 1001) $(user_locked 1002)"; }
at_first=$(state)

# Checks that dry run and transfer give the same answer: exit status $1 and the reasons $2, each as "REASON CONTEXT
# RANGE PROCESS DEVICE", sorted. $3 names the case.
answers() {
	local what=$3 of expected dry=
	expected="$1
$(sort <<<"$2")"

	for of in check "transfer --dry-run" transfer; do
		# shellcheck disable=SC2086 # command and option
		run dmaownctl $of --to "$new" --context "$id1" --context "$id2" "${options[@]}" --json
		is "$status
$(json '.reasons[] | "\(.reason) \(.context // "-") \(.iova // "-") \(.last // "-") \(.pid) \(.device // "-")"' | sort)" \
			"$expected" "$what: $of"
		is "$(state)" "$at_first" "$what: $of changes nothing"
		# Compare the whole answer, except the number of retries.
		out=$(json -c 'del(.retries)')
		[ -n "$dry" ] || dry=$out
		is "$out" "$dry" "$what: $of: the same to the letter"
	done
}

# would_reset CONTEXT DEVICE: prints the reasons for a device that would be reset, and for type1 also for its group
would_reset() {
	echo "would-reset $1 - - $old $2"
	[ "$kind" != type1 ] ||
		echo "would-reset $1 - - $old group-$(basename "$(readlink "/sys/bus/pci/devices/$2/iommu_group")")"
}

private="private $id1 0x0 0xfffff $new -"
hole="not-mapped $id1 0x1000000 0x10fffff $new -"
hole2="private $id2 0x2000000 0x20fffff $new -"
not_held="not-held $id2 - - $new -"
reset1=$(would_reset "$id1" "${edus[0]}")
reset2=$(would_reset "$id2" "${edus[1]}")
untrusted="untrusted-holder $id1 - - $third -"
short="limit-$limit_mode - - - $new -"

options=()
all="$short
$private
$hole
$hole2
$not_held
$reset1
$reset2
$untrusted"
answers 11 "$all" "everything that can be wrong"
is "$(json '.reasons_total')" "$(wc -l <<<"$all")" "all are counted"
is "$(json -c '.reasons[] | select(.reason == "limit-'"$limit_mode"'") | [.value, .limit]')" "[$((3 * size)),$((3 * size - page))]" \
	"the limit is reckoned with all of it"

# Remove the reasons one after the other. The exit status is that of the first reason left, in the order of the table of
# errors.
prlimit --pid "$new" --memlock=$((3 * size))
answers 12 "$private
$hole
$hole2
$not_held
$reset1
$reset2
$untrusted" "the limit is right"

ask new munmap $base $size
ask new mmap "$new_ram" $size shared rw $base
answers 12 "$hole
$not_held
$reset1
$reset2
$untrusted" "some memory is right"

ask new mmap "$new_ram" $size shared rw $((base + size))
answers 15 "$not_held
$reset1
$reset2
$untrusted" "all memory is right"

hand_over old new "$ctx2" "$dev2"
answers 15 "$reset1
$untrusted" "both contexts are held"

options=(--force "untrusted-holder=$third")
answers 15 "$reset1" "the third process is accepted"

# Give a remap list that lacks an entry, while other reasons exist too.
options=(--remap "$id1/$ioas1:0=$base")
answers 13 "remap-missing $id1 0x1000000 0x10fffff null -
remap-missing $id2 0x2000000 0x20fffff null -
$reset1
$untrusted" "a remap list that is incomplete"

hand_over old new "$dev1"
stop third
options=()
for of in check "transfer --dry-run"; do
	# shellcheck disable=SC2086 # command and option
	run dmaownctl $of --to "$new" --json
	is "$status $(json -c '[.result, .changed, .contexts, .areas, .pinned, .charged_'"$limit_mode"', .reasons]')" \
		"0 [\"would-move\",false,2,3,$((3 * size)),$((3 * size)),[]]" "nothing is wrong any more: $of"
	is "$(state)" "$at_first" "nothing is wrong any more: $of changes nothing"
done
run dmaownctl transfer --to "$new" --json
is "$status $(json -c '[.result, .changed, .contexts, .areas, .pinned, .charged_'"$limit_mode"', .reasons]')" \
	"0 [\"moved\",true,2,3,$((3 * size)),$((3 * size)),[]]" "and the transfer moves what it said"
[ "$kind" = type1 ] && locked=0 || locked=$((3 * size))
is "$(charges "$old") $(charges "$new") $(user_locked 1001) $(user_locked 1002)" "0 0 $(charged $((3 * size))) 0 $locked" \
	"with its charges"
for of in check "transfer --dry-run" transfer; do
	# shellcheck disable=SC2086 # command and option
	run dmaownctl $of --to "$new" --json
	is "$status $(json -c '[.result, .changed, .areas]')" '0 ["unchanged",false,0]' "once more: $of: nothing to do"
done
dma_unmap new "$new_ctx1" "$ioas1" all
finish
