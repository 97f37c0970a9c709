#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Emulated VFIO devices, similar to mediated devices: they have no IOMMU. They pin single pages at any time, through the
# address space of the process that owns the mapping at that time.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
elsewhere=0x20000000000
device=emulated.0
harmless+='|emulated emulated\.[0-9]: (Adding to|Removing from) iommu group'
# This test makes the kernel print these lines: they report that a limit applies.
harmless+='|vfio_pin_page_external: Task actor \([0-9]+\) RLIMIT_MEMLOCK \([0-9]+\) exceeded'

devices() { echo "$1" >/sys/module/emulated/parameters/devices || broken "cannot create $1 emulated devices"; }

# Prints address, owner and pinned bytes of each area of all containers; VmPin and VmLck of both processes.
state() { areas_and_charges IOVA,ADDR,PID,STATE,PINNED; }

# Checks that device $2 of actor $1 reads at IOVA $3, by $4 (caller, kthread or pinned), the text that actor $5 has just
# written to address $6. $7 names the case.
shows() {
	ask "$5" write-text "$6" "$5 at $(date +%s%N)"
	ask "$5" read-text "$6"
	local text=$reply

	try "$1" access-read "$2" "$3" "$4"
	is "$answer" "ok $text" "$7"
}

# Replaces the memory at address $2 of actor $1 by other memory than the container's.
other_memory() {
	ask "$1" memfd other $size
	ask "$1" mmap "$reply" $size shared rw "$2"
	ask "$1" fill "$2" $size 0xaa
}

devices 2

# --- listings
type1_vmm old $device $size
id=$(context_of "$old")
is "$(charges "$old")" "0 0" "mapping alone pins nothing"
number=$(basename "$(readlink "/sys/bus/platform/devices/$device/iommu_group")")
shown() {
	run dmaownctl list --json -o KIND,DEVICES,AREAS,MAPPED,PINNED,ACCESSES
	is "$(json_in_order -c '.contexts')" \
		"[{\"kind\":\"type1\",\"devices\":[\"$device\"],\"areas\":1,\"mapped\":$size,\"pinned\":$1,\"accesses\":0}]" "list: $2"
	run dmaownctl areas --raw -n --bytes -o CONTEXT,KIND,IOVA,LENGTH,PINNED,PID,STATE
	is "$out" "$id type1 0x0 $size $1 $old live" "areas: $2"
	run dmaownctl owners --json -o PID,KIND,PINNED,CHARGED,VM_PINNED,VM_LOCKED,MARK
	is "$(json_in_order -c '.owners')" \
		"[{\"pid\":$old,\"kind\":\"type1\",\"pinned\":$1,\"charged\":$1,\"vm_pinned\":0,\"vm_locked\":$1,\"mark\":null}]" "owners: $2"
}
shown 0 "nothing is pinned"
ask old pin "$dev" 0 $((2 * page)) rw
ask old pin "$dev" $page $((2 * page)) r
shown $((3 * page)) "what the device has pinned, each page once"
run dmaownctl devices --raw -n -o DEVICE,KIND,IOAS,HWPT,HOLDERS
is "$out" "$device type1 1 - $old" "devices"
run dmaownctl tree --raw -n -o NODE,KIND
like "$out" "$id type1.*$device" "tree"
for name in $device "$old/$dev" "$old/$group"; do
	run dmaownctl list --raw -n -o ID --context "$name"
	is "$out" "$id" "list --context $name"
done
is "$(grep -o 'via=.* busy=[01]' /sys/kernel/debug/dmaown/holders | paste -sd ' ')" \
	"via=context fd=$container device=- busy=0 via=group fd=$group device=group-$number busy=0 via=device fd=$dev device=$device busy=0" \
	"by which files it is held"
run dmaownctl can-exit "$old" --json
is "$(json -c '[.can_exit.findings[] | [.finding, .device, .areas, .pinned]]')" \
	"[[\"reset\",\"$device\",null,null],[\"lost\",null,1,$((3 * page))]]" "can-exit: what would be lost"
run dmaownctl verify
is "$status" 0 "verify finds nothing amiss"
run dmaownctl verify --memory --json
is "$status $(json -c '[.verify.findings[] | [.finding, .difference, .iova, .length]]')" \
	"14 [[\"unknown\",\"hidden\",\"0x0\",$size]]" "verify --memory cannot know which pages the device has pinned"
