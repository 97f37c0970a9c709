#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# VFIO type1 containers: what the listings show of them, and every rule of a transfer.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck disable=SC2015 # pass() always succeeds
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
elsewhere=0x20000000000

# Prints address, owner and validity of the address of each area of the container; VmPin and VmLck of both processes.
state() { areas_and_charges IOVA,ADDR,PID,STATE,INVALID; }

number=$(basename "$(readlink "/sys/bus/pci/devices/${edus[0]}/iommu_group")")

# --- containers that are not contexts
start early
ask early open /dev/vfio/vfio
container=$reply
run dmaownctl list --raw -n
is "$out" "" "a container without an IOMMU is not listed"
ask early group "${edus[0]}"
group=$reply
ask early set-container "$group" "$container"
run dmaownctl list --raw -n
is "$out" "" "nor one with a group and no IOMMU"
ask early set-iommu "$container"
run dmaownctl list --raw -n -o KIND,IOASES,NDEVICES,AREAS,MODE
is "$out" "type1 1 1 0 mm" "one with an IOMMU is, before anything is mapped"
ask early unset-container "$group"
run dmaownctl list --raw -n
is "$out" "" "and is not any more when the group has left it"
stop early

# --- listings
type1_vmm old "${edus[0]}" $size
ask old type1-map "$container" $base $page 0x4000000 r
id=$(context_of "$old")
run dmaownctl list --json -o KIND,HOLDERS,IOASES,DEVICES,AREAS,PINNED,OWNERS,MODE,MAPPED,HWPTS,ACCESSES,BUSY
is "$(json_in_order -c '.contexts[0]')" \
	"$(jq -nc "{kind:\"type1\",holders:[$old],ioases:1,devices:[\"${edus[0]}\"],areas:2,pinned:$((size + page)),owners:[$old],mode:\"mm\",mapped:$((size + page)),hwpts:0,accesses:0,busy:0}")" \
	"list: what is in it"
for file in "$old/$container" "$old/$group" "$old/$dev" "$old" "${edus[0]}" "$id"; do
	run dmaownctl list --raw -n -o ID --context "$file"
	is "$out" "$id" "list --context $file"
done
is "$(grep -o 'via=.* busy=[01]' /sys/kernel/debug/dmaown/holders | paste -sd ' ')" \
	"via=context fd=$container device=- busy=0 via=group fd=$group device=group-$number busy=0 via=device fd=$dev device=${edus[0]} busy=0" \
	"by which files it is held"
