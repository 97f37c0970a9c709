#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# dmaownctl verify --memory: it finds pages that a device uses and that their owner no longer has, range by range,
# without faulting anything in and without waiting for the owner. Nothing here swaps: the machine has no swap space.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((4 << 20))
huge=$((2 << 20))
nr=$((size / page))
elsewhere=0x20000000000
thp=/sys/kernel/mm/transparent_hugepage

# Prints [FINDING, DIFFERENCE, IOVA, LENGTH] of each finding.
found() { json -c '[.verify.findings[] | [.finding, .difference, .iova, .length]]'; }

# Prints what found() shall print for the area at $iova. Each argument is a range: DIFFERENCE FIRST-PAGE PAGES.
iova=0
ranges() {
	local range difference first pages entry list=

	for range; do
		read -r difference first pages <<<"$range"
		printf -v entry '["detached","%s","0x%x",%d]' "$difference" $((iova + first * page)) $((pages * page))
		list+=${list:+,}$entry
	done
	echo "[$list]"
}

well() {
	run dmaownctl verify --memory
	is "$status $out$err" "0 " "$1"
}

# detached WHAT RANGE...: these ranges are found, and nothing else.
detached() {
	local what=$1
	shift

	run dmaownctl verify --memory --json
	is "$status $(found)" "2 $(ranges "$@")" "$what"
}

# Prints the memory of a process that is present, from its page tables.
resident() { awk '$1 == "Rss:" { print $2 }' "/proc/$1/smaps_rollup"; }

# Makes actor old a VMM without memory. Sets ctx, dev, ioas.
empty_vmm() {
	start old
	open_context old
	add_device old "${edus[0]}"
	new_ioas old
	attach_device old "$dev" "$ioas"
}

# maps FD|anon shared|private [OFFSET [hugetlb]]: the VMM maps $size bytes, also for the device at IOVA 0.
maps() {
	ask old mmap "$1" $size "$2" rw $base "${@:3}"
	dma_map old "$ctx" "$ioas" $base $size 0 rw
}

# The VMM unmaps all of that.
unmaps() {
	dma_unmap old "$ctx" "$ioas" all
	ask old munmap $base $size
}

# at PAGE: prints the address of a page.
at() { echo $((base + $1 * page)); }

# --- shared memory
vmm old "${edus[0]}" $size
id=$(context_of "$old")
well "the owner has all that is pinned: verify is silent"
run dmaownctl verify --memory --json
is "$status $(json_in_order -c .)" '0 {"verify":{"ok":true,"findings":[]}}' "in JSON, too"

ask old munmap "$(at 2)" $page
detached "a page in the middle is unmapped" "unmapped 2 1"
in_json=$out
is "$(json -c '.verify.findings[0] | [.context, .ioas, .owner, .pid, .user, .addr, .command]')" \
	"[\"$id\",$ioas,\"$(dmaownctl owners -rn -p "$old" -o OWNER)\",$old,\"root\",\"0x10000002000\",null]" \
	"where, whose, and no command that mends it"
like "$(json '.verify.findings[0].advice')" "until the program unmaps the area .* and maps it again" "but advice"
run dmaownctl --channel debugfs verify --memory --json
is "$status $out" "2 $in_json" "the same over debugfs"
run dmaownctl verify --memory
is "$status $(head -n 1 <<<"$out")" "2 detached: 4K at IOVA 0x2000-0x2fff of IOAS $ioas in context $id: at 0x10000002000\
 process $old has nothing mapped any more; the device still uses the old pages" "in words"
run dmaownctl verify
is "$status $out" "0 " "without --memory nothing is found"
run dmaownctl metrics
is "$status $(grep -c detached <<<"$out")" "0 0" "and metrics do not know of it"
ask old mmap "$ram" $page shared rw "$(at 2)" $((2 * page))
well "the same page is mapped again: all is well"

ask old munmap "$(at 254)" $((4 * page))
detached "a range that the module compares in two parts" "unmapped 254 4"
ask old memfd other $size; other=$reply
ask old mmap "$other" $((4 * page)) shared rw "$(at 254)"
detached "other memory in its place, which nobody has touched" "absent 254 4"
ask old fill "$(at 254)" $((2 * page)) 1
detached "and a part of which has pages now" "replaced 254 2" "absent 256 2"
ask old munmap "$(at 254)" $((4 * page))
ask old mmap "$ram" $((4 * page)) shared rw "$(at 254)" $((254 * page))
ask old munmap "$(at 10)" $page
ask old mmap "$ram" $page shared rw "$(at 10)" $((11 * page))
detached "another page of the same memory" "replaced 10 1"
ask old munmap "$(at 10)" $page
ask old mmap "$ram" $page shared rw "$(at 10)" $((10 * page))
well "all is well again"

