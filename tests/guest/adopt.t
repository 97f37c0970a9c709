#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 6: areas by address whose owner is dead or has exec'd; the pinned pages are the proof.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
elsewhere=0x20000000000
witness 1001
witness 1002

# Makes the old owner dead or stale.
leave() {
	case $1 in
	dead) stop old ;;
	*) ask old "$1" ;;
	esac
}

# areas prints the areas of the first device's context; state adds the charges of the new process and of the users.
areas() { dmaownctl areas --raw -n -c "${edus[0]}" -o IOAS,IOVA,ADDR,PID,STATE | paste -sd ,; }
state() {
	echo "$(areas) $(charges "$new") $(users_locked)"
}
users_locked() {
	[ "$kind" != type1 ] || { echo 0 0; return; }
	dmaownctl owners --raw -n --bytes -o UID,USER_LOCKED |
		awk '{ locked[$1] = $2 } END { print locked[1001], locked[1002] }'
}
users() { [ "$mode" = user ] && echo "$1 $2" || echo "0 0"; }

# Checks that adoption is refused with exit status $1 for the reasons $2, as JSON [[REASON, IOVA, LAST], ...], and
# changes nothing. $3 names the case; options for the tool follow.
differs() {
	local expected="$1 $2" what=$3 before
	shift 3

	before=$(state)
	run dmaownctl transfer --to "$new" --adopt "$@" --json
	is "$status $(json -c '[.reasons[] | [.reason, .iova, .last]]')" "$expected" "refused: $what"
	is "$(state)" "$before" "and nothing has changed: $what"
}

# Checks that adoption moves $2 areas.
adopts() {
	run dmaownctl transfer --to "$new" --adopt --json
	is "$status $(json -c '[.result, .areas, .adopted, .undo]')" "0 [\"moved\",$2,$2,null]" "adopted: $1"
}

# --- the old owner may be gone in any way, in any mode
for mode in "${modes[@]}"; do
	read -ra uids <<<"$(users_of "$mode")"
	for how in exec exec-from-thread dead; do
		gone=stale
		[ $how != dead ] || gone=dead
		name="$mode, $how"

		limit=$size vmm old "${edus[0]}" $size "$mode" "${uids[0]}"
		ask old threads 1
		limit=$size successor new old $size "${uids[1]}"
		leave $how
		first="$ioas 0x0 $base $old $gone 0 0 $(users $size 0)"
		is "$(state)" "$first" "$name: the owner is $gone"

		run dmaownctl transfer --to "$new" --json
		is "$status $(json -c '[.reasons[] | [.reason, .iova, .last]]')" "10 [[\"owner-$gone\",\"0x0\",\"0xfffff\"]]" \
			"$name: refused without --adopt"
		is "$(state)" "$first" "$name: and nothing has changed"
		if limited "$mode"; then
			prlimit --pid "$new" --memlock=$((size - page))
			run dmaownctl transfer --to "$new" --adopt --json
			is "$status $(reasons) $(state)" "11 limit-$mode $first" "$name: one page short: refused with --adopt"
			prlimit --pid "$new" --memlock=$size
		fi
		run dmaownctl transfer --to "$new" --adopt --dry-run --json
		is "$status $(json -c '[.result, .areas, .adopted]') $(state)" "0 [\"would-move\",1,1] $first" "$name: the dry run"

		adopts "$name" 1
		is "$(state)" "$ioas 0x0 $base $new live $(charged $size "$mode") $(users 0 $size)" "$name: owner and charges"
		[ $how = dead ] || is "$(charges "$old")" "0 0" "$name: the process that has exec'd is not charged"
		dma_unmap new "$new_ctx" "$ioas" all
		is "$(state)" " 0 0 0 0" "$name: nothing is left"
		[ $how = dead ] || stop old
		stop new
	done
done

# --- a process that has exec'd adopts its own areas
mode=$limit_mode
vmm old "${edus[0]}" $size "$mode" 1001
ask old exec
new=$old new_ctx=$ctx
differs 12 '[["not-mapped","0x0","0xfffff"]]' "a process that has exec'd, and has the memory no more"
ask old mmap "$ram" $size shared rw $base
adopts "a process that has exec'd, and has it again" 1
is "$(state)" "$ioas 0x0 $base $old live $(charged $size "$mode") $(users $size 0)" "its own area is its own again"
dma_unmap old "$ctx" "$ioas" all
is "$(state)" " 0 0 0 0" "nothing is left"
stop old

# --- other pages. All cases use the same orphaned area: the new process changes what it has mapped there.
mode=$free_mode
vmm old "${edus[0]}" $size
ask old fill $base $size 7
successor new old $size
ask new memfd other $size; other=$reply
stop old
all='"0x0","0xfffff"'
there() { ask new munmap $base $size; ask new mmap "$@"; }

