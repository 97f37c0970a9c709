#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 9: no call waits for ever for a program that stalls iommufd on purpose.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck disable=SC2015 # pass() always succeeds
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
stall_at=0x30000000000
stall_iova=0x8000000

# Runs a command that must end by itself soon: longer than 20 s counts as for ever.
soon() { run timeout -s KILL $((20 * slow)) "$@"; }

seconds() { echo "$((SECONDS - began))"; }

# The neighbour is not involved: it has a context of its own, on the other device.
vmm neighbour "${edus[1]}" $size
successor heir neighbour $size

neighbour_feels_nothing() {
	soon dmaownctl transfer --to "$heir" --from "$neighbour" --json
	is "$status" 0 "$1: another context is moved meanwhile"
	soon dmaownctl transfer --to "$neighbour" --from "$heir" --json
	is "$status" 0 "$1: and back"
}

# Checks that all listings answer and show everything about the neighbour.
listings_answer() {
	local listing

	for listing in list ioas areas owners devices; do
		soon dmaownctl $listing --json
		is "$status" 0 "$1: $listing answers"
		run jq -e . "$scratch/out"
		is "$status" 0 "$1: $listing is valid JSON"
	done
	soon dmaownctl areas --json -o IOVA,PID,BUSY
	is "$(json -c ".areas[] | select(.pid == $neighbour) | .iova")" 0x0 "$1: the neighbour's area is listed"
	soon dmaownctl --channel debugfs list --json
	is "$status" 0 "$1: list over debugfs answers"
}

transfers_end() {
	local before waiting

	before="$(charges "$old") $(charges "$new")"
	began=$SECONDS
	soon dmaownctl transfer --to "$new" --from "$old" --timeout 1 --json
	is "$status" 14 "$1: a transfer ends with 14"
	like "$(reasons)" '^(in-flux|locked)$' "$1: for what is in flux"
	[ "$(seconds)" -lt $((10 * slow)) ] && pass "$1: at its timeout" || fail "$1: at its timeout, not after $(seconds) s"
	began=$SECONDS
	soon dmaownctl transfer --to "$new" --from "$old" --timeout 0 --json
	is "$status" 14 "$1: and without waiting when told so"
	is "$(charges "$old") $(charges "$new")" "$before" "$1: nobody is charged with anything else"

	dmaownctl transfer --to "$new" --from "$old" --timeout 3000 >/dev/null 2>&1 &
	waiting=$!
	sleep 1
	kill -0 $waiting && pass "$1: with a long timeout it waits" || fail "$1: with a long timeout it waits"
	began=$SECONDS
	kill -KILL $waiting
	wait $waiting 2>/dev/null
	is $? 137 "$1: SIGKILL ends it"
	[ "$(seconds)" -lt $((5 * slow)) ] && pass "$1: at once" || fail "$1: at once, not after $(seconds) s"
	is "$(charges "$old") $(charges "$new")" "$before" "$1: and nobody is charged with anything else"
}

for mode in none user mm; do
	uids=(1001 1002)
	[ "$mode" != none ] || uids=(0 0)

	# --- an area is being mapped: a thread of the old process waits for its memory
	vmm old "${edus[0]}" $size $mode "${uids[0]}"
	successor new old $size "${uids[1]}"
	ask old open /dev/stall; stall=$reply
	hand_over old new "$stall"; new_stall=$reply
	ask old mmap "$stall" 64K shared rw $stall_at
	ask new mmap "$new_stall" 64K shared rw $stall_at
	ask old background map "$ctx" "$ioas" $stall_at 64K $stall_iova rw; job=$reply
	ask old job "$job" 300
	is "$reply" running "$mode, mapping: stalled"
	listings_answer "$mode, mapping"
	transfers_end "$mode, mapping"
	neighbour_feels_nothing "$mode, mapping"

	# A transfer that waits succeeds when the stall ends.
	dmaownctl transfer --to "$new" --from "$old" --timeout $((60 * slow)) >"$scratch/waiting" 2>&1 &
	waiting=$!
	sleep 0.5
	ask old write "$stall" go
	ask old job "$job" $((10000 * slow))
	is "$reply" "done $stall_iova" "$mode, mapping: it goes on"
	wait $waiting
	is $? 0 "$mode, mapping: and so does a transfer that was waiting"

	soon dmaownctl transfer --to "$new" --json
	is "$status" 0 "$mode, mapping: then all of it is the new one's"
	is "$(charges "$old") $(charges "$new")" "0 0 $(charged $((size + 65536)) $mode)" "$mode, mapping: and charged to it"
	ask new unmap "$new_ctx" "$ioas" all
	is "$(charges "$old") $(charges "$new")" "0 0 0 0" "$mode, mapping: nothing is left"
	ask old detach "$dev"
	stop new

	# --- a device is being attached: iommufd pins while it holds iova_rwsem for writing
	ask old write "$stall" hold
	ask old munmap $stall_at 64K
	ask old close "$stall"
	ask old open /dev/stall; stall=$reply
	ask old mmap "$stall" 64K shared rw $stall_at
	ask old map "$ctx" "$ioas" $base $size 0 rw
	ask old map "$ctx" "$ioas" $stall_at 64K $stall_iova rw
	successor new old $size "${uids[1]}"
	hand_over old new "$stall"; new_stall=$reply
	ask new mmap "$new_stall" 64K shared rw $stall_at
	ask old background attach "$dev" "$ioas"; job=$reply
	ask old job "$job" 300
	is "$reply" running "$mode, attaching: stalled"
	listings_answer "$mode, attaching"
	soon dmaownctl ioas --json -o IOAS,BUSY --context "${edus[0]}"
	is "$(json '[.ioases[].busy | tostring] | join(" ")')" true "$mode, attaching: ioas says busy"
	soon dmaownctl list --json -o BUSY --context "${edus[0]}"
	is "$(json '[.contexts[].busy] | add')" 1 "$mode, attaching: list says busy"
	transfers_end "$mode, attaching"
	neighbour_feels_nothing "$mode, attaching"
	ask new write "$new_stall" go
	ask old job "$job" $((10000 * slow))
	like "$reply" '^done' "$mode, attaching: it goes on"
	soon dmaownctl transfer --to "$new" --json
	is "$status" 0 "$mode, attaching: then all of it is moved"
	is "$(charges "$old") $(charges "$new")" "0 0 $(charged $((size + 65536)) $mode)" "$mode, attaching: and charged"
	ask new unmap "$new_ctx" "$ioas" all
	stop new; stop old
done

# --- the process that stalls can be killed, and nothing of it is left
vmm old "${edus[0]}" $size
ask old open /dev/stall; stall=$reply
ask old mmap "$stall" 64K shared rw $stall_at
ask old background map "$ctx" "$ioas" $stall_at 64K $stall_iova rw; job=$reply
ask old job "$job" 300
is "$reply" running "stalled once more"
dmaownctl transfer --to "$old" --timeout $((60 * slow)) >"$scratch/waiting" 2>&1 &
waiting=$!
sleep 0.5
stop old
pass "who stalls can be killed while a transfer waits for him"
# The transfer may see the areas at rest once more before the process is gone: then it has nothing to do.
began=$SECONDS
wait $waiting
like "$?" '^(0|10|15)$' "and the transfer ends as well, with nothing to do or nobody to do it for"
[ "$(seconds)" -lt $((10 * slow)) ] && pass "soon" || fail "soon, not after $(seconds) s"
soon dmaownctl list --json
is "$(json '.contexts | length')" 1 "only the neighbour's context is left"
finish