ask old discard $base $size
resident=$(resident "$old")
well "shared memory that the owner has dropped from its page tables: it is in the file still"
is "$(resident "$old")" "$resident" "nothing is faulted in"
ask old protect $base $size none
well "without any permission it is the same memory"
ask old protect $base $size rw

ask old punch "$ram" $((4 * page)) $page
resident=$(resident "$old")
detached "a hole is punched" "absent 4 1"
is "$(resident "$old")" "$resident" "nothing is faulted in"
ask old fill "$(at 4)" $page 1
detached "and touched again: another page" "replaced 4 1"
for ((i = 20; i < 30; i += 2)); do ask old punch "$ram" $((i * page)) $page; done
detached "several holes" "replaced 4 1" "absent 20 1" "absent 22 1" "absent 24 1" "absent 26 1" "absent 28 1"
dma_unmap old "$ctx" "$ioas" all
well "with nothing mapped for the device all is well"
dma_map old "$ctx" "$ioas" $base $size 0 rw
well "and mapped again, as the advice says: the device has the owner's pages"

# --- kinds of areas that are not compared
if [ "$kind" = type1 ]; then
	ask old type1-invalidate "$ctx" all
	ask old munmap "$(at 5)" $page
	well "an address that was taken back is not compared"
	ask old type1-validate "$ctx" $base $size 0
	detached "until it is given again" "unmapped 5 1"
else
	ask old ioas "$ctx"; ioas2=$reply
	ask old copy "$ctx" "$ioas2" "$ioas" $((size / 2)) 0x1000000 $((size / 2)) rw
	well "an area that was copied from the second half of another one"
	ask old munmap "$(at $((nr / 2 + 3)))" $page
	run dmaownctl verify --memory --json
	is "$status $(json -c '[.verify.findings[] | [.ioas, .iova, .length, .addr]]')" \
		"2 [[$ioas,\"0x203000\",$page,\"0x10000203000\"],[$ioas2,\"0x1003000\",$page,\"0x10000203000\"]]" \
		"a page that both show is found in both"
	ask old detach "$dev"
	well "with nothing pinned there is nothing to compare"
fi
stop old
if [ "$kind" = iommufd ] && uapi_has IOMMU_IOAS_MAP_FILE; then
	by='file' vmm old "${edus[0]}" $size
	ask old munmap $base $size
	well "an area that is mapped from a file depends on no address"
	stop old
fi

# --- owners that are gone are other findings
vmm old "${edus[0]}" $size
successor new old $size
ask old munmap "$(at 2)" $page
detached "as long as the owner lives" "unmapped 2 1"
ask old exec
run dmaownctl verify --json
is "$status $(findings_in verify)" "2 stale-owner" "the owner has exec'd"
without=$out
run dmaownctl verify --memory --json
is "$status $out" "2 $without" "its memory is not judged any more"
stop old
run dmaownctl verify --memory --json
is "$status $(findings_in verify)" "2 dead-owner" "nor is that of a dead owner"
stop new

# --- private memory
empty_vmm
maps anon private
well "anonymous memory of its own"
ask old protect $base $size none
well "without any permission"
ask old protect $base $size rw
ask old discard "$(at 3)" $((2 * page))
resident=$(resident "$old")
detached "two pages are given back" "absent 3 2"
is "$(resident "$old")" "$resident" "nothing is faulted in"
ask old fill "$(at 3)" $page 1
detached "one is touched again: another page" "replaced 3 1" "absent 4 1"
ask old holds "$(at 4)" $page 0
is "$reply" yes "the other one is read, and is empty"
detached "which maps a page, too" "replaced 3 2"
ask old munmap "$(at 3)" $((2 * page))
detached "both are unmapped" "unmapped 3 2"
ask old discard "$(at $((nr / 2)))" $((size / 2))
resident=$(resident "$old")
detached "half of the memory is given back, as a balloon does" "unmapped 3 2" "absent $((nr / 2)) $((nr / 2))"
is "$(resident "$old")" "$resident" "the balloon stays as large as it was"
fork old child
detached "a fork changes nothing" "unmapped 3 2" "absent $((nr / 2)) $((nr / 2))"
stop child
unmaps

ask old memfd ram $size; ram=$reply
maps "$ram" private
well "a private mapping of a file: its own pages"
ask old discard "$(at 1)" $page
detached "a page is dropped" "absent 1 1"
ask old holds "$(at 1)" $page 0
detached "and read again: the file's page" "replaced 1 1"
unmaps