ask new munmap $base $size
differs 12 "[[\"not-mapped\",$all]]" "nothing is mapped"
like "$err" "ioas $ioas iova 0x0-0xfffff: .*nothing mapped there.*address $base of process $new" "in words"
there "$other" $size shared rw $base
differs 12 "[[\"no-pages\",$all]]" "another memfd of the same size, of which no page is there"
ask new fill $base $size 7
differs 12 "[[\"other-pages\",$all]]" "with the same contents"
like "$err" "ioas $ioas iova 0x0-0xfffff: .*other memory there than what is pinned.*address $base of process $new" "in words"
there "$new_ram" $size private rw $base
differs 12 "[[\"private\",$all]]" "the same file, but private"
there anon $size private rw $base
differs 12 "[[\"private\",$all]]" "anonymous private memory"
there "$new_ram" $size shared r $base
differs 12 "[[\"permission\",$all]]" "read-only, where the device may write"
there "$new_ram" $((size - page)) shared rw $base $page
differs 12 '[["other-pages","0x0","0xfefff"],["not-mapped","0xff000","0xfffff"]]' "a page further on in the file"
there "$new_ram" $((size / 4)) shared rw $base
ask new mmap "$new_ram" $((size / 4)) shared rw $((base + 3 * size / 4)) $((3 * size / 4))
differs 12 '[["not-mapped","0x40000","0xbffff"]]' "a hole in the middle"
there "$new_ram" $((size / 2)) shared rw $base
ask new mmap "$new_ram" $((size / 2)) shared r $((base + size / 2)) $((size / 2))
differs 12 '[["permission","0x80000","0xfffff"]]' "half of it read-only"
ask new munmap $((base + 9 * page)) $page
ask new mmap "$other" $page shared rw $((base + 9 * page)) $((9 * page))
differs 12 '[["other-pages","0x9000","0x9fff"],["permission","0x80000","0xfffff"]]' "all that differs is told"
there "$new_dev" $size shared rw $base
# Type1 maps device memory by address: the transfer looks for the pages, and this mapping has touched none.
[ "$kind" = type1 ] && reason=no-pages || reason="device-memory"
differs 12 "[[\"$reason\",$all]]" "the device's own registers"

# The memory is at another address.
ask new munmap $base $size
ask new mmap "$new_ram" $size shared rw $elsewhere
differs 12 "[[\"not-mapped\",$all]]" "it has the memory elsewhere"
differs 13 "[[\"remap-missing\",$all],[\"remap-unknown\",\"0x1000\",\"0x1000\"]]" "a remap list of something else" \
	--remap "$ioas:0x1000=$elsewhere"
differs 12 '[["other-pages","0x0","0xfefff"],["not-mapped","0xff000","0xfffff"]]' "an address of another page" \
	--remap "$ioas:0=$(printf '0x%x' $((elsewhere + page)))"
run dmaownctl transfer --to "$new" --adopt --remap "$ioas:0=$elsewhere" --json
is "$status $(json -c '[.result, .adopted]') $(state)" "0 [\"moved\",1] $ioas 0x0 $elsewhere $new live $(charged $size) 0 0" \
	"with a remap list it is moved"
# The owner now lives: map the memory at its first address again and move it back there for the next cases.
ask new mmap "$new_ram" $size shared rw $base
run dmaownctl transfer --to "$new" --remap "$ioas:0=$base"
is "$status" 0 "a living owner moves its memory"

# Replace one page of the file: punch it out, then fill it with the same contents.
ask new exec
ask new mmap "$new_ram" $size shared rw $base
ask new punch "$new_ram" $((37 * page)) $page
differs 12 '[["no-pages","0x25000","0x25fff"]]' "one page of the file is gone"
ask new fill $((base + 37 * page)) $page 7
ask new holds $base $size 7
is "$reply" yes "the file reads as at first"
differs 12 '[["other-pages","0x25000","0x25fff"]]' "one page of the file is another one"
like "$err" "iova 0x25000-0x25fff: .*address 0x10000025000 of process $new" "in words"
ask new punch "$new_ram" 0 $size
differs 12 "[[\"no-pages\",$all]]" "all of them are gone"
dma_unmap new "$new_ctx" "$ioas" all
is "$(state)" " 0 0 0 0" "nothing is left"
stop new

# --- the device only reads: a read-only mapping is enough
start old
open_context old
add_device old "${edus[0]}"
new_ioas old; ioas1=$ioas
new_ioas old; ioas2=$ioas ioas=$ioas1
ask old memfd ram $size; ram=$reply
ask old mmap "$ram" $size shared rw $base
dma_map old "$ctx" "$ioas" $base $size 0 r
attach_device old "$dev" "$ioas"
successor new old $size
stop old
there "$new_ram" $size shared r $base
adopts "read-only, where the device only reads" 1
dma_unmap new "$new_ctx" "$ioas" all