run dmaownctl areas --raw -n -o KIND,IOAS,IOVA,LENGTH,SOURCE,ADDR,PROT,PINNED,MODE,PID,STATE,USER,INVALID
is "$out" "type1 1 0x0 1M address $base rw 1M mm $old live root no
type1 1 0x4000000 4K address $base r- 4K mm $old live root no" "areas"
run dmaownctl owners --json -o PID,KIND,MODE,CONTEXTS,AREAS,PINNED,CHARGED,LIMIT,VM_PINNED,VM_LOCKED,MARK
is "$(json_in_order -c '.owners')" \
	"$(jq -nc "[{pid:$old,kind:\"type1\",mode:\"mm\",contexts:1,areas:2,pinned:$((size + page)),charged:$((size + page)),limit:null,vm_pinned:0,vm_locked:$((size + page)),mark:null}]")" \
	"owners: charged to VmLck alone, and nothing is amiss"
run dmaownctl devices --raw -n -o DEVICE,KIND,IOAS,HWPT,HOLDERS
is "$out" "${edus[0]} type1 1 - $old" "devices, through their groups"
run dmaownctl ioas --raw -n -o KIND,IOAS,DEVICES,AREAS,PINNED
is "$out" "type1 1 1 2 1M" "the one address space"
run dmaownctl tree --raw -n -o NODE,KIND
like "$out" "$id type1" "tree"
like "$out" "${edus[0]}" "tree: the device"
run dmaownctl verify
is "$status" 0 "verify finds nothing amiss"
run dmaownctl status --json
is "$(json '.status | [.type1, .ok] | join(" ")')" "true true" "status: type1 can be looked into"

# --- the main job, while DMA goes on
type1_successor new old $size
ask old edu "$dev"
ask old dma-start "$dev" 0 $base 0x80000 $((base + 0x80000))
first="0x0 $base $old live no 0x4000000 $base $old live no $(charges "$old") 0 0"
is "$(state)" "$first" "before"
run dmaownctl check --to "$new" --json
is "$status $(json .result)" "0 would-move" "check"
is "$(state)" "$first" "which changes nothing"
run dmaownctl transfer --to "$new" --json
is "$status $(json -c '[.result, .changed]')" '0 ["moved",true]' "transfer"
undo=$(json .undo)
moved="0x0 $base $new live no 0x4000000 $base $new live no 0 0 0 $((size + page))"
is "$(state)" "$moved" "all is the new one's, and charged to it"
run dmaownctl transfer --to "$new" --json
is "$status $(json -c '[.result, .changed]')" '0 ["unchanged",false]' "once more: nothing to do"
# shellcheck disable=SC2086 # words of a command
run $undo
is "$status $(state)" "0 $first" "the way back that was printed"
run dmaownctl transfer --to "$new" --from "$old" --context "$new/$new_dev"
is "$status $(state)" "0 $moved" "named by the device's file, from the old one"
# shellcheck disable=SC2016 # for eval
eventually eval 'ask old dma-report "$dev"; [ "${reply%% *}" -gt 0 ]'
ask old dma-stop "$dev"
like "$reply" "^[1-9][0-9]* rounds 0 errors" "DMA has gone on"

# --- the kernel's own way continues from there, and ours continues from its result
ask new type1-invalidate "$new_container" 0 $size
is "$reply" $size "the new one takes an address back"
run dmaownctl areas --raw -n -o IOVA,INVALID
is "$out" "0x0 yes
0x4000000 no" "which is shown"
ask new type1-validate "$new_container" $base $size 0
is "$(state)" "$moved" "and gives it anew"
stop old
run dmaownctl areas --raw -n -o IOVA,PID
is "$out" "0x0 $new
0x4000000 $new" "the old one's end changes nothing"
ask new type1-unmap "$new_container" 0 $size
ask new type1-unmap "$new_container" 0x4000000 $page
is "$(charges "$new")" "0 0" "after the last unmap nothing is charged"
stop new

# --- limits, and privilege
limit=$size type1_vmm old "${edus[0]}" $size 1001
limit=$((size - page)) type1_successor new old $size 1001
before=$(state)
run dmaownctl transfer --to "$new" --json
refused_as 11 limit-mm "one page short"
limits() { json -c '[.moves[] | .limit, .headroom]'; }
is "$(limits)" "[$((size - page)),0]" "the limit, and that nothing is left of it"
run dmaownctl transfer --to "$new" --raise-limit --json
is "$status $(charges "$new")" "0 0 $size" "--raise-limit makes room for it"
is "$(limits)" "[$size,0]" "and that is the limit then"
run dmaownctl transfer --to "$old"
is "$status $(charges "$old")" "0 0 $size" "back, with exactly the limit"
stop new
limit=$page type1_successor new old $size
run dmaownctl check --to "$new"
like "$out" " +1 +1M +$old actor +1001 +live +$new mm +$new *"$'\n'"would move" \
	"what moves to one that has CAP_IPC_LOCK is shown without a limit"
run dmaownctl transfer --to "$new" --json
is "$status $(charges "$new")" "0 0 $size" "no limit holds for one that has CAP_IPC_LOCK"
is "$(limits)" "[null,null]" "in JSON none is shown either"
run dmaownctl owners --raw -n -o PID,LIMIT
is "$out" "$new -" "and none is shown"
ask new drop-ipc-lock
run dmaownctl transfer --to "$old"
is "$status" 0 "back"
before=$(state)
run dmaownctl transfer --to "$new" --json
refused_as 11 limit-mm "without it the limit holds"
stop new
stop old

# --- other addresses, and addresses that were taken back
type1_vmm old "${edus[0]}" $size
ask old type1-map "$container" $base $page 0x4000000 rw
type1_successor new old $size
ask new munmap $base $size
ask new mmap "$new_ram" $size shared rw $elsewhere
before=$(state)
run dmaownctl transfer --to "$new" --json
is "$status $(json -r '.reasons[0].reason')" "12 not-mapped" "not mapped at that address: refused"
is "$(state)" "$before" "and nothing has changed"
run dmaownctl transfer --to "$new" --remap "1:0=$elsewhere" --json
refused_as 13 remap-missing "one mapping without an entry"
there="0x0 $elsewhere $new live no 0x4000000 $elsewhere $new live no 0 0 0 $((size + page))"
run dmaownctl transfer --to "$new" --remap "1:0=$elsewhere" --remap "1:0x4000000=$elsewhere" --json
is "$status $(state)" "0 $there" "with a list"
undo=$(json .undo)
# shellcheck disable=SC2086 # words of a command
run $undo
is "$status $(state)" "0 $before" "and back"
run dmaownctl transfer --to "$new" --remap auto
is "$status $(state)" "0 $there" "with a list that the tool makes"
run dmaownctl transfer --to "$old" --remap auto
is "$status $(state)" "0 $before" "and back"

ask old type1-invalidate "$container" 0 $size
ask old type1-invalidate "$container" 0x4000000 $page
ask new type1-validate "$new_container" $elsewhere $page 0x4000000
run dmaownctl areas --raw -n -o IOVA,PID,INVALID
is "$out" "0x0 $old yes
0x4000000 $new no" "an update that got stuck half way"
run dmaownctl transfer --to "$new" --remap auto --force taken-back
is "$status $(state)" "0 $there" "is helped through"
ask new type1-invalidate "$new_container" 0 $size
run dmaownctl transfer --to "$new" --force taken-back --json
is "$status $(json .result)" "0 moved" "an address that was taken back is given anew, too, to who has it already"
is "$(state)" "$there" "as it was"
ask new type1-invalidate "$new_container" 0 $size
run dmaownctl transfer --to "$old" --remap auto --force taken-back
is "$status $(state)" "0 $before" "or brought back"
stop new
stop old

# --- the pinned pages decide about an address that was taken back
type1_vmm old "${edus[0]}" $size
type1_successor new old $size
before="0x0 $base $old live yes $(charges "$old") 0 0"
ask old type1-invalidate "$container" 0 $size
ask old munmap $base $size
is "$(state)" "$before" "an address that was taken back, and nothing is mapped there any more"
run dmaownctl transfer --to "$old" --force taken-back --json
is "$status $(reasons)" "12 not-mapped" "its own owner has nothing there, either: refused"
ask old memfd other $size; other=$reply
ask old mmap "$other" $size shared rw $base
ask old fill $base $size 7
run dmaownctl transfer --to "$old" --force taken-back --json
refused_as 12 other-pages "nor other memory"
run dmaownctl transfer --to "$new" --force taken-back --json
is "$status $(state)" "0 0x0 $base $new live no $(charges "$old") 0 $size" "who has what is pinned is made the owner"
ask old munmap $base $size
ask old mmap "$ram" $size shared rw $base
stop new
stop old

# --- device memory, which only type1 can map by address
type1_vmm old "${edus[0]}" $size
ask old mmap "$dev" 64K shared rw $elsewhere
ask old type1-map "$container" $elsewhere 64K 0x8000000 rw
type1_successor new old $size
is "$(charges "$old")" "0 $size" "memory of a device is not charged"
run dmaownctl transfer --to "$new" --json
is "$status $(reasons)" "12 not-mapped" "which the new one has not mapped: refused"
ask new mmap "$new_dev" 64K shared rw $elsewhere
run dmaownctl transfer --to "$new" --json
is "$status $(json .result) $(charges "$new")" "0 moved 0 $size" "and once it has, it moves"
undo=$(json .undo)
# shellcheck disable=SC2086 # words of a command
run $undo
is "$status $(charges "$old")" "0 0 $size" "and back"
stop old
run dmaownctl transfer --to "$new" --adopt --json
is "$status $(reasons)" "12 no-pages" "of an owner that is dead, where nothing was touched yet: refused"
ask new read-text $elsewhere
ask new holds $elsewhere 64K 0
run dmaownctl transfer --to "$new" --adopt --json
is "$status $(json .result) $(charges "$new")" "0 moved 0 $size" "and once it was, adopted"
ask new type1-unmap "$new_container" 0 $size
ask new type1-unmap "$new_container" 0x8000000 64K
is "$(charges "$new")" "0 0" "and nothing is charged in the end"
stop new

# --- other memory
type1_vmm old "${edus[0]}" $size
type1_successor new old $size
ask new munmap $base $size
ask new memfd other $size
ask new mmap "$reply" $size shared rw $base
before=$(state)
run dmaownctl transfer --to "$new" --json
refused_as 12 other-object "other memory at that address"
ask new munmap $base $size
ask new mmap "$new_ram" $size shared r $base
run dmaownctl transfer --to "$new" --json
refused_as 12 permission "read-only, where the device may write"

# --- owners that are gone
ask new munmap $base $size
ask new mmap "$new_ram" $size shared rw $base
ask old exec
before=$(state)
run dmaownctl transfer --to "$new" --json
is "$status $(reasons)" "10 owner-stale" "the owner has exec'd: refused"
run dmaownctl transfer --to "$new" --adopt --json
is "$status $(json .result)" "0 moved" "--adopt proves the pages and moves"
is "$(state)" "0x0 $base $new live no 0 0 0 $size" "and is charged with them"
stop old
start next
ask next limit unlimited
hand_over new next "$new_container" "$new_group" "$new_dev" "$new_ram"
read -r next_container _ _ next_ram <<<"$reply"
owner=$(dmaownctl areas --raw -n -o OWNER)
stop new
run dmaownctl areas --raw -n -o STATE
is "$out" dead "the owner is dead"
ask next memfd other $size
ask next mmap "$reply" $size shared rw $base
ask next fill $base $size 1
run dmaownctl transfer --to "$next" --adopt --json
is "$status $(reasons)" "12 other-pages" "--adopt with other pages: refused"
ask next munmap $base $size
ask next mmap "$next_ram" $size shared rw $base
run dmaownctl transfer --to "$next" --json
is "$status $(reasons)" "10 owner-dead" "without --adopt: refused"
run dmaownctl transfer --to "$next" --from "$owner" --adopt --json
is "$status $(json .result) $(charges "$next")" "0 moved 0 $size" "with --adopt: moved"
ask next type1-unmap "$next_container" 0 $size
is "$(charges "$next")" "0 0" "nobody is charged in the end"
stop next

# --- exec in place, while another process is the owner
owned_by() { [ "$(dmaownctl areas --raw -n -o PID | sort -u)" = "$1" ]; }
type1_vmm old "${edus[0]}" $size
dmaownctl hold "$old" --until-exec >"$scratch/hold.out" 2>&1 </dev/null &
hold=$!
eventually owned_by $hold
is "$(charges "$hold") $(charges "$old")" "0 $size 0 0" "hold is the owner, and is charged"
ask old exec
owned_by $hold && pass "also when the process has exec'd" || fail "also when the process has exec'd"
ask old mmap "$ram" $size shared rw $elsewhere
wait $hold
is $? 0 "it hands back: $(tail -n 1 "$scratch/hold.out")"
is "$(dmaownctl areas --raw -n -o IOVA,ADDR,PID,STATE) $(charges "$old")" "0x0 $elsewhere $old live 0 $size" "to where the new program has the memory"
stop old

# --- the new owner must be able to keep the container
type1_vmm old "${edus[0]}" $size
start new
ask new limit unlimited
hand_over old new "$container" "$ram"
read -r new_container new_ram <<<"$reply"
ask new mmap "$new_ram" $size shared rw $base
before=$(state)
run dmaownctl transfer --to "$new" --json
is "$status $(json '[.reasons[].device] | join(" ")')" "15 ${edus[0]} group-$number" "the device and its group are held by the old one only: refused"
is "$(state)" "$before" "and nothing has changed"
run dmaownctl transfer --to "$new" --force would-reset
is "$status" 0 "unless forced"
run dmaownctl transfer --to "$old" --force would-reset
is "$status $(state)" "0 $before" "and back"
hand_over old new "$group"
new_group=$reply
run dmaownctl transfer --to "$new" --json
is "$status $(json '[.reasons[].device] | join(" ")')" "15 ${edus[0]}" "with the group alone the device would be reset still"
ask new close "$new_group"
hand_over old new "$dev"
run dmaownctl transfer --to "$new" --json
is "$status" 0 "with the device nothing is in the way: it keeps its group"
start other
hand_over new other "$new_container"
ask other setuid 1003
run dmaownctl transfer --to "$old" --json
is "$status $(reasons)" "15 untrusted-holder" "somebody else who holds the container: refused"
stop other
stop new
stop old

finish