# --- huge pages
huge_pages 8
ask old memfd huge $size hugetlb; fd=$reply
maps "$fd" shared
is "$(mapping "$old" $base KernelPageSize)" $huge "hugetlb: there are huge pages"
well "hugetlb: all is well"
ask old punch "$fd" $huge $huge
detached "hugetlb: a hole" "absent $((nr / 2)) $((nr / 2))"
ask old fill $((base + huge)) $huge 1
detached "hugetlb: another huge page" "replaced $((nr / 2)) $((nr / 2))"
ask old munmap $((base + huge)) $huge
detached "hugetlb: half is unmapped" "unmapped $((nr / 2)) $((nr / 2))"
unmaps
ask old close "$fd"
maps anon private 0 hugetlb
well "hugetlb, private: all is well"
ask old discard $((base + huge)) $huge
detached "hugetlb, private: one is given back" "absent $((nr / 2)) $((nr / 2))"
unmaps
huge_pages 0

echo force >$thp/shmem_enabled
ask old memfd thp $size; fd=$reply
maps "$fd" shared
echo never >$thp/shmem_enabled
is "$(mapping "$old" $base ShmemPmdMapped)" $size "transparent huge pages, shared: there are some"
well "transparent huge pages, shared: all is well"
ask old munmap "$(at 1)" $page
detached "transparent huge pages, shared: a page is unmapped" "unmapped 1 1"
unmaps
enabled=$(sed 's/.*\[\(.*\)\].*/\1/' $thp/enabled)
echo always >$thp/enabled
maps anon private
echo "$enabled" >$thp/enabled
is "$(mapping "$old" $base AnonHugePages)" $size "transparent huge pages, private: there are some"
well "transparent huge pages, private: all is well"
ask old discard "$(at 5)" $page
detached "transparent huge pages, private: a page is given back" "absent 5 1"
unmaps

# --- memory of drivers and devices
ask old open /dev/stall; stall=$reply
ask old write "$stall" go
ask old mmap "$stall" 64K shared rw $elsewhere
dma_map old "$ctx" "$ioas" $elsewhere 64K 0x1000000 rw
well "memory of a driver, present: all is well"
ask old discard $elsewhere 64K
run dmaownctl verify --memory --json
is "$status $(found)" '14 [["unknown","unshown","0x1000000",65536]]' "not present: it is unknown whether it is the same"
run dmaownctl verify --memory
like "$out" "^unknown: 64K at IOVA 0x1000000-0x100ffff of .*: whether process $old still has these pages at 0x20000000000 is unknown: " \
	"in words"
ask old holds $elsewhere 64K 0
well "touched again: it is"
iova=$((0x1000000))
ask old munmap $elsewhere 64K
detached "unmapped: it is not" "unmapped 0 16"
iova=0
dma_unmap old "$ctx" "$ioas" all
if [ "$kind" = type1 ]; then
	ask old mmap "$dev" 64K shared rw $elsewhere
	dma_map old "$ctx" "$ioas" $elsewhere 64K 0x8000000 rw
	well "a BAR that is mapped for the device"
	ask old munmap $elsewhere 64K
	iova=$((0x8000000))
	detached "and that the owner has unmapped" "unmapped 0 16"
	iova=0
fi
stop old

# --- more than the module compares at a time
ram_pages=$((260 << 20 >> 12))
vmm old "${edus[0]}" $((ram_pages * page))
well "260 MiB: all is well"
ask old munmap "$(at 65534)" $((4 * page))
ask old munmap "$(at $((ram_pages - 1)))" $page
detached "a range across the end of a part, and the last page" "unmapped 65534 4" "unmapped $((ram_pages - 1)) 1"
stop old

# --- the owner holds its mmap_lock: nobody waits for it
vmm old "${edus[0]}" $size
start friend
ask old open /dev/stall; stall=$reply
ask old write "$stall" map
hand_over old friend "$stall"; friend_stall=$reply
# The thread that answers may need mmap_lock, too.
tell old background mmap "$stall" 64K shared rw 0x30000000000

# Is the owner's lock taken, or free, as the comparison sees it?
# shellcheck disable=SC2317 # called by eventually
locked() { dmaownctl verify --memory | grep -q "locked by a thread of it"; }
# shellcheck disable=SC2317 # called by eventually
unlocked() { dmaownctl verify --memory >/dev/null; }
eventually locked
is $? 0 "the owner has locked its address space"
run dmaownctl verify --memory --json
unread='["unknown",null,null,null]'
is "$status $(found)" "14 [$unread,[\"unknown\",\"owner-locked\",\"0x0\",$size]]" \
	"then all of its memory is unknown, and what else it maps"
ask friend write "$friend_stall" go
hear old
eventually unlocked
well "when the lock is free, all is well"
stop friend
stop old
finish