# --- nothing or only a part is pinned. A container with a device has pinned all that it maps.
if [ "$kind" = iommufd ]; then
	ask new detach "$new_dev"
	ask new map "$new_ctx" "$ioas" $base $size 0 r
	ask new copy "$new_ctx" "$ioas2" "$ioas" $((size / 2)) 0x1000000 $((size / 2)) r
	ask new exec
	ask new mmap "$new_ram" $size shared r $base
	differs 12 "[[\"not-pinned\",$all],[\"not-pinned\",\"0x1000000\",\"0x107ffff\"]]" "nothing is pinned"
	like "$err" "iova 0x0-0xfffff: .*nothing is pinned there" "in words"
	ask new munmap $base $size
	differs 12 "[[\"not-mapped\",$all],[\"not-mapped\",\"0x1000000\",\"0x107ffff\"]]" "nor has it the memory"
	ask new unmap "$new_ctx" "$ioas" all
	ask new unmap "$new_ctx" "$ioas2" all

	# Copy half of the area to another IOAS, to which the device is attached.
	ask new mmap "$new_ram" $size shared rw $base
	ask new map "$new_ctx" "$ioas" $base $size 0 rw
	ask new copy "$new_ctx" "$ioas2" "$ioas" $((size / 2)) 0x1000000 $((size / 2)) rw
	ask new attach "$new_dev" "$ioas2"
	ask new exec
	ask new mmap "$new_ram" $size shared rw $base
	is "$(dmaownctl owners --raw -n --bytes -o STATE,PINNED | awk '$1 == "stale" { print $2 }')" $((size / 2)) \
		"half of it is pinned"
	differs 12 '[["not-pinned","0x0","0x7ffff"]]' "half of it is not pinned"

	# Unmap the whole in the first IOAS: only the half in the second one is left.
	ask new unmap "$new_ctx" "$ioas" all
	ask new punch "$new_ram" $((size / 2 + 3 * page)) $page
	differs 12 '[["no-pages","0x1003000","0x1003fff"]]' "one page of the half that is left is gone"
	ask new unmap "$new_ctx" "$ioas2" all
	is "$(state)" " 0 0 0 0" "nothing is left"
	ask new map "$new_ctx" "$ioas" $base $size 0 rw
	ask new copy "$new_ctx" "$ioas2" "$ioas" $((size / 2)) 0x1000000 $((size / 2)) rw
	ask new copy "$new_ctx" "$ioas2" "$ioas" $((size / 4)) 0x2000000 $((size / 2)) rw
	ask new unmap "$new_ctx" "$ioas" all
	ask new exec
	ask new mmap "$new_ram" $size shared rw $base
	adopts "a half that two areas share, partly unmapped" 2
	is "$(charges "$new")" "$((size / 2)) 0" "charged is what is pinned, once"
	ask new unmap "$new_ctx" "$ioas2" 0x1000000 $((size / 2))
	is "$(charges "$new")" "$((size / 4)) 0" "the larger one unmapped: the smaller one is pinned still"
	ask new unmap "$new_ctx" "$ioas2" all
	is "$(state)" " 0 0 0 0" "nothing is left"
fi
stop new

# --- huge pages: hugetlb, and transparent ones
huge=$((4 << 20))
pmd=$((2 << 20))
huge_pages 8
orphan_of() {
	vmm_huge "$@"
	start new
	hand_over old new "$ctx" "$dev" "$ram" ${group:+"$group"}
	read -r new_ctx new_dev new_ram _ <<<"$reply"
	ask new mmap "$new_ram" $huge shared rw $base
	stop old
}
# Like vmm(), but the memory is a memfd with option $1.
vmm_huge() {
	start old
	open_context old
	add_device old "${edus[0]}"
	new_ioas old
	# shellcheck disable=SC2086 # one word or none
	ask old memfd ram $huge $1; ram=$reply
	ask old mmap "$ram" $huge shared rw $base
	dma_map old "$ctx" "$ioas" $base $huge 0 rw
	attach_device old "$dev" "$ioas"
}

orphan_of hugetlb
is "$(mapping "$new" $base KernelPageSize)" $pmd "hugetlb: these are huge pages"
ask new munmap $base $huge
ask new memfd other $huge hugetlb; other=$reply
ask new mmap "$other" $huge shared rw $base
ask new fill $base $huge 0
differs 12 '[["other-pages","0x0","0x3fffff"]]' "hugetlb: other huge pages"
ask new munmap $base $huge
ask new close "$other"
ask new mmap "$new_ram" $huge shared rw $base
adopts "hugetlb" 1
is "$(charges "$new")" "$(charged $huge)" "hugetlb: charged"
ask new exec
ask new mmap "$new_ram" $huge shared rw $base
ask new punch "$new_ram" $pmd $pmd
differs 12 '[["no-pages","0x200000","0x3fffff"]]' "hugetlb: one huge page is gone"
ask new fill $((base + pmd)) $pmd 0
differs 12 '[["other-pages","0x200000","0x3fffff"]]' "hugetlb: one huge page is another one"
dma_unmap new "$new_ctx" "$ioas" all
is "$(charges "$new")" "0 0" "hugetlb: nothing is left"
stop new
huge_pages 0

