#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 5: the memory must be the same. Each case is one area of the old process and the memory that the new process has
# at its address.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
huge_pages 16
mkdir "$scratch/files"

start old
open_context old
add_device old "${edus[0]}"
new_ioas old
attach_device old "$dev" "$ioas"
start new
hand_over old new "$ctx" "$dev" ${group:+"$group"}
read -r new_ctx new_dev _ <<<"$reply"

# Maps $size bytes of descriptor $1 in the old process (shared, unless $3 is private, at offset $4); the device's
# permissions are $2.
old_maps() {
	ask old mmap "$1" $size "${3:-shared}" rw $base "${4:-0}"
	dma_map old "$ctx" "$ioas" $base $size 0 "$2"
}

# Passes a descriptor of the old process to the new one.
give() { hand_over old new "$1"; given=$reply; }

both_unmap() {
	dma_unmap old "$ctx" "$ioas" all
	ask old munmap $base $size
	ask new munmap $base $size
}

# Checks that the transfer is refused for reason $1, with the words $2, in the range of IOVAs $4, by default the whole
# area. $3 names the case.
refused() {
	local reason=$1 words=$2 what=$3 range=${4:-0x0-0xfffff}

	run dmaownctl transfer --to "$new" --json
	is "$status $(reasons)" "12 $reason" "refused: $what"
	like "$err" "ioas $ioas iova $range: [^:]*$words" "with range and words: $what"
	is "$(counted "$old") $(counted "$new") $(areas_of "$old")" "$size 0 $ioas:0x0=$old" \
		"and nothing changed: $what"
	both_unmap
}

accepted() {
	local what=$1

	run dmaownctl transfer --to "$new" --json
	is "$status $(reasons)" "0 " "accepted: $what"
	is "$(counted "$old") $(counted "$new") $(areas_of "$old")" "0 $size $ioas:0x0=$new" "and it is moved: $what"
	both_unmap
	is "$(counted "$old") $(counted "$new")" "0 0" "and let go: $what"
}

ask old memfd ram $((2 * size)); ram=$reply
give "$ram"; new_ram=$given

# --- refused

old_maps "$ram" rw
refused not-mapped "new owner has nothing mapped there" "the new process has nothing there"

old_maps "$ram" rw
ask new mmap "$new_ram" $((size / 2)) shared rw $base
run dmaownctl transfer --to "$new" --json
is "$(json -r '.reasons[0].addr')" "0x10000080000" "the address is where the hole begins"
refused not-mapped "new owner has nothing mapped there" "it covers only a part" 0x80000-0xfffff

old_maps "$ram" rw
ask new mmap "$new_ram" $((size / 2)) shared rw $base
ask new mmap "$new_ram" $((size / 4)) shared rw $((base + 3 * size / 4)) $((3 * size / 4))
refused not-mapped "new owner has nothing mapped there" "there is a hole in the middle" 0x80000-0xbffff

old_maps "$ram" rw
ask new mmap "$new_ram" $size private rw $base
refused private "maps it private" "the same file, but private"

old_maps "$ram" rw
ask new memfd other $((2 * size)); other=$reply
ask new mmap "$other" $size shared rw $base
refused other-object "maps another memory object" "another memfd of the same name and size"

old_maps "$ram" rw
ask new mmap "$new_ram" $size shared rw $base $page
refused other-offset "same memory object there at another offset" "the same memfd at another offset"

old_maps "$ram" rw
ask new mmap "$new_ram" $((size / 2)) shared rw $base
ask new mmap "$new_ram" $((size / 2)) shared rw $((base + size / 2)) $size
refused other-offset "same memory object there at another offset" "the second half at another offset" 0x80000-0xfffff

old_maps "$ram" rw
ask new mmap "$new_ram" $size shared r $base
refused permission "lacks a permission" "read-only, where the device may write"

old_maps "$ram" r
ask new mmap "$new_ram" $size shared w $base
ask new protect $base $size none
refused permission "lacks a permission" "no access at all, where the device may read"

old_maps anon rw private
ask new mmap anon $size private rw $base
refused old-private "private memory of the old owner" "anonymous private memory of each"

old_maps "$ram" rw private
ask new mmap "$new_ram" $size shared rw $base
refused old-private "private memory of the old owner" "a private mapping of the old process"

old_maps anon rw private
ask new mmap "$new_ram" $size shared rw $base
refused old-private "private memory of the old owner" "anonymous private memory of the old process alone"

