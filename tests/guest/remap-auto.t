#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# --remap auto: the tool finds the new owner's addresses by comparing what both processes have mapped.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
randomize_addresses

size=$((2 << 20))
half=$((size / 2))
elsewhere=0x20000000000
elsewhere_half=$(printf '0x%x' $((elsewhere + half)))
third_place=0x30000000000

# Prints the recorded addresses of the areas, in one line: "IOAS:IOVA=ADDR@PID ..."
addresses() {
	dmaownctl areas --raw -n -o IOAS,IOVA,ADDR,PID |
		awk '{ printf "%s%s:%s=%s@%s", n++ ? " " : "", $1, $2, $3, $4 }'
}
auto() { run dmaownctl transfer --to "$new" --remap auto --json "$@"; }
# Checks that auto is refused with exit status $1 for the reasons $2 and changes nothing. $3 names the case.
refused() {
	auto
	is "$status $(reasons)" "$1 $2" "$3"
	is "$(addresses)" "$before" "nothing has changed: $3"
}
# Replaces the new process's mappings by those given, each as the arguments of mmap.
there() {
	ask new munmap $elsewhere $((size * 2))
	ask new munmap $third_place $size
	while [ $# -gt 0 ]; do
		# shellcheck disable=SC2086 # arguments of mmap
		ask new mmap $1
		shift
	done
}

for mode in "${modes[@]}"; do
	read -ra uids <<<"$(users_of "$mode")"
	vmm old "${edus[0]}" $size "$mode" "${uids[0]}"
	dma_map old "$ctx" "$ioas" $base $half 0x1000000 r
	successor new old $size "${uids[1]}"
	ask new munmap $base $size
	ask new mmap "$new_ram" $size shared rw $elsewhere
	before=$(addresses)
	pinned=$(counted "$old")

	run dmaownctl check --to "$new" --remap auto --json
	is "$status $(json .result)" "0 would-move" "$mode: the dry run"
	auto
	is "$status $(json -c '[.result, .areas, .reasons]')" '0 ["moved",2,[]]' "$mode: moved"
	is "$(addresses)" "$ioas:0x0=$elsewhere@$new $ioas:0x1000000=$elsewhere@$new" "$mode: to where the new owner has it"
	is "$(counted "$old") $(counted "$new")" "0 $pinned" "$mode: and that is charged"
	undo=$(json .undo)
	auto
	is "$status $(json .result)" "0 unchanged" "$mode: once more: nothing to do"
	run bash -c "$undo"
	is "$status $(addresses)" "0 $before" "$mode: the way back that was printed: $undo"
	auto
	run dmaownctl transfer --to "$old" --remap auto --json
	is "$status $(addresses)" "0 $before" "$mode: the way back is found by itself, too"
	is "$(counted "$old") $(counted "$new")" "$pinned 0" "$mode: with the charges"
	dma_unmap old "$ctx" "$ioas" all
	is "$(charges "$old") $(charges "$new")" "0 0 0 0" "$mode: nobody is charged in the end"
	stop old
	stop new
done

# --- one place, none, several
vmm old "${edus[0]}" $size
successor new old $size
ask new memfd ram $size; other=$reply
before=$(addresses)

there "$new_ram $size shared rw $elsewhere"
run dmaownctl check --to "$new" --remap auto --verbose --json
is "$status $(json .result)" "0 would-move" "at the same address, and elsewhere"
like "$err" "ioas $ioas iova 0x0-0x1fffff: /memfd:ram \(deleted\) from 0x0 on: at $base of process $old, at the same address of process $new" \
	"the same address is taken, and that is explained"
auto
is "$status $(json .undo | grep -c remap)" "0 0" "without a list"
run bash -c "$(json .undo)"
is "$status $(addresses)" "0 $before" "and back"

ask new munmap $base $size
there "$new_ram $size shared rw $elsewhere" "$new_ram $size shared rw $third_place"
refused 13 remap-ambiguous "in two places"
is "$(json -c '.reasons[0] | [.errno, .ioas, .iova, .last, .pid, .value]')" "[\"EINVAL\",$ioas,\"0x0\",\"0x1fffff\",$new,2]" \
	"the reason says what about"
run dmaownctl transfer --to "$new" --remap auto
remap=$(sed -n 's/.*such as with: //p' <<<"$err")
like "$err" "auto finds this memory in several places .*\(2 places, one of them at address 0x[23]0000000000 of process $new\)" "in words"
# shellcheck disable=SC2086 # option and value
auto $remap
is "$status $(json .result)" "0 moved" "and moved with the entry that was proposed: $remap"
run bash -c "$(json .undo)"
is "$status $(addresses)" "0 $before" "and back"

there
refused 13 remap-nowhere "nowhere"
like "$err" "auto does not find this memory anywhere.*address $base of process $old" "in words"
like "$err" "let process $new map all of this memory first, shared, at any address" "with what to do about it"
there "$other $size shared rw $elsewhere"
refused 13 remap-nowhere "another memfd of the same name and size"
there "$new_ram $size private rw $elsewhere"
refused 13 remap-unfit "private"
there "$new_ram $size shared r $elsewhere"
refused 13 remap-unfit "read-only, where the device writes"
there "$new_ram $half shared rw $elsewhere"
refused 13 remap-unfit "half of it"
there "$new_ram $half shared rw $elsewhere" "$new_ram $half shared rw $third_place $half"
refused 13 remap-unfit "in halves that are not neighbours"
there "$new_ram $half shared rw $elsewhere" "$new_ram $half shared rw $third_place" "$new_ram $half shared rw $elsewhere_half $half"
auto
is "$status $(addresses)" "0 $ioas:0x0=$elsewhere@$new" "whole in one place, and half in another"
run bash -c "$(json .undo)"
there "$new_ram $half shared rw $elsewhere" "$new_ram $half shared rw $elsewhere_half $half"
ask new mlock $elsewhere $half
is "$(grep -c '^20000[01]00000-' "/proc/$new/maps")" 2 "the kernel shows two mappings"
auto
is "$status $(addresses)" "0 $ioas:0x0=$elsewhere@$new" "in two neighbouring mappings"
run bash -c "$(json .undo)"
is "$status $(addresses)" "0 $before" "and back"

# --- the old process has nothing there, or nothing that can be shared
there "$new_ram $size shared rw $elsewhere"
ask old munmap $base $half
refused 12 old-unmapped "the old owner has unmapped half of it"
ask old mmap "$ram" $half private rw $base
refused 12 old-private "the old owner has it private"
ask old munmap $base $half
ask old mmap "$ram" $half shared rw $base
auto
is "$status" 0 "mapped again"
run bash -c "$(json .undo)"

# --- areas that share a pages object, in two IOASes
if [ "$kind" = iommufd ]; then
	ask old ioas "$ctx"; ioas2=$reply
	ask old copy "$ctx" "$ioas2" "$ioas" $half 0x1000000 $half rw
	before=$(addresses)
	auto
	is "$status $(addresses)" "0 $ioas:0x0=$elsewhere@$new $ioas2:0x1000000=$elsewhere_half@$new" "two areas of one pages object fit together"
	run bash -c "$(json .undo)"
	is "$status $(addresses)" "0 $before" "and back"
	# Give one of the two: the tool derives the other.
	there "$new_ram $size shared rw $elsewhere" "$new_ram $size shared rw $third_place"
	auto --remap "$ioas2:0x1000000=$elsewhere_half"
	is "$status $(addresses)" "0 $ioas:0x0=$elsewhere@$new $ioas2:0x1000000=$elsewhere_half@$new" "one is given, and the other follows"
	run bash -c "$(json .undo)"
	auto --remap "$ioas:0x2000=$elsewhere"
	is "$status $(reasons)" "13 remap-ambiguous" "an entry for another area does not help"
	ask old unmap "$ctx" "$ioas2" all
fi

# --- the leader of the old process has ended
there "$new_ram $size shared rw $elsewhere"
ask old leave-leader
is "$(state_of "$old")" Z "the old owner's leader is a zombie"
auto
is "$status $(addresses)" "0 $ioas:0x0=$elsewhere@$new" "its other threads show what it has mapped"
run bash -c "$(json .undo)"

# --- the owner is gone
stop old
before=$(addresses)
refused 10 owner-dead "a dead owner"
like "$err" "with: --adopt; its mappings are gone, so name the address .*--remap IOAS:IOVA=ADDR" "with what to do about it"
auto --adopt
is "$status $(reasons)" "13 remap-no-owner" "a dead owner, with --adopt: there is nothing to look it up in"
run dmaownctl transfer --to "$new" --remap auto --adopt
remap=$(sed -n 's/.*with: \(--remap .*\)ADDR$/\1/p' <<<"$err")
# shellcheck disable=SC2086 # option and value
auto --adopt $remap$elsewhere
is "$status $(json -c '[.result, .adopted]') $(addresses)" "0 [\"moved\",1] $ioas:0x0=$elsewhere@$new" "adopted with an entry of its own: $remap$elsewhere"
ask new exec
before=$(addresses)
refused 10 owner-stale "a process that has exec'd"
dma_unmap new "$new_ctx" "$ioas" all
stop new

# --- one area over two objects; anonymous shared memory; huge pages; several contexts at once
vmm old "${edus[0]}" $size
ask old memfd second $size; second=$reply
after=$(printf '0x%x' $((base + size)))
ask old mmap "$second" $size shared rw "$after"
dma_map old "$ctx" "$ioas" $base $((2 * size)) 0x1000000 rw
ctx1=$ctx ioas1=$ioas dev1=$dev group1=$group
open_context old
# A container needs a device.
[ "$kind" != type1 ] || add_device old "${edus[1]}"
new_ioas old
ctx2=$ctx ioas2=$ioas dev2=$dev group2=$group
ctx=$ctx1 ioas=$ioas1 dev=$dev1 group=$group1
ask old mmap anon $size shared rw 0x11000000000
dma_map old "$ctx2" "$ioas2" 0x11000000000 $size 0 rw
huge_pages 8
ask old memfd huge $size hugetlb; huge=$reply
ask old mmap "$huge" $size shared rw 0x12000000000
dma_map old "$ctx2" "$ioas2" 0x12000000000 $size 0x1000000 rw
successor new old $size
ask new munmap $base $size
hand_over old new "$second" "$huge" "$ctx2" ${group2:+"$group2" "$dev2"}
read -r new_second new_huge _ <<<"$reply"
ask new open "/proc/$old/map_files/11000000000-11000200000"; new_anon=$reply
before=$(addresses)
pinned=$(counted "$old")
there "$new_ram $size shared rw $elsewhere" "$new_second $size shared rw $third_place" \
	"$new_anon $size shared rw 0x21000000000" "$new_huge $size shared rw 0x22000000000"
refused 13 remap-unfit "an area over two objects, which are apart"
is "$(json -c '[.reasons[] | [.iova, .last]]')" '[["0x1000000","0x13fffff"]]' "that area alone"
ask new munmap $elsewhere $size
ask new mmap "$new_ram" $size shared rw $elsewhere
ask new mmap "$new_second" $size shared rw "$(printf '0x%x' $((elsewhere + size)))"
run dmaownctl transfer --to "$new" --remap auto --verbose --json
is "$status $(json -c '[.result, .contexts, .areas]')" '0 ["moved",2,4]' "two objects as neighbours, anonymous and huge memory, two contexts"
is "$(grep -c '^0x[0-9a-f]* ioas .* of process '"$new\$" <<<"$err")" 4 "each area is explained"
like "$err" "/dev/zero \(deleted\) from 0x0 on: at 0x11000000000 of process $old, at 0x21000000000 of process $new" "such as anonymous memory"
is "$(counted "$old") $(counted "$new")" "0 $pinned" "all is charged"
run bash -c "$(json .undo)"
is "$status $(addresses)" "0 $before" "the way back of both contexts"
stop new
stop old
huge_pages 0

# --- areas that the new owner already owns stay; errors on the command line
run dmaownctl transfer --to $$ --remap aut
is "$status" 64 "a remap that is none"
like "$err" "not auto, IOAS:IOVA=ADDR" "in words"
finish
