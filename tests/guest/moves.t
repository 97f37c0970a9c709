#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The table of moves, which check and transfer show before their verdict.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))

# Make two contexts. The first has two IOASes that share their memory; the memory of the second is not pinned.
start old
ask old limit unlimited
ask old open /dev/iommu; ctx1=$reply
ask old open /dev/iommu; ctx2=$reply
ask old device "${edus[0]}"; dev=$reply
ask old bind "$dev" "$ctx1"
ask old setuid 1001
ask old ioas "$ctx1"; ioas1=$reply
ask old ioas "$ctx1"; ioas1b=$reply
ask old ioas "$ctx2"; ioas2=$reply
ask old memfd ram $size; ram=$reply
ask old mmap "$ram" $size shared rw $base
ask old map "$ctx1" "$ioas1" $base $size 0 rw
ask old copy "$ctx1" "$ioas1b" "$ioas1" $size 0 0 rw
ask old map "$ctx2" "$ioas2" $base $size 0 rw
ask old attach "$dev" "$ioas1"
id1=$(dmaownctl list --raw -n -o ID --context "$old/$ctx1")
id2=$(dmaownctl list --raw -n -o ID --context "$old/$ctx2")

start new
ask new limit $((3 * size))
hand_over old new "$ctx1" "$ctx2" "$dev" "$ram"
read -r new_ctx1 new_ctx2 _ new_ram <<<"$reply"
ask new setuid 1002
ask new mmap "$new_ram" $size shared rw $base

# Prints the moves in JSON, one per line, those of the first context first.
moves() {
	# shellcheck disable=SC2016 # jq's $first
	json -c --arg first "$id1" '.moves | sort_by(.context != $first) | .[] | [.context, .areas, .pinned, .pid, .command,
		.user, .state, .to, .mode, .account, .limit, .headroom]'
}
expected="[\"$id1\",2,$size,$old,\"actor\",\"1001\",\"live\",$new,\"user\",\"1002\",$((3 * size)),$((2 * size))]
[\"$id2\",1,0,$old,\"actor\",\"1001\",\"live\",$new,\"user\",\"1002\",$((3 * size)),$((2 * size))]"

# --- the same in check, transfer and over both channels
for channel in netlink debugfs; do
	run dmaownctl --channel $channel check --to "$new" --json
	is "$(moves)" "$expected" "$channel: what would move, a line for each context and owner"
done
run dmaownctl check --to "$new" --context "$id2" --json
is "$(moves)" "$(tail -n 1 <<<"$expected" | sed "s/,$((2 * size))]/,$((3 * size))]/")" \
	"of one context, and with what is charged for that one alone"
run dmaownctl check --to "$new" --from "$$" --json
is "$status $(json -c .moves)" "3 []" "of an owner who has nothing: nothing"

# --- on a terminal of 80 columns, before the verdict; an ID takes 18 columns and is not cut to the 7 of its heading
run env NO_COLOR=1 script -qec "stty cols 80; dmaownctl check --to $new" /dev/null
out=$(tr -d '\r' <<<"$out")
is "$(awk 'length > 80 + 18 - 7' <<<"$(grep -v '^would' <<<"$out")")" "" "80 columns are enough, but for the ID"
is "$(sed -n '1s/ \+/ /gp' <<<"$out")" "CONTEXT AREAS PINNED FROM COMMAND USER STATE TO MODE ACCOUNT LIMIT HEADROOM" \
	"all columns are there"
is "$(grep -c "^$id1 .* $old .* live .* $new user 1002 .* 2M\$" <<<"$out")" 1 "a line is as it was said"
like "$(sed -n 4p <<<"$out")" "^would move 3 of 3 areas in 2 contexts" "the verdict follows"

# --- a refusal: check shows the moves it is about; transfer shows what has moved, which is nothing
ask new munmap $base $page
run dmaownctl check --to "$new"
is "$status $(wc -l <<<"$out")" "12 3" "check that finds a reason shows the table"
run dmaownctl transfer --to "$new"
is "$status $out" "12 " "transfer that is refused does not"
run dmaownctl check --to "$new" --quiet
is "$status $out" "12 " "nor does check --quiet"
ask new mmap "$new_ram" $page shared rw $base

# --- moves that were made
run dmaownctl transfer --to "$new" --context "$id1"
is "$status" 0 "a transfer"
like "$out" "$id1 +2 +1M +$old actor +1001 live +$new user 1002 +3M +2M"$'\n'"moved 2 of 2 areas" "it says what has moved"
run dmaownctl transfer --to "$new" --json
is "$(moves)" "$(tail -n 1 <<<"$expected")" "what is the new one's already is not in it"
run dmaownctl transfer --to "$new"
is "$status $out" "0 nothing to do: process $new owns everything already" "nothing to do: no table"
run dmaownctl transfer --to "$old" --quiet
is "$status $out$err" "0 " "--quiet writes nothing"

# --- owners that are stale and dead
owner=$(dmaownctl owners --raw -n -o PID,OWNER | awk -v pid="$old" '$1 == pid { print $2; exit }')
ask old exec
run dmaownctl check --to "$new" --adopt --context "$id1" --json
is "$(json -c '.moves[] | [.owner, .pid, .state]')" "[\"$owner\",$old,\"stale\"]" "a stale owner"
gone=$old
stop old
run dmaownctl check --to "$new" --adopt --context "$id1" --json
is "$(json -c '.moves[] | [.owner, .pid, .state]')" "[\"$owner\",$gone,\"dead\"]" "a dead one"
run dmaownctl check --to "$new" --adopt --context "$id1"
like "$out" " $owner +1001 dead +$new " "in words: by its owner ID, as --from takes it"
ask new unmap "$new_ctx1" "$ioas1" all
ask new unmap "$new_ctx1" "$ioas1b" all
ask new unmap "$new_ctx2" "$ioas2" all
finish