ask old unpin "$dev" $page $((2 * page))
is "$(charges "$old")" "0 $((2 * page))" "what is pinned twice stays"
ask old type1-unmap "$container" 0 $size
is "$(charges "$old")" "0 0" "unmapping has the device unpin"
stop old

# --- memory pinned after the transfer is the new owner's and is charged to it: at the same address
type1_vmm old $device $size
type1_successor new old $size
shows old "$dev" 0 caller old $base "before: read by the old one"
try new access-read "$new_dev" 0 caller
is "$answer" "error EFAULT access-read" "before: VFIO refuses another process"
run dmaownctl transfer --to "$new" --json
is "$status $(json -c '[.result, .pinned]')" '0 ["moved",0]' "with nothing pinned: moved"
undo=$(json .undo)
is "$(state)" "0x0 $base $new live 0B 0 0 0 0" "and nobody is charged"
ask old munmap $base $size
other_memory old $base
shows new "$new_dev" 0 caller new $base "after: read by the new one"
shows new "$new_dev" 0 kthread new $base "after: read by a kernel thread"
try old access-read "$dev" 0 caller
is "$answer" "error EFAULT access-read" "after: VFIO refuses the old one"
ask new pin "$new_dev" 0 $((2 * page)) rw
is "$(state)" "0x0 $base $new live 8K 0 0 0 $((2 * page))" "pinned later: charged to the new one"
shows new "$new_dev" 0 pinned new $base "it is the new one's memory"
ask old pin "$dev" $((4 * page)) $page r
is "$(state)" "0x0 $base $new live 12K 0 0 0 $((3 * page))" "also what the old one has it pin"
shows old "$dev" $((4 * page)) pinned new $((base + 4 * page)) "this is the new one's, too"
ask new access-write "$new_dev" $page pinned written by the device
ask new read-text $((base + page))
is "$reply" "written by the device" "and what the device writes arrives there"
stop old
is "$(charges "$new")" "0 $((3 * page))" "the old one's end changes nothing"
ask new pin "$new_dev" $((8 * page)) $page rw
shows new "$new_dev" $((8 * page)) pinned new $((base + 8 * page)) "the old one has ended, and more is pinned"
shows new "$new_dev" $((9 * page)) kthread new $((base + 9 * page)) "or read"
is "$(charges "$new")" "0 $((4 * page))" "and charged"
ask new unpin "$new_dev" 0 $((2 * page))
is "$(charges "$new")" "0 $((2 * page))" "what is unpinned is uncharged"
ask new type1-unmap "$new_container" 0 $size
is "$(charges "$new")" "0 0" "after the last unmap nothing is charged"
stop new

# --- the same at another address; memory pinned before the transfer moves with its charge
type1_vmm old $device $size
ask old pin "$dev" 0 $((3 * page)) rw
ask old pin "$dev" $((8 * page)) $page r
type1_successor new old $size
ask new munmap $base $size
other_memory new $base
ask new mmap "$new_ram" $size shared rw $elsewhere
other_memory old $elsewhere
before=$(state)
is "$before" "0x0 $base $old live 16K 0 $((4 * page)) 0 0" "before: charged to the old one, as the device has pinned"
run dmaownctl transfer --to "$new" --json
refused_as 12 other-object "other memory at that address"
run dmaownctl transfer --to "$new" --dry-run --remap "1:0=$elsewhere" --json
is "$status $(json -c '[.result, .pinned]') $(state)" "0 [\"would-move\",$((4 * page))] $before" "a dry run"
run dmaownctl transfer --to "$new" --remap "1:0=$elsewhere" --json
is "$status $(json -c '[.result, .pinned]')" "0 [\"moved\",$((4 * page))]" "moved"
undo=$(json .undo)
is "$(state)" "0x0 $elsewhere $new live 16K 0 0 0 $((4 * page))" "with the charge for what is pinned, exactly"
shows new "$new_dev" 0 pinned new $elsewhere "what was pinned is still the same memory"
ask old unpin "$dev" 0 $((3 * page))
is "$(state)" "0x0 $elsewhere $new live 4K 0 0 0 $page" "unpinning uncharges the new one"
ask new pin "$new_dev" 0 $size rw
is "$(state)" "0x0 $elsewhere $new live 1M 0 0 0 $size" "pinning charges it, each page once"
shows new "$new_dev" $((100 * page)) pinned new $((elsewhere + 100 * page)) "it is the memory at the new address"
shows new "$new_dev" $((101 * page)) kthread new $((elsewhere + 101 * page)) "which is read, too"
# shellcheck disable=SC2086 # words of a command
run $undo
is "$status $(state)" "0 0x0 $base $old live 1M 0 $size 0 0" "the way back, with all that is pinned by now"
shows old "$dev" 0 kthread old $base "and what is read is the old one's again"
ask old unpin "$dev" 0 $size
ask new unpin "$new_dev" $((8 * page)) $page
is "$(charges "$old") $(charges "$new")" "0 0 0 0" "unpinned: nothing is charged, and nothing unmapped"
ask old pin "$dev" 0 $page rw
is "$(charges "$old") $(charges "$new")" "0 $page 0 0" "and pinned again"
ask old type1-unmap "$container" 0 $size
is "$(charges "$old") $(charges "$new")" "0 0 0 0" "in the end nobody is charged"
stop new
stop old

