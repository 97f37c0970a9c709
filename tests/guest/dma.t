#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 8: DMA goes on, whoever owns the memory.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((64 << 20))
# shellcheck disable=SC2317 # called by eventually
more_rounds_than() {
	ask "$1" dma-report "$2"
	[ "${reply%% *}" -gt "$3" ]
}

vmm old "${edus[0]}" $size
successor new old $size
ask old edu "$dev"
# The device copies from the beginning of the memory to its end.
ask old dma-start "$dev" 0 $base $((size - 4096)) $((base + size - 4096))
eventually more_rounds_than old "$dev" 1
pass "DMA goes on"

bad=
for ((i = 0; i < 20; i++)); do
	dmaownctl transfer --to "$new" >"$scratch/log" 2>&1 || bad+="to new: $(<"$scratch/log") "
	dmaownctl transfer --to "$old" >"$scratch/log" 2>&1 || bad+="to old: $(<"$scratch/log") "
done
is "$bad" "" "twenty transfers there and back, all of them successful"
ask old dma-report "$dev"; at=${reply%% *}
eventually more_rounds_than old "$dev" $((at + 1))
ask old dma-report "$dev"
like "$reply" '^[0-9]+ rounds 0 errors$' "every byte arrived meanwhile"

# Refused transfers and dry runs do not disturb DMA either.
run dmaownctl transfer --to "$new" --dry-run
is "$status" 0 "a dry run"
ask new munmap $base $size
run dmaownctl transfer --to "$new"
is "$status" 12 "a refusal"
ask new mmap "$new_ram" $size shared rw $base
run dmaownctl transfer --to "$new"
is "$status" 0 "and a last transfer"
ask old dma-stop "$dev"
like "$reply" '^[0-9]+ rounds 0 errors$' "every byte arrived all the time"
stop old

# The old process is gone. The device still works on the new process's memory, and on nothing else.
is "$(vm_pin "$new")" $size "the old process is gone, the memory is pinned"
ask new edu "$new_dev"
ask new write-text $((base + 8192)) "through the device"
ask new dma "$new_dev" to-device 8192 64
ask new dma "$new_dev" to-ram $((size / 2)) 64
ask new read-text $((base + size / 2))
is "$reply" "through the device" "the device reads and writes the new process's memory"
ask new dma-start "$new_dev" 0 $base 4096 $((base + 4096))
eventually more_rounds_than new "$new_dev" 1
ask new dma-stop "$new_dev"
like "$reply" '^[1-9][0-9]* rounds 0 errors$' "without an error"
ask new unmap "$new_ctx" "$ioas" all
is "$(charges "$new")" "0 0" "nothing is left"
finish
