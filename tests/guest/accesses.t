#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# In-kernel accesses, as mediated devices have them: they are listed, charged, and directed to the new owner's memory.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
elsewhere=0x20000000000

# Makes actor $1 a VMM without a device that maps a memfd by address, in mode $2 as user $3.
vmm_with_access() {
	local name=$1 mode=$2 uid=$3

	start "$name"
	ask "$name" limit unlimited
	ask "$name" open /dev/iommu; ctx=$reply
	[ "$mode" != mm ] || ask "$name" mode-mm "$ctx"
	become "$name" "$mode" "$uid"
	ask "$name" ioas "$ctx"; ioas=$reply
	ask "$name" memfd ram $size; ram=$reply
	ask "$name" mmap "$ram" $size shared rw $base
	ask "$name" map "$ctx" "$ioas" $base $size 0 rw
}

# Creates an access that cannot pin for each of the actors old and new. Sets acc (of old) and new_acc.
give_access() {
	ask old access "$ctx" "$ioas"; read -r acc _ <<<"$reply"
	ask new access "$new_ctx" "$ioas"; read -r new_acc _ <<<"$reply"
}

# Makes actor new the successor of old, as user $1, with the memory at $elsewhere. Each process has other memory where
# the other one has this memory, so that the test notices any mixture of the two.
successor_elsewhere() {
	start new
	ask new limit unlimited
	hand_over old new "$ctx" "$ram"
	read -r new_ctx new_ram <<<"$reply"
	[ "$1" -eq 0 ] || ask new setuid "$1"
	ask new mmap "$new_ram" $size shared rw $elsewhere
	ask new mmap anon $size shared rw $base
	ask new fill $base $size 0xbb
	ask old mmap anon $size shared rw $elsewhere
	ask old fill $elsewhere $size 0xaa
	give_access
}

move_with_remap() {
	run dmaownctl transfer --to "$1" --remap "$ioas:0=$2" --json
	is "$status $(json .result)" "0 moved" "$3"
}

# Checks that all ways of reading and writing by access $4 of actor $1 reach the memory at address $3 of actor $2.
goes_to() {
	local by=$1 owner=$2 at=$3 acc=$4 name=$5 from

	for from in caller kthread; do
		ask "$owner" write-text "$at" "$owner writes for $from"
		ask "$by" access-read "$acc" 0 $from
		is "$reply" "$owner writes for $from" "$name: reads there, by a $from"
		ask "$by" access-write "$acc" 0 $from "written by a $from"
		ask "$owner" read-text "$at"
		is "$reply" "written by a $from" "$name: writes there, by a $from"
	done
}

# --- listed
vmm_with_access old none 0
ask old access "$ctx" "$ioas"; read -r acc id <<<"$reply"
ask old access "$ctx" "$ioas" pins; read -r acc2 id2 <<<"$reply"
run dmaownctl list --json -o ID,ACCESSES
is "$(json '.contexts[0].accesses')" 2 "list: two accesses in the context"
id_of_context=$(json -r '.contexts[0].id')
run dmaownctl ioas --json -o IOAS,ACCESSES,PINNED
is "$(json_in_order -c '.ioases')" "[{\"ioas\":$ioas,\"accesses\":2,\"pinned\":0}]" "ioas: two accesses, and nothing pinned"
is "$(</sys/kernel/debug/dmaown/accesses)" "context=$id_of_context id=$id ioas=$ioas
context=$id_of_context id=$id2 ioas=$ioas" "debugfs: each of them"
run dmaownctl areas --json -o ACCESSES
is "$(json '.areas[0].accesses')" 0 "areas: none has pinned it"
try old pin "$acc" 0 $page r
is "$answer" "error EINVAL pin" "an access that is not made for pinning cannot pin"
ask old pin "$acc2" 0 $((4 * page)) rw
ask old pin "$acc2" 0 $((4 * page)) rw
ask old pin "$acc2" $((2 * page)) $((4 * page)) r
run dmaownctl areas --json -o ACCESSES,PINNED
is "$(json_in_order -c '.areas')" "[{\"accesses\":3,\"pinned\":$((6 * page))}]" "areas: three pins, each page counted once"
is "$(vm_pin "$old")" $((6 * page)) "and pinned once"
ask old unpin "$acc2" 0 $((4 * page))
is "$(vm_pin "$old")" $((6 * page)) "what is pinned twice stays"
ask old unpin "$acc2" 0 $((4 * page))
is "$(vm_pin "$old")" $((4 * page)) "until it is unpinned twice"
try old unpin "$acc2" 0 $((4 * page))
is "$answer" "error ENOENT unpin" "there is nothing more to unpin"
ask old close "$acc2"
is "$(vm_pin "$old")" 0 "an access that ends unpins"
is "$(</sys/kernel/debug/dmaown/accesses)" "context=$id_of_context id=$id ioas=$ioas" "and is listed no more"
ask old close "$acc"
run dmaownctl ioas --json -o ACCESSES
is "$(json '.ioases[0].accesses')" 0 "without accesses there are none"
stop old