# --- rule 8: while ownership goes back and forth, only this memory is read or pinned
type1_vmm old $device $size
type1_successor new old $size
ask new munmap $base $size
other_memory new $base
ask new mmap "$new_ram" $size shared rw $elsewhere
other_memory old $elsewhere
ask old fill $base $size 0x5a
ask new access-loop "$new_dev" 0x800 16K 0x5a kthread
good=0
for ((i = 0; i < 5; i++)); do
	for to in "$new $elsewhere" "$old $base"; do
		run dmaownctl transfer --to "${to% *}" --remap "1:0=${to#* }"
		[ "$status" -eq 0 ] && good=$((good + 1))
		ask old pin "$dev" $((i * page)) $page rw
		try old access-read "$dev" $((i * page)) pinned
		[[ $answer =~ ^ok\ ZZZZ ]] && good=$((good + 1))
		ask old unpin "$dev" $((i * page)) $page
	done
done
is $good 20 "ten transfers back and forth under a device that reads, and what it pins in between"
ask new access-stop "$new_dev"
like "$reply" '^[1-9][0-9]* rounds 0 errors 0 other$' "nothing but the memory is read"
is "$(charges "$old") $(charges "$new")" "0 0 0 0" "and nothing is left pinned"
stop new
stop old

# --- during an unmap: VFIO has dropped its lock and waits for the device to unpin
type1_vmm old $device $size
ask old pin "$dev" 0 $((2 * page)) rw
type1_successor new old $size
echo 1 >/sys/module/emulated/parameters/slow
ask old background type1-unmap "$container" 0 $size; job=$reply
ask old job "$job" 300
is "$reply" running "an unmap waits for the device"
run dmaownctl transfer --to "$new" --json
is "$status $(state)" "0 0x0 $base $new live 8K 0 0 0 $((2 * page))" "what is being unmapped moves"
ask old job "$job"
is "$reply" running "the unmap still waits"
echo 0 >/sys/module/emulated/parameters/slow
ask old job "$job" $((10000 * slow))
is "$reply $(charges "$old") $(charges "$new")" "done $size 0 0 0 0" "it goes on, and the new owner is uncharged"
stop new
stop old

# --- the new owner's limit applies to memory pinned later
limit=$((2 * page)) type1_vmm old $device $size 1001
ask old pin "$dev" 0 $((2 * page)) rw
try old pin "$dev" $((2 * page)) $page rw
is "$answer $(charges "$old")" "error ENOMEM pin 0 $((2 * page))" "the old one's limit holds"
limit=$page type1_successor heir old $size
heir_dev=$new_dev
limit=$page type1_successor new old $size 1001
before=$(state)
run dmaownctl transfer --to "$new" --json
refused_as 11 limit-mm "one page short"
ask old unpin "$dev" 0 $((2 * page))
run dmaownctl transfer --to "$new" --json
is "$status" 0 "with nothing pinned no limit is in the way"
ask new pin "$new_dev" 0 $page rw
try old pin "$dev" $page $page rw
is "$answer $(charges "$old") $(charges "$new")" "error ENOMEM pin 0 0 0 $page" "but then the new one's holds"
stop old
run dmaownctl transfer --to "$heir" --force "untrusted-holder=$new"
is "$status $(charges "$new") $(charges "$heir")" "0 0 0 0 $page" "on to one that has CAP_IPC_LOCK"
stop new
ask heir pin "$heir_dev" $page $((2 * page)) rw
is "$(charges "$heir")" "0 $((3 * page))" "no limit holds for it, later either"
stop heir