echo force >/sys/kernel/mm/transparent_hugepage/shmem_enabled
orphan_of ""
ask new fill $base $huge 1
is "$(mapping "$new" $base ShmemPmdMapped)" $huge "transparent huge pages: these are some"
ask new munmap $base $huge
ask new memfd other $huge; other=$reply
ask new mmap "$other" $huge shared rw $base
ask new fill $base $huge 1
is "$(mapping "$new" $base ShmemPmdMapped)" $huge "transparent huge pages: and these"
echo never >/sys/kernel/mm/transparent_hugepage/shmem_enabled
differs 12 '[["other-pages","0x0","0x3fffff"]]' "transparent huge pages: other ones"
# Map from the middle of a huge page on.
ask new munmap $base $huge
ask new mmap "$new_ram" $((huge - page)) shared rw $base $page
differs 12 '[["other-pages","0x0","0x3fefff"],["not-mapped","0x3ff000","0x3fffff"]]' "transparent huge pages: a page further on"
ask new munmap $base $huge
ask new mmap "$new_ram" $huge shared rw $base
adopts "transparent huge pages" 1
is "$(charges "$new")" "$(charged $huge)" "transparent huge pages: charged"
dma_unmap new "$new_ctx" "$ioas" all
is "$(charges "$new")" "0 0" "transparent huge pages: nothing is left"
stop new

# --- the PID of a dead owner belongs to another living process, which also owns something
vmm old "${edus[0]}" $size
successor new old $size
stop old
for ((i = 0; i < 50; i++)); do
	actor_channels again
	echo $((old - 1)) >/proc/sys/kernel/ns_last_pid
	actor <"$channel.in" >"$channel.out" 2>>"$scratch/again.err" &
	again=$! actor_pid[again]=$!
	[ $again -ne "$old" ] || break
	stop again
done
is "$again" "$old" "a new process has the dead owner's number"
hand_over new again "$new_ctx" "$new_dev" "$new_ram" ${new_group:+"$new_group"}
read -r again_ctx _ again_ram _ <<<"$reply"
ask again mmap "$again_ram" $size shared rw $base
dma_map again "$again_ctx" "$ioas" $base 64K 0x1000000 rw
run dmaownctl owners --json -o PID,STATE,AREAS,OWNER
is "$(json -c "[.owners[] | select(.pid == $old) | [.state, .areas]] | sort")" '[["dead",1],["live",1]]' \
	"owners shows both"
dead_owner=$(json ".owners[] | select(.pid == $old and .state == \"dead\") | .owner")
live_owner=$(json ".owners[] | select(.pid == $old and .state == \"live\") | .owner")
isnt "$dead_owner" "$live_owner" "with different owner IDs"
ask new munmap $base $size
ask new mmap "$new_ram" $size shared rw $base

run dmaownctl transfer --to "$new" --from "$old" --adopt --json
is "$status $(json -c '[.areas, .adopted]')" "0 [1,0]" "--from PID means the living one"
is "$(areas)" "$ioas 0x0 $base $old dead,$ioas 0x1000000 $base $new live" "and moves only what it owns"
run dmaownctl transfer --to "$again" --from "$new"
is "$status" 0 "and back"
run dmaownctl transfer --to "$new" --from "$dead_owner" --json
is "$status $(reasons)" "10 owner-dead" "--from the dead one's ID without --adopt: refused"
run dmaownctl transfer --to "$new" --from "$dead_owner" --adopt --json
is "$status $(json -c '[.areas, .adopted]')" "0 [1,1]" "--from the dead one's ID"
is "$(areas)" "$ioas 0x0 $base $new live,$ioas 0x1000000 $base $old live" "moves only what that owned"
run dmaownctl transfer --to "$new" --from "$dead_owner" --adopt --json
is "$status" 3 "once more: it owns nothing there any more"
run dmaownctl transfer --to "$again" --json
is "$status $(areas)" "0 $ioas 0x0 $base $old live,$ioas 0x1000000 $base $old live" "the living one is made the owner"
dma_unmap again "$again_ctx" "$ioas" all
is "$(charges "$again") $(charges "$new")" "0 0 0 0" "nothing is left"
stop again; stop new
run dmaownctl owners --raw -n -o STATE
is "$(grep -vx live <<<"$out")" "" "at the end nobody who is gone owns anything"
finish
