#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rules that differ for VFIO containers: nothing is shared, memory is pinned when it is mapped, and the kernel's own
# way, address by address, works as promised.
kind=type1
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
elsewhere=0x20000000000

# Prints address, owner and validity of the address of each mapping; VmPin and VmLck of both processes.
state() { areas_and_charges IOVA,ADDR,PID,STATE,INVALID; }

# --- memory that is mapped twice is pinned twice: two mappings share nothing
for mode in "${modes[@]}"; do
	read -ra uids <<<"$(users_of "$mode")"
	vmm old "${edus[0]}" $size "$mode" "${uids[0]}"
	dma_map old "$ctx" "$ioas" $base $size 0x1000000 rw
	dma_map old "$ctx" "$ioas" $base $((size / 2)) 0x2000000 r
	total=$((5 * size / 2))
	is "$(charges "$old")" "0 $total" "$mode: mapped twice and a half: charged as often"
	limit=$total successor new old $size "${uids[1]}"
	run dmaownctl areas --json -o SHARERS,PINNED,PAGES
	is "$(json -c '[.areas[] | [.sharers, .pinned]]') $(json '[.areas[].pages] | unique | length')" \
		"[[1,$size],[1,$size],[1,$((size / 2))]] 3" "$mode: each mapping is a pages object of its own"
	run dmaownctl transfer --to "$new" --json
	is "$status $(json -c '[.areas, .pages_objects, .pinned]')" "0 [3,3,$total]" "$mode: all of them move"
	is "$(charges "$old") $(charges "$new")" "0 0 0 $total" "$mode: and each is charged, to the new one"
	dma_unmap new "$new_ctx" "$ioas" 0 $size
	is "$(charges "$old") $(charges "$new")" "0 0 0 $((3 * size / 2))" "$mode: one unmapped: the others stay charged"
	run dmaownctl transfer --to "$old"
	is "$status $(charges "$old") $(charges "$new")" "0 0 $((3 * size / 2)) 0 0" "$mode: what is left moves back"
	dma_unmap old "$ctx" "$ioas" all
	is "$(charges "$old") $(charges "$new")" "0 0 0 0" "$mode: nothing is left"
	stop old; stop new
done

# --- the kernel's own way (VFIO_DMA_UNMAP_FLAG_VADDR, VFIO_DMA_MAP_FLAG_VADDR) against ours, in the cases where
# iommufd's own way fails: without limits, with a limit of exactly what is pinned, and with the old owner gone
for mode in "${modes[@]}"; do
	read -ra uids <<<"$(users_of "$mode")"
	limit=$size vmm old "${edus[0]}" $size "$mode" "${uids[0]}"
	limit=$size successor new old $size "${uids[1]}"
	first=$(state)
	run dmaownctl transfer --to "$new"
	moved=$(state)
	is "$status $moved" "0 0x0 $base $new live no 0 0 0 $size" "$mode: our way: owner and charges"
	run dmaownctl transfer --to "$old"
	is "$status $(state)" "0 $first" "$mode: and back"
	ask old type1-invalidate "$ctx" all
	ask new type1-validate "$new_ctx" $base $size 0
	is "$(state)" "$moved" "$mode: the kernel's own way: owner and charges are the same"
	run dmaownctl transfer --to "$old"
	is "$status $(state)" "0 $first" "$mode: and our way back from there"

	ask old mmap "$ram" $size shared rw $elsewhere
	there="0x0 $elsewhere $old live no 0 $size 0 0"
	run dmaownctl transfer --to "$old" --remap "$ioas:0=$elsewhere"
	is "$status $(state)" "0 $there" "$mode: its own memory, moved, with just the limit: our way"
	run dmaownctl transfer --to "$old" --remap "$ioas:0=$base"
	is "$status $(state)" "0 $first" "$mode: and back"
	ask old type1-invalidate "$ctx" 0 $size
	ask old type1-validate "$ctx" $elsewhere $size 0
	is "$(state)" "$there" "$mode: the kernel's own way: the same"

	ask old type1-invalidate "$ctx" all
	stop old
	ask new type1-validate "$new_ctx" $base $size 0
	is "$(dmaownctl areas --raw -n -o IOVA,ADDR,PID,STATE,INVALID) $(charges "$new")" "0x0 $base $new live no 0 $size" \
		"$mode: the kernel's own way when the old owner is gone: owner and charges"
	dma_unmap new "$new_ctx" "$ioas" all
	is "$(charges "$new")" "0 0" "$mode: after the last unmap nothing is charged"
	stop new
done

# --- later changes: other mappings, and a device that joins
vmm old "${edus[0]}" $size
successor new old $size
ask new munmap $base $size
ask new mmap "$new_ram" $size shared rw $elsewhere
run dmaownctl transfer --to "$new" --remap "$ioas:0=$elsewhere"
is "$status" 0 "moved to another address"
stop old
ctx=$new_ctx
add_device new "${edus[1]}"
run dmaownctl areas --raw -n -o IOVA,ADDR,PID,STATE
is "$out $(charges "$new")" "0x0 $elsewhere $new live 0 $size" "a device that joins later changes neither owner nor charges"
ask new edu "$dev"
ask new write-text $elsewhere where the new owner has it
ask new dma "$dev" to-device 0 2048
ask new dma "$dev" to-ram 0x1000 2048
ask new read-text "$(printf 0x%x $((elsewhere + 0x1000)))"
is "$reply" "where the new owner has it" "and works on the new owner's memory"
dma_map new "$ctx" "$ioas" $elsewhere $page 0x1000000 rw
is "$(charges "$new")" "0 $((size + page))" "what is mapped later is charged to who maps it"
dma_unmap new "$ctx" "$ioas" all
is "$(charges "$new")" "0 0" "nothing is left"
finish
