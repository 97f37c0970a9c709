#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 9: no call waits for ever for a program that stalls VFIO on purpose. Its thread maps memory whose pages do not
# come. Meanwhile VFIO holds the lock of the whole container, and mmap_lock.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
stall_at=0x30000000000
stall_iova=0x8000000

# Runs a command that must end by itself soon: longer than 20 s counts as for ever.
soon() { run timeout -s KILL $((20 * slow)) "$@"; }

type1_vmm neighbour "${edus[1]}" $size
type1_successor heir neighbour $size
type1_vmm old "${edus[0]}" $size
type1_successor new old $size
ask old open /dev/stall; stall=$reply
ask old write "$stall" lock
hand_over old new "$stall"; new_stall=$reply
ask old mmap "$stall" 64K shared rw $stall_at
ask new mmap "$new_stall" 64K shared rw $stall_at
before="$(charges "$old") $(charges "$new")"
id=$(dmaownctl list --raw -n -o ID --context "${edus[0]}")
ask old background type1-map "$container" $stall_at 64K $stall_iova rw; job=$reply
ask old job "$job" 300
is "$reply" running "the mapping is stalled"

for listing in list ioas areas owners devices tree; do
	soon dmaownctl $listing --json
	is "$status" 0 "$listing answers"
	run jq -e . "$scratch/out"
	is "$status" 0 "$listing is valid JSON"
done
soon dmaownctl list --raw -n -o ID,BUSY
like "$out" "$id 1" "the container is busy"
soon dmaownctl areas --raw -n -o CONTEXT,KIND,STATE,PID
like "$out" "$id type1 busy" "its areas are not known"
like "$out" "type1 live $neighbour" "the neighbour's are"
soon dmaownctl list --raw -n -o ID --context "$old/$container"
is "$out" "$id" "it can be named by its file"

soon dmaownctl transfer --to "$new" --from "$old" --timeout 1 --json
is "$status $(reasons)" "14 locked" "a transfer ends with 14, at its timeout"
soon dmaownctl transfer --to "$new" --from "$old" --timeout 0 --json
is "$status" 14 "and without waiting when told so"
dmaownctl transfer --to "$new" --from "$old" --timeout 3000 >/dev/null 2>&1 &
waiting=$!
sleep 1
kill -KILL $waiting
wait $waiting 2>/dev/null
is $? 137 "SIGKILL ends one that waits"
soon dmaownctl transfer --to "$heir" --from "$neighbour" --json
is "$status" 0 "another container is moved meanwhile"

dmaownctl transfer --to "$new" --from "$old" --timeout $((60 * slow)) >"$scratch/waiting" 2>&1 &
waiting=$!
sleep 0.5
ask old write "$stall" go
ask old job "$job" $((10000 * slow))
like "$reply" "^done" "the mapping goes on"
wait $waiting
is $? 0 "and so does a transfer that was waiting"
soon dmaownctl transfer --to "$new" --json
is "$status" 0 "then all of it is the new one's"
is "$(charges "$old") $(charges "$new")" "0 0 0 $((size + 65536))" "and charged to it"
ask new type1-unmap "$new_container" 0 $size
ask new type1-unmap "$new_container" $stall_iova 64K
is "$(charges "$old") $(charges "$new")" "0 0 0 0" "nothing is left"
finish
