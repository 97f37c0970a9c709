#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Owners' states live, stale and dead, however a process got there; rules 6 and 7 for each.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
state_is() {
	run dmaownctl owners --json -o PID,STATE,MODE,COMMAND,OWNER
	is "$(json -c "[.owners[] | select(.pid == $1) | .state] | unique | join(\" \")")" "$2" "$3"
}

# --- live
vmm old "${edus[0]}" $size
state_is "$old" live "a process that maps is live"
ask old threads 3
state_is "$old" live "and with threads"
successor new old $size

# --- the leader has exited, its threads run on
ask old leave-leader
is "$(state_of "$old")" Z "the leader is a zombie"
state_is "$old" live "a process whose leader has ended is live"
run dmaownctl transfer --to "$new" --from "$old" --json
is "$status" 0 "it can be moved away from"
is "$(charges "$new")" "$(charged $size)" "with the charges"
run dmaownctl transfer --to "$old" --json
is "$status" 0 "it can be made the owner"
is "$(charges "$new") $(areas_of "$new")" "0 0 $ioas:0x0=$old" "with areas and charges"
stop old
state_is "$old" dead "when its last thread is gone it is dead"

# --- dead
run dmaownctl list --json -o OWNERS
like "$(json -c '.contexts[0].owners')" '^\["0x[0-9a-f]+"\]$' "list names a dead owner by its ID"
run dmaownctl transfer --to "$new" --json
is "$status $(reasons)" "10 owner-dead" "mapped by address by a dead owner: refused"
is "$(json -c '[.reasons[0].ioas, .reasons[0].iova, .reasons[0].last]')" "[$ioas,\"0x0\",\"0xfffff\"]" "the range is named"
is "$(charges "$new")" "0 0" "nobody is charged"
# The new process maps an area of its own: that can still be moved.
dma_map new "$new_ctx" "$ioas" $base 64K 0x1000000 rw
start third
hand_over new third "$new_ctx" "$new_dev" "$new_ram" ${new_group:+"$new_group"}
read -r _ _ third_ram _ <<<"$reply"
ask third mmap "$third_ram" $size shared rw $base
run dmaownctl transfer --to "$third" --from "$new" --json
is "$status" 0 "what a living owner has in the same context can be moved"
is "$(areas_of "$third")" "$ioas:0x0=$old $ioas:0x1000000=$third" "and the dead one's stays"
dma_unmap new "$new_ctx" "$ioas" all
is "$(charges "$new") $(charges "$third")" "0 0 0 0" "a dead owner's areas can be unmapped"
stop third; stop new

# --- stale, after an exec by the leader and by another thread
for how in exec exec-from-thread; do
	vmm old "${edus[0]}" $size
	ask old threads 2
	ask old $how
	is "$reply" "$old" "$how: the PID stays"
	state_is "$old" stale "$how: the owner is stale"
	ask old mmap "$ram" $size shared rw $base
	run dmaownctl transfer --to "$old" --json
	is "$status $(reasons)" "10 owner-stale" "$how: mapped by address before: refused, also for itself"
	# An area that it maps now has the process as its present owner, beside the areas of the stale owner.
	dma_map old "$ctx" "$ioas" $base 64K 0x1000000 rw
	run dmaownctl owners --json -o PID,STATE,AREAS
	is "$(json -c "[.owners[] | select(.pid == $old) | [.state, .areas]] | sort")" '[["live",1],["stale",1]]' \
		"$how: two owners behind one PID"
	is "$(counted "$old")" 65536 "$how: charged is what it has mapped since"

	if [ "$kind" = type1 ]; then
		: # All is mapped by address there.
	elif ! uapi_has IOMMU_IOAS_MAP_FILE; then
		try old map-file "$ctx" "$ioas" "$ram" 0 64K 0x2000000 rw
		is "$answer" "error ENOTTY map-file" "$how: this kernel cannot map by file"
	else
		ask old unmap "$ctx" "$ioas" all
		ask old map-file "$ctx" "$ioas" "$ram" 0 $size 0 rw
		ask old $how
		run dmaownctl transfer --to "$old" --json
		is "$status" 0 "$how: mapped by file before: it is made the owner of it"
		is "$(json .changed)" true "$how: which is a change"
		state_is "$old" live "$how: and lives"
		is "$(charges "$old")" "$size 0" "$how: and is charged"
	fi
	dma_unmap old "$ctx" "$ioas" all
	is "$(charges "$old")" "0 0" "$how: nothing is left"
	stop old
done

# --- no areas are left behind
run dmaownctl owners --json
is "$(json '.owners | length')" 0 "at the end there is no owner"
finish
