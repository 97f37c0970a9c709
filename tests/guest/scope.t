#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rules 1, 2, 7, 10 and the first half of 11: scope, all or nothing, nothing to do, dry run, holding.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))

# Make two contexts, one for each device. "old" and "new" hold both; "third" has an area in the first one.
vmm old "${edus[0]}" $size
ioas1=$ioas
ctx1=$ctx dev1=$dev group1=$group
open_context old; ctx2=$ctx
add_device old "${edus[1]}"; dev2=$dev group2=$group
new_ioas old; ioas2=$ioas
base2=0x20000000000
ask old memfd ram2 $size; ram2=$reply
ask old mmap "$ram2" $size shared rw $base2
dma_map old "$ctx2" "$ioas2" $base2 $size 0x1000000 rw
attach_device old "$dev2" "$ioas2"

start third
hand_over old third "$ctx1" "$ram"
read -r third_ctx third_ram <<<"$reply"
ask third mmap "$third_ram" $size shared rw $base
dma_map third "$third_ctx" "$ioas1" $base 64K 0x2000000 rw

start new
hand_over old new "$ram" "$ram2" "$ctx1" "$dev1" "$ctx2" "$dev2" ${group1:+"$group1" "$group2"}
read -r new_ram new_ram2 _ <<<"$reply"
ask new mmap "$new_ram" $size shared rw $base

mapfile -t ids < <(contexts_of "$old")
is "${#ids[@]}" 2 "the old process holds two contexts"
id1=$(context_of "$third")
id2=${ids[0]}; [ "$id2" != "$id1" ] || id2=${ids[1]}

# Prints the areas of both contexts, ordered by IOVA.
state() {
	dmaownctl areas --raw -n -o IOVA,PID | sed 's/ /=/' | sort | paste -sd ' '
}
all() { echo "0x0=$1 0x1000000=$2 0x2000000=$3"; }
pins() { echo "$(counted "$old") $(counted "$new") $(counted "$third")"; }

is "$(state)" "$(all "$old" "$old" "$third")" "who owns what at first"
first_pins=$(pins)
is "$first_pins" "$((2 * size)) 0 65536" "who has what pinned"

# --- all or nothing: the new process lacks the memory of the second context
run dmaownctl transfer --to "$new" --json
is "$status" 12 "one context of two does not fit: refused with exit 12"
is "$(json '[.reasons[].context] | unique | join(" ")')" "$id2" "the reason is with the second context"
is "$(json '[.reasons[] | "\(.ioas) \(.iova) \(.last)"] | join(", ")')" \
	"$ioas2 0x1000000 0x10fffff" "and names IOAS and range"
is "$(state)" "$(all "$old" "$old" "$third")" "no area of either has moved"
is "$(pins)" "$first_pins" "no counter either"

run dmaownctl transfer --to "$new" --context "$id1" --from "$old" --dry-run --json
is "$status" 0 "the first one alone would do: dry run"
is "$(json '[.result, .changed] | map(tostring) | join(" ")')" "would-move false" "a dry run changes nothing, and says so"
is "$(json '[.areas, .pinned] | map(tostring) | join(" ")')" "1 $size" "and how much it would move"
is "$(state)" "$(all "$old" "$old" "$third")" "indeed"
is "$(pins)" "$first_pins" "nor has it charged anybody"

# --- scope
run dmaownctl transfer --to "$new" --context "$id1" --from "$old" --json
is "$status" 0 "--context and --from"
is "$(state)" "$(all "$new" "$old" "$third")" "only the old one's areas in that context have moved"
is "$(json .result)" moved "it says so"
undo=$(json .undo)
is "$(pins)" "$size $size 65536" "with what they had pinned"

# shellcheck disable=SC2086 # words of a command
run $undo --json
is "$status" 0 "the command that undoes it: $undo"
is "$(state)" "$(all "$old" "$old" "$third")" "undoes it"
is "$(pins)" "$first_pins" "with what they had pinned"
run dmaownctl transfer --to "$new" --from "$old" --context "$id1" --json
is "$status" 0 "once more"

run dmaownctl transfer --to "$old" --from "$new" --context "$id1" --context "$id1" --json
is "$status" 0 "a context that is named twice counts once"
is "$(state)" "$(all "$old" "$old" "$third")" "and back"

run dmaownctl transfer --to "$new" --context "$third/$third_ctx" --json
is "$status" 0 "--context PID/FD, without --from"
is "$(state)" "$(all "$new" "$old" "$new")" "everybody's areas in that context have moved"
is "$(pins)" "$size $((size + 65536)) 0" "with what they had pinned"

run dmaownctl transfer --to "$new" --context "$id1" --json
is "$status" 0 "nothing to do is success"
is "$(json '[.result, .changed] | map(tostring) | join(" ")')" "unchanged false" "it says that nothing has changed"

ask new mmap "$new_ram2" $size shared rw $base2
run dmaownctl transfer --to "$new" --from "$old" --json
is "$status" 0 "by default all contexts that the new owner holds"
is "$(state)" "$(all "$new" "$new" "$new")" "now everything is the new one's"
is "$(pins)" "0 $((2 * size + 65536)) 0" "with everything that was pinned"

run dmaownctl transfer --to "$new" --from "$old" --json
is "$status" 3 "FROM owns nothing there: exit 3"
is "$(reasons)" nothing "and the reason"

run dmaownctl transfer --to "$old" --context "${edus[0]}" --context "${edus[1]}" --json
is "$status" 0 "contexts named by their devices: back, both in one call"
is "$(state)" "$(all "$old" "$old" "$old")" "both have moved"

# --- the new owner: the third process only lacks the second context
hand_over old third "$ram2"
ask third mmap "$reply" $size shared rw $base2
run dmaownctl transfer --to "$third" --context "$id2" --json
is "$status" 15 "TO does not hold the context: exit 15"
is "$(reasons)" not-held "and the reason"
run dmaownctl transfer --to "$third" --context "$id1" --context "$id2" --json
is "$status" 15 "nor one of two"
is "$(state)" "$(all "$old" "$old" "$old")" "nothing has moved"

start nobody
run dmaownctl transfer --to "$nobody" --json
is "$(json .changed)" false "for a process that holds nothing nothing changes"
is "$(state)" "$(all "$old" "$old" "$old")" "indeed"
gone=$nobody
stop nobody
run dmaownctl transfer --to "$gone" --json
is "$status" 10 "TO does not exist: exit 10"
run dmaownctl transfer --to "$new" --from "$gone" --json
is "$status" 10 "FROM does not exist: exit 10"
is "$(state)" "$(all "$old" "$old" "$old")" "nothing has moved"
is "$(pins)" "$((2 * size + 65536)) 0 0" "nothing is charged elsewhere"

run dmaownctl transfer
is "$status" 64 "no --to: usage"
run dmaownctl transfer --to not-a-pid
is "$status" 64 "no PID: usage"
finish