witness 1001
witness 1002
for mode in none user mm; do
	uids=(1001 1002)
	[ "$mode" != none ] || uids=(0 0)
	users() { [ "$mode" = user ] && echo "$(user_locked 1001) $(user_locked 1002)" || echo "$1 $2"; }

	# --- pinned by an access alone
	vmm_with_access old $mode "${uids[0]}"
	ask old access "$ctx" "$ioas" pins; read -r acc _ <<<"$reply"
	ask old pin "$acc" 0 $((size / 2)) rw
	half=$((size / 2))
	start new
	ask new limit unlimited
	hand_over old new "$ctx" "$ram" "$acc"
	read -r new_ctx new_ram new_acc <<<"$reply"
	[ "${uids[1]}" -eq 0 ] || ask new setuid "${uids[1]}"
	ask new mmap "$new_ram" $size shared rw $base
	is "$(charges "$old") $(charges "$new") $(users $half 0)" "$(charged $half $mode) 0 0 $half 0" \
		"$mode: what an access pins is charged"
	run dmaownctl transfer --to "$new" --json
	is "$status $(json -c '[.result, .pinned]')" "0 [\"moved\",$half]" "$mode: and moves"
	is "$(charges "$old") $(charges "$new") $(users 0 $half)" "0 0 $(charged $half $mode) 0 $half" \
		"$mode: with the charge"
	ask new pin "$new_acc" $half $half r
	is "$(charges "$old") $(charges "$new") $(users 0 $size)" "0 0 $(charged $size $mode) 0 $size" \
		"$mode: what it pins then is the new owner's"
	ask old unpin "$acc" 0 $half
	is "$(charges "$old") $(charges "$new") $(users 0 $half)" "0 0 $(charged $half $mode) 0 $half" \
		"$mode: and what it unpins comes off the new owner's"
	ask new unmap "$new_ctx" "$ioas" all
	is "$(charges "$old") $(charges "$new") $(users 0 0)" "0 0 0 0 0 0" "$mode: unmapping unpins: nothing is left"
	stop old; stop new

	# --- not pinned: through the new address, while the old owner lives and when it is gone
	for fate in "unmaps its memory" "ends"; do
		vmm_with_access old $mode "${uids[0]}"
		successor_elsewhere "${uids[1]}"
		goes_to new old $base "$new_acc" "$mode: before, the old owner's memory"
		move_with_remap "$new" $elsewhere "$mode: transfer to another address"
		is "$(charges "$old") $(charges "$new")" "0 0 0 0" "$mode: nothing is pinned, and nobody charged"
		goes_to new new $elsewhere "$new_acc" "$mode: after it, the new owner's memory"
		goes_to old new $elsewhere "$acc" "$mode: also through the old process's access"
		if [ "$fate" = ends ]; then
			stop old
		else
			ask old munmap $base $size
			ask old munmap $elsewhere $size
		fi
		goes_to new new $elsewhere "$new_acc" "$mode: the old owner $fate, the new one's memory"
		[ "$fate" = ends ] || stop old
		# The address counts, as after a mapping that the new owner made itself.
		ask new munmap $elsewhere $size
		ask new mmap anon $size shared rw $elsewhere
		goes_to new new $elsewhere "$new_acc" "$mode: the old owner $fate, what the new one has there then"
		ask new munmap $elsewhere $size
		for from in caller kthread; do
			try new access-read "$new_acc" 0 $from
			is "$answer" "error EFAULT access-read" "$mode: the old owner $fate, nothing there: an error by a $from"
		done
		ask new unmap "$new_ctx" "$ioas" all
		stop new
	done

	# --- rule 8: while ownership goes back and forth, readers see one memory only
	vmm_with_access old $mode "${uids[0]}"
	successor_elsewhere "${uids[1]}"
	ask old fill $base $size 0x5a
	ask old access-loop "$acc" 0x800 16K 0x5a caller
	ask new access-loop "$new_acc" 0x1800 64 0x5a kthread
	ask new access "$new_ctx" "$ioas"; read -r third_acc _ <<<"$reply"
	ask new access-loop "$third_acc" 0x2fe0 64 0x5a caller
	good=0
	for ((i = 0; i < 10; i++)); do
		run dmaownctl transfer --to "$new" --remap "$ioas:0=$elsewhere"
		[ "$status" -eq 0 ] && good=$((good + 1))
		run dmaownctl transfer --to "$old" --remap "$ioas:0=$base"
		[ "$status" -eq 0 ] && good=$((good + 1))
	done
	is "$good" 20 "$mode: twenty transfers back and forth under accesses that read"
	for reader in "old $acc" "new $new_acc" "new $third_acc"; do
		# shellcheck disable=SC2086 # ACTOR and ACCESS
		ask ${reader% *} access-stop ${reader#* }
		diag "$mode: $reply"
		like "$reply" '^[1-9][0-9]* rounds 0 errors 0 other$' "$mode: nothing but the memory is read, ${reader% *}'s access"
	done
	stop old; stop new
done
finish