# --- VFIO accepts addresses that no process can have, up to the last byte, unless an IOMMU has to pin them
type1_vmm old $device $size
type1_successor new old $size
ask old type1-map "$container" 0xffffffffffff0000 $((16 * page)) 0x1000000 rw
ask old type1-map "$container" 0 $((2 * page)) 0x1010000 rw
before=$(state)
run dmaownctl transfer --to "$new" --json
refused_as 12 old-unmapped "nobody has the same memory there"
is "$(json -c '.reasons[] | [.iova, .last]')" '["0x1000000","0x1011fff"]' "all of it is told"
stop old
stop new

# --- owners that are gone: pages that a device has pinned one by one prove nothing
type1_vmm old $device $size
type1_successor new old $size
stop old
old=$new
before=$(state)
run dmaownctl transfer --to "$new" --json
refused_as 10 owner-dead "nothing pinned, and the owner dead"
run dmaownctl transfer --to "$new" --adopt --json
refused_as 12 not-pinned "with --adopt, and nothing to compare with"
like "$(json '.reasons[0].text')" "iova 0x0-0xfffff: .*nothing is pinned there" "it says where, and why"
try new pin "$new_dev" 0 $page rw
is "$answer" "error ENODEV pin" "VFIO pins nothing of an owner that is gone"
try new access-read "$new_dev" 0 kthread
is "$answer" "error EPERM access-read" "nor reads it"
ask new type1-unmap "$new_container" 0 $size
ask new type1-map "$new_container" $base $size 0 rw
ask new pin "$new_dev" 0 $page rw
shows new "$new_dev" 0 pinned new $base "mapped anew it pins again"
start old
hand_over new old "$new_container" "$new_group" "$new_dev" "$new_ram"
read -r container group dev ram <<<"$reply"
ask old mmap "$ram" $size shared rw $base
ask new exec
before=$(state)
is "$before" "0x0 $base $new stale 4K 0 0 0 0" "an owner that has exec'd, while a page is pinned"
run dmaownctl transfer --to "$old" --adopt --json
refused_as 12 not-pinned "what the device has pinned is no proof"
ask old unpin "$dev" 0 $page
is "$(charges "$old") $(charges "$new")" "0 0 0 0" "it can be unpinned"
ask old type1-unmap "$container" 0 $size
stop new
stop old

# --- the new owner must be able to keep the container
type1_vmm old $device $size
start new
ask new limit unlimited
hand_over old new "$container" "$ram"
read -r new_container new_ram <<<"$reply"
ask new mmap "$new_ram" $size shared rw $base
before=$(state)
run dmaownctl transfer --to "$new" --json
is "$status $(json '[.reasons[].device] | join(" ")')" "15 $device group-$number" "the device is held by the old one only: refused"
is "$(state)" "$before" "and nothing has changed"
stop new
stop old

# --- beside a device with an IOMMU: everything is pinned and charged as long as that device is present
type1_vmm old "${edus[0]}" $size
ask old group $device; emulated_group=$reply
ask old set-container "$emulated_group" "$container"
ask old group-device "$emulated_group" $device; emulated=$reply
ask old pin "$emulated" 0 $((2 * page)) rw
type1_successor new old $size
hand_over old new "$emulated_group" "$emulated"
read -r _ new_emulated <<<"$reply"
is "$(state)" "0x0 $base $old live 1M 0 $size 0 0" "what the device pins is charged already"
run dmaownctl devices --raw -n -o DEVICE
is "$(sort <<<"$out" | paste -sd ' ')" "${edus[0]} $device" "both devices are shown"
try old type1-invalidate "$container" 0 $size
is "$answer" "error EBUSY type1-invalidate" "beside an emulated device VFIO takes no address back"
run dmaownctl transfer --to "$new" --json
is "$status $(state)" "0 0x0 $base $new live 1M 0 0 0 $size" "all of it moves"
# No process has the device with the IOMMU open: its group can leave the container.
ask old close "$dev"
ask new close "$new_dev"
ask old unset-container "$group"
is "$(state)" "0x0 $base $new live 8K 0 0 0 $((2 * page))" "it leaves: what the other has pinned stays charged"
run dmaownctl transfer --to "$old" --json
is "$status $(state)" "0 0x0 $base $old live 8K 0 $((2 * page)) 0 0" "and moves back, to the page"
ask old set-container "$group" "$container"
is "$(state)" "0x0 $base $old live 1M 0 $size 0 0" "it comes again"
run dmaownctl transfer --to "$new" --json
is "$status $(state)" "0 0x0 $base $new live 1M 0 0 0 $size" "and all moves again"
ask new unpin "$new_emulated" 0 $((2 * page))
is "$(charges "$new")" "0 $size" "unpinning uncharges nothing now"
ask new unset-container "$new_group"
is "$(charges "$old") $(charges "$new")" "0 0 0 0" "it leaves: nothing is pinned, and nobody charged"
ask new pin "$new_emulated" $page $page rw
is "$(charges "$old") $(charges "$new")" "0 0 0 $page" "from then on what is pinned is charged again"
stop new
stop old