ask old file "$scratch/files/ram" $size; file=$reply
ask new file "$scratch/files/ram" $size; new_file=$reply
old_maps "$file" rw private
ask new mmap "$new_file" $size shared rw $base
refused old-private "private memory of the old owner" "a file that the old process maps private"

old_maps "$file" rw
ask new mmap "$new_file" $size private rw $base
refused private "maps it private" "a file that the new process maps private"

old_maps "$ram" rw
ask new mmap "$new_ram" $size shared rw $base
run dmaownctl transfer --to "$new" --dry-run
is "$status" 0 "what would be accepted"
ask new munmap $((base + 4 * page)) $page
refused not-mapped "new owner has nothing mapped there" "and has been unmapped again" 0x4000-0x4fff

old_maps anon rw
ask new mmap anon $size shared rw $base
refused other-object "maps another memory object" "anonymous shared memory, each its own"

old_maps "$ram" rw
ask new file "$scratch/files/other" $size; other=$reply
ask new mmap "$other" $size shared rw $base
refused other-object "maps another memory object" "a file instead of the memfd"

old_maps "$ram" rw
ask new mmap "$new_dev" $size shared rw $base
# Type1 maps device memory by address: it is memory like any other.
case $kind in
iommufd) refused device-memory "maps device memory" "the device's own registers" ;;
type1) refused other-object "maps another memory object" "the device's own registers" ;;
esac

old_maps "$ram" rw
ask old munmap $base $size
ask new mmap "$new_ram" $size shared rw $base
refused old-unmapped "old owner has nothing mapped there any more" "the old process has nothing mapped there any more"

ask old open /dev/stall; stall=$reply
ask old write "$stall" go
ask old mmap "$stall" 64K shared rw $base
dma_map old "$ctx" "$ioas" $base 64K 0 rw
ask new open /dev/stall; new_stall=$reply
ask new write "$new_stall" go
ask new mmap "$new_stall" 64K shared rw $base
run dmaownctl transfer --to "$new" --json
is "$status $(reasons)" "12 other-object" "refused: a device file opened a second time"
ask new munmap $base 64K
give "$stall"
ask new mmap "$given" 64K shared rw $base
run dmaownctl transfer --to "$new" --json
is "$status" 0 "accepted: the same open file of a device"
is "$(counted "$old") $(counted "$new")" "0 65536" "and it is moved"
both_unmap

# --- accepted

old_maps "$ram" rw
ask new mmap "$new_ram" $size shared rw $base
accepted "a memfd"

old_maps "$ram" rw shared $size
ask new mmap "$new_ram" $size shared rw $base $size
accepted "a memfd at an offset"

old_maps "$ram" r
ask new mmap "$new_ram" $size shared r $base
accepted "read-only, where the device only reads"

old_maps "$ram" rw
ask new mmap "$new_ram" $((size / 2)) shared rw $base
ask new mmap "$new_ram" $((size / 2)) shared rw $((base + size / 2)) $((size / 2))
ask new mmap "$new_ram" $page shared rw $((base + 16 * size))
accepted "in two mappings"
ask new munmap $((base + 16 * size)) $page

old_maps "$ram" r
ask new mmap "$new_ram" $size shared rw $base
ask new protect $((base + size / 4)) $page r
accepted "in pieces with different permissions"

old_maps "$file" rw
ask new mmap "$new_file" $size shared rw $base
accepted "a file on tmpfs, opened by each"

size=$((4 << 20))
ask old memfd huge $size hugetlb; huge=$reply
give "$huge"
old_maps "$huge" rw
is "$(mapping "$old" $base KernelPageSize)" $((2 << 20)) "there are huge pages"
ask new mmap "$given" $size shared rw $base
accepted "huge pages"

echo force >/sys/kernel/mm/transparent_hugepage/shmem_enabled
ask old memfd thp $size; thp=$reply
give "$thp"
old_maps "$thp" rw
echo never >/sys/kernel/mm/transparent_hugepage/shmem_enabled
is "$(mapping "$old" $base ShmemPmdMapped)" $size "there are transparent huge pages"
ask new mmap "$given" $size shared rw $base
accepted "transparent huge pages"
huge_pages 0
size=$((1 << 20))

# Share anonymous memory over a fork. The child holds the descriptors as well.
stop new
old_maps anon rw
fork old new
accepted "anonymous shared memory over a fork"

old_maps anon rw private
fork old child
run dmaownctl transfer --to "$child" --json
is "$status $(reasons)" "12 old-private" "refused: private memory over a fork"
finish
