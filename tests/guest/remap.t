#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 5: the new owner has the memory at other addresses, and names them.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((2 << 20))
elsewhere=0x20000000000

# Prints the recorded addresses of the areas, in one line: "IOAS:IOVA=ADDR ..."
addresses() {
	dmaownctl areas --raw -n -o IOAS,IOVA,ADDR | awk '{ printf "%s%s:%s=%s", n++ ? " " : "", $1, $2, $3 }'
}

for mode in "${modes[@]}"; do
	read -ra uids <<<"$(users_of "$mode")"

	vmm old "${edus[0]}" $size "$mode" "${uids[0]}"
	dma_map old "$ctx" "$ioas" $base $((size / 2)) 0x1000000 r
	successor new old $size "${uids[1]}"
	ask new munmap $base $size
	ask new mmap "$new_ram" $size shared rw $elsewhere
	before=$(addresses)
	pinned=$(counted "$old")
	entries=$ioas:0=$elsewhere,$ioas:0x1000000=$elsewhere

	run dmaownctl transfer --to "$new" --json
	is "$status $(reasons)" "12 not-mapped" "$mode: without a list it is refused"

	run dmaownctl transfer --to "$new" --remap "$ioas:0=$elsewhere" --json
	is "$status $(reasons)" "13 remap-missing" "$mode: refused: one area has no entry"
	is "$(json '.reasons[0].iova')" 0x1000000 "$mode: and is named"
	run dmaownctl transfer --to "$new" --remap "$entries,$ioas:0x2000=$elsewhere" --json
	is "$status $(reasons)" "13 remap-unknown" "$mode: refused: nothing begins there"
	is "$(json '.reasons[0].value')" 2 "$mode: with the number of the entry"
	run dmaownctl transfer --to "$new" --remap "$entries,99:0=$elsewhere" --json
	is "$status $(reasons)" "13 remap-unknown" "$mode: refused: there is no such IOAS"
	run dmaownctl transfer --to "$new" --remap "$entries" --remap "$ioas:0=$elsewhere" --json
	is "$status $(reasons)" "13 remap-twice" "$mode: refused: one area has two entries"
	run dmaownctl transfer --to "$new" --remap "$ioas:0=${elsewhere}8" --remap "$ioas:0x1000000=$elsewhere" --json
	is "$status $(reasons)" "13 remap-offset" "$mode: refused: not at the same place in a page"
	run dmaownctl transfer --to "$new" --remap "$ioas:0=0x20000001000,$ioas:0x1000000=$elsewhere" --json
	is "$status" 12 "$mode: refused: another part of the memory"
	like "$(reasons)" other-offset "$mode: with the reason"
	is "$(addresses)" "$before" "$mode: nothing has changed: addresses"
	is "$(counted "$old") $(counted "$new")" "$pinned 0" "$mode: nor charges"

	run dmaownctl transfer --to "$new" --remap "$entries" --dry-run --json
	is "$status $(json .result)" "0 would-move" "$mode: it would succeed with a whole list"
	run dmaownctl transfer --to "$new" --remap "$entries" --json
	is "$status $(json .result)" "0 moved" "$mode: and does"
	undo=$(json .undo)
	is "$(addresses)" "$ioas:0x0=$elsewhere $ioas:0x1000000=$elsewhere" "$mode: the areas have the new addresses"
	is "$(counted "$old") $(counted "$new")" "0 $pinned" "$mode: and the new owner is charged"
	run dmaownctl transfer --to "$new" --remap "$entries" --json
	is "$status $(json .result)" "0 unchanged" "$mode: once more: nothing to do"

	# shellcheck disable=SC2086 # words of a command
	run $undo
	is "$status" 0 "$mode: the way back that was printed works: $undo"
	is "$(addresses)" "$before" "$mode: with the old addresses"
	is "$(counted "$old") $(counted "$new")" "$pinned 0" "$mode: and charges"

	# The owner stays, and has moved the memory within its address space. Its limit does not matter.
	prlimit --pid "$old" --memlock=0
	ask old mmap "$ram" $size shared rw $elsewhere
	run dmaownctl transfer --to "$old" --remap "$entries" --json
	is "$status $(json -c '[.result, .areas, .charged_user, .charged_mm]')" '0 ["moved",2,0,0]' \
		"$mode: a process that has moved its own memory"
	is "$(addresses)" "$ioas:0x0=$elsewhere $ioas:0x1000000=$elsewhere" "$mode: has it there now"
	is "$(counted "$old")" "$pinned" "$mode: and is charged as before"

	dma_unmap old "$ctx" "$ioas" all
	is "$(charges "$old") $(charges "$new")" "0 0 0 0" "$mode: nobody is charged in the end"
	stop old
	stop new
done

# A container pins when it maps.
[ "$kind" = iommufd ] || finish

# Memory that is not pinned yet is pinned later at the new address: attach a device after the transfer.
start old
ask old open /dev/iommu; ctx=$reply
ask old device "${edus[0]}"; dev=$reply
ask old bind "$dev" "$ctx"
ask old ioas "$ctx"; ioas=$reply
ask old ioas "$ctx"; ioas2=$reply
ask old memfd ram $size; ram=$reply
ask old mmap "$ram" $size shared rw $base
ask old map "$ctx" "$ioas" $base $size 0 rw
ask old copy "$ctx" "$ioas2" "$ioas" $((size / 2)) 0x1000000 $((size / 2)) rw
successor new old $size
ask new munmap $base $size
ask new mmap "$new_ram" $size shared rw $elsewhere
half=$(printf '0x%x' $((elsewhere + size / 2)))
run dmaownctl transfer --to "$new" --remap "$ioas:0=$elsewhere,$ioas2:0x1000000=$elsewhere" --json
is "$status $(reasons)" "13 remap-differs" "refused: two areas of one pages object at addresses that do not fit"
run dmaownctl transfer --to "$new" --remap "$ioas:0=$elsewhere,$ioas2:0x1000000=$half" --json
is "$status" 0 "moved with addresses that do"
is "$(addresses)" "$ioas:0x0=$elsewhere $ioas2:0x1000000=$half" "and both areas have them"
ask old munmap $base $size
ask new write-text $elsewhere pinned where the new owner has it
ask new attach "$new_dev" "$ioas"
is "$(vm_pin "$old") $(vm_pin "$new")" "0 $size" "a device attached afterwards pins the new owner's memory"
ask new edu "$new_dev"
ask new dma "$new_dev" to-device 0 2048
ask new dma "$new_dev" to-ram 0x1000 2048
ask new read-text "$(printf '0x%x' $((elsewhere + 0x1000)))"
is "$reply" "pinned where the new owner has it" "and works on it"
finish