# --- addresses that were taken back keep emulated devices out; once they are given again, devices can come in
type1_vmm old "${edus[0]}" $size
type1_successor new old $size
ask old type1-invalidate "$container" 0 $size
ask old group $device; emulated_group=$reply
try old set-container "$emulated_group" "$container"
is "$answer" "error EBUSY set-container" "an address was taken back: VFIO lets no device come"
run dmaownctl transfer --to "$new" --json
is "$status $(reasons)" "12 taken-back" "nor does a transfer give it anew"
run dmaownctl transfer --to "$new" --force taken-back --json
is "$status $(json .result)" "0 moved" "the transfer gives it anew"
ask old set-container "$emulated_group" "$container"
ask old group-device "$emulated_group" $device; emulated=$reply
ask old pin "$emulated" $page $page rw
pass "so the device comes, and pins"
shows old "$emulated" $page pinned new $((base + page)) "what the new owner has there"
stop new
stop old

# --- rule 6: the pages that were compared are the pages that are pinned in the end
#
# If nothing is pinned, yet or any more, a group that joins makes VFIO pin everything from the memory of the process
# that lets it join. Here this happens between the comparison of the pages and the change: a transfer that has compared
# them cannot charge the new owner, because a thread holds its mmap_lock, and retries again and again. Meanwhile the
# group leaves and joins. The transfer must not notice this: it has to leave the processor to these two steps.
alone() {
	{ chrt -f -p 10 "$1" && taskset -p 1 "$1" >/dev/null; } || broken "chrt or taskset failed"
}
# shellcheck disable=SC2317 # called by eventually
in_ioctl() {
	local number

	read -r number _ <"/proc/$1/syscall"
	[ "$number" = 16 ]
} 2>/dev/null

# Starts the transfer of a dead owner's container, which is stuck until the actor new may go on.
begin_stuck_transfer() {
	ask new open /dev/stall; stall=$reply
	ask new write "$stall" lock
	ask new mmap "$stall" $page shared rw 0x30000000000
	ask new type1-map "$other_container" 0x30000000000 $page 0 rw
	ask new background pin "$other_dev" 0 $page rw; job=$reply
	ask new job "$job" 300
	is "$reply" running "somebody has the new owner's mmap_lock"
	taskset 1 dmaownctl transfer --to "$new" --adopt --context "$new/$new_container" --timeout $((60 * slow)) --json \
		>"$scratch/stuck" 2>/dev/null &
	stuck=$!
	eventually in_ioctl $stuck || broken "the transfer does not begin"
	sleep 0.5
}

# Lets the transfer go on and waits for it.
end_stuck_transfer() {
	ask new write "$stall" go
	ask new job "$job" $((10000 * slow))
	is "$reply" "done " "who has the lock lets go of it"
	wait $stuck
	status=$?
	out=$(<"$scratch/stuck")
	like "$(json .retries)" "^[1-9]" "the transfer was stuck"
	ask new type1-unmap "$other_container" 0 $page
	ask new munmap 0x30000000000 $page
	ask new close "$stall"
}

# Actor old owns a container with two devices, one with an IOMMU and one emulated, and dies. Actor joiner maps its
# memory too and can make the group join. Actor new can become the next owner.
orphaned_container() {
	type1_vmm old "${edus[0]}" $size
	ask old group $device; emulated_group=$reply
	ask old set-container "$emulated_group" "$container"
	type1_successor new old $size
	hand_over old new "$emulated_group"
	type1_successor_of_group joiner
	ask new close "$new_dev"
	stop old
	ask new open /dev/vfio/vfio; other_container=$reply
	ask new group emulated.1; other_group=$reply
	ask new set-container "$other_group" "$other_container"
	ask new set-iommu "$other_container"
	ask new group-device "$other_group" emulated.1; other_dev=$reply
}

type1_successor_of_group() {
	start "$1"
	hand_over old "$1" "$container" "$group" "$ram"
	read -r its_container its_group its_ram <<<"$reply"
	ask "$1" limit unlimited
	ask "$1" mmap "$its_ram" $size shared rw $base
	alone "${!1}"
}

orphaned_container
begin_stuck_transfer
ask joiner rejoin "$its_group" "$its_container"
end_stuck_transfer
is "$status $(json .result) $(charges "$new")" "0 moved 0 $size" "the group joins anew with the same pages: moved, and charged once"
run dmaownctl areas --raw -n -o PID,STATE,PINNED
is "$out" "$new live 1M" "and owned"
stop joiner
ask new type1-unmap "$new_container" 0 $size
is "$(charges "$new")" "0 0" "and nothing is charged in the end"
stop new

orphaned_container
ask joiner munmap $base $size
other_memory joiner $base
begin_stuck_transfer
ask joiner rejoin "$its_group" "$its_container"
end_stuck_transfer
is "$status $(reasons) $(charges "$new")" "12 other-pages 0 0" "with other pages: refused"
run dmaownctl areas --raw -n -o PID,STATE
like "$out" "dead" "and nothing has changed"
ask joiner munmap $base $size
ask joiner mmap "$its_ram" $size shared rw $base
ask joiner rejoin "$its_group" "$its_container"
run dmaownctl transfer --to "$new" --adopt --json
is "$status $(json .result) $(charges "$new")" "0 moved 0 $size" "with the same pages once more: moved"
stop joiner
stop new

# --- the same devices as accesses in iommufd
if [ -e /dev/iommu ]; then
	start old
	ask old limit unlimited
	ask old open /dev/iommu; ctx=$reply
	ask old device $device; dev=$reply
	ask old bind "$dev" "$ctx"
	ask old ioas "$ctx"; ioas=$reply
	ask old attach "$dev" "$ioas"
	ask old memfd ram $size; ram=$reply
	ask old mmap "$ram" $size shared rw $base
	ask old map "$ctx" "$ioas" $base $size 0 rw
	ask old pin "$dev" 0 $((2 * page)) rw
	start new
	ask new limit unlimited
	hand_over old new "$ctx" "$dev" "$ram"
	read -r new_ctx new_dev new_ram <<<"$reply"
	ask new mmap "$new_ram" $size shared rw $elsewhere
	other_memory new $base
	other_memory old $elsewhere
	run dmaownctl list --json -o KIND,ACCESSES,DEVICES,PINNED
	is "$(json_in_order -c '.contexts')" "[{\"kind\":\"iommufd\",\"accesses\":1,\"devices\":[\"$device\"],\"pinned\":$((2 * page))}]" \
		"iommufd: the device is an access"
	is "$(grep -c "via=device fd=$dev device=$device busy=0" /sys/kernel/debug/dmaown/holders)" 1 \
		"iommufd: its file holds the context"
	is "$(charges "$old")" "$((2 * page)) 0" "iommufd: what it pins is charged"
	shows old "$dev" 0 kthread old $base "iommufd: before, the old one's memory is read"
	run dmaownctl transfer --to "$new" --remap "$ioas:0=$elsewhere" --json
	is "$status $(json .result) $(charges "$old") $(charges "$new")" "0 moved 0 0 $((2 * page)) 0" \
		"iommufd: moved, with the charge"
	ask old pin "$dev" $((4 * page)) $page rw
	shows old "$dev" $((4 * page)) pinned new $((elsewhere + 4 * page)) "iommufd: what it pins later is the new one's"
	shows new "$new_dev" $((5 * page)) kthread new $((elsewhere + 5 * page)) "iommufd: and what it reads"
	is "$(charges "$old") $(charges "$new")" "0 0 $((3 * page)) 0" "iommufd: and charged to it"
	stop old
	ask new pin "$new_dev" $((6 * page)) $page rw
	shows new "$new_dev" $((6 * page)) pinned new $((elsewhere + 6 * page)) "iommufd: also when the old one has ended"
	ask new unpin "$new_dev" 0 $((2 * page))
	is "$(charges "$new")" "$((2 * page)) 0" "iommufd: unpinning uncharges it"
	ask new unmap "$new_ctx" "$ioas" all
	is "$(charges "$new")" "0 0" "iommufd: in the end nothing is charged"
	stop new
fi

devices 0
finish
