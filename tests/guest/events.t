#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Events: one for each transfer and for each refusal, and progress events of a long adoption. Also the interruption of
# such an adoption.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
progress_ms=/sys/module/dmaown/parameters/progress_ms
is "$(cat $progress_ms)" 1000 "progress is told of each second unless said otherwise"

listen >"$scratch/events" 2>"$scratch/listen.err" &
listener=$!
# If this test ends early, no listener must stay behind.
prompt=
trap 'kill $listener $prompt 2>/dev/null; cleanup' EXIT
eventually grep -q '^ready$' "$scratch/events" || broken "listen: $(cat "$scratch/listen.err")"

# Runs a command; $caller is its PID.
asks() {
	run bash -c 'echo $$ >"$1"; shift; exec "$@"' - "$scratch/caller" "$@"
	caller=$(<"$scratch/caller")
}

# start_of prints the start time of process $1 to the clock tick, from /proc/PID/stat; ticks cuts the times in an event
# to the same precision.
start_of() { awk '{ print $22 }' <<<"$(sed 's/.*) /1 2 /' "/proc/$1/stat")"; }
ticks() { sed -E 's/(_start=[0-9]+)[0-9]{7}( |$)/\1\2/g' <<<"$1"; }

vmm old "${edus[0]}" $size
successor new old $size 1002
old_start=$(start_of "$old") new_start=$(start_of "$new")

heard() { grep -c '=' "$scratch/events"; }

# Checks that there have been $1 events in all, and that the last one is $2, apart from times. $3 names the case.
told() {
	# shellcheck disable=SC2016 # for eval
	eventually eval '[ "$(heard)" -ge '"$1"' ]'
	is "$(heard)" "$1" "$3: one event"
	event=$(grep '=' "$scratch/events" | tail -n 1 | sed -E 's/(sequence|time)=[0-9]+ //g; s/ $//')
	is "$(ticks "$event")" "$2" "$3: what it says"
}

asks dmaownctl transfer --to "$new" --json
told 1 "event=transfer caller=$caller to=$new to_start=$new_start contexts=1 areas=1 pinned=$size adopted=0" "a transfer"
asks dmaownctl transfer --to "$old" --from "$new" --json
told 2 "event=transfer caller=$caller to=$old to_start=$old_start from=$new from_start=$new_start contexts=1 areas=1 pinned=$size adopted=0" \
	"a transfer with --from"

run dmaownctl transfer --to "$new" --dry-run
run dmaownctl check --to "$new"
is "$status" 0 "a dry run"
ask new munmap $base $page
run dmaownctl check --to "$new"
is "$status" 12 "one that would be refused"

asks dmaownctl transfer --to "$new" --json
told 3 "event=refusal caller=$caller to=$new to_start=$new_start contexts=1 error=6 reason=not-mapped" "a refusal, and none for dry runs"
ask new close "$new_dev"
asks dmaownctl transfer --to "$new" --json
is "$status $(reasons)" "12 not-mapped would-reset" "refused for two reasons"
like "$(tail -n 1 "$scratch/events")" "error=6 reason=" "two reasons: one event"
ask new mmap "$new_ram" $page shared rw $base
asks dmaownctl transfer --to "$new" --json
told 5 "event=refusal caller=$caller to=$new to_start=$new_start contexts=1 error=18 reason=would-reset" "a device that would be reset"
asks dmaownctl transfer --to "$new" --from 1 --json
is "$status" 3 "FROM owns nothing"
told 6 "event=refusal caller=$caller to=$new to_start=$new_start from=1 from_start=$(start_of 1) contexts=1 error=2 reason=nothing" "FROM owns nothing"

# Adopt from a dead owner.
hand_over old new "$dev"
stop old
asks dmaownctl transfer --to "$new" --json
told 7 "event=refusal caller=$caller to=$new to_start=$new_start contexts=1 error=3 reason=owner-dead" "a dead owner"
asks dmaownctl transfer --to "$new" --adopt --json
told 8 "event=transfer caller=$caller to=$new to_start=$new_start contexts=1 areas=1 pinned=$size adopted=1" "an adoption"
dma_unmap new "$new_ctx" "$ioas" all
stop new

# --- a long adoption: 512 MiB of small pages in sixteen areas; a container would pin all of them for each area
size=$((512 << 20))
vmm old "${edus[0]}" $size
case $kind in
iommufd)
	times=16 pinned=$size
	ask old ioas "$ctx"; ioas2=$reply
	for ((i = 0; i < times - 1; i++)); do
		ask old copy "$ctx" "$ioas2" "$ioas" $size $((i * 2 * size)) 0 rw
	done
	;;
type1)
	times=4 pinned=$((times * size))
	for ((i = 1; i < times; i++)); do
		dma_map old "$ctx" "$ioas" $base $size $((i * 2 * size)) rw
	done
	;;
esac
successor new old $size
stop old
total=$((times * size))
state() { echo "$(areas_of "$new") $(charges "$new")"; }
first=$(state)
is "$(grep -c event=progress "$scratch/events")" 0 "no progress was told of what is short"
echo 1 >$progress_ms

# Send SIGINT when the first progress event arrives. A listener of its own, which does nothing else, comes first.
mkfifo "$scratch/now"
listen >"$scratch/now" &
prompt=$!
exec {now}<"$scratch/now"
read -r -u "$now"
nice -n 19 env --default-signal=INT dmaownctl transfer --to "$new" --adopt >"$scratch/out" 2>"$scratch/err" &
adopter=$!
while read -r -t $patience -u "$now" line && [[ $line != *event=progress* ]]; do :; done
kill -INT $adopter
wait $adopter
interrupted=$?
kill $prompt
exec {now}<&-
is $interrupted 75 "SIGINT ends an adoption that takes long, with exit 75"
# shellcheck disable=SC2317 # called by eventually
is_refusal() { tail -n 1 "$scratch/events" | grep -q event=refusal; }
eventually is_refusal
is "$(grep -c event=progress "$scratch/events" | sed 's/[1-9].*/some/')" some "which had told of its progress"
is "$(state)" "$first" "and nothing has changed"
like "$(tail -n 1 "$scratch/events")" "event=refusal .*error=4 " "the refusal is told"

nr=$(heard)
run dmaownctl transfer --to "$new" --adopt --json
is "$status $(json -c '[.result, .areas, .adopted]')" "0 [\"moved\",$times,$times]" "without a signal it is moved"
echo 1000 >$progress_ms
progress=$(grep '=' "$scratch/events" | tail -n +$((nr + 1)) | grep event=progress)
isnt "$progress" "" "and tells of its progress"
is "$(awk '{ for (i = 1; i <= NF; i++) { split($i, f, "="); v[f[1]] = f[2] }
	if (v["total"] != '$total' || v["done"] <= last || v["done"] > v["total"] || v["to"] != '"$new"') print; last = v["done"] }' \
	<<<"$progress")" "" "which grows, up to $total bytes"
is "$(charges "$new")" "$(charged "$pinned")" "charged once"
dma_unmap new "$new_ctx" "$ioas" all
[ "$kind" = type1 ] || ask new unmap "$new_ctx" "$ioas2" all
is "$(charges "$new")" "0 0" "nothing is left"
stop new

# --- all events
kill $listener
wait $listener 2>/dev/null
is "$(cat "$scratch/listen.err")" "" "the listener has missed nothing"
is "$(grep '=' "$scratch/events" | sed -E 's/.*sequence=([0-9]+) .*/\1/' | awk 'NR > 1 && $1 != last + 1 { print last, $1 } { last = $1 }')" \
	"" "the sequence numbers of $(heard) events have no gap"
is "$(grep '=' "$scratch/events" | sed -E 's/.* time=([0-9]+) .*/\1/' | sort -nc 2>&1)" "" "and each is later than the one before"
# Put the program where this user can reach it, wherever the checkout is.
cp "$(command -v listen)" "$scratch/listen"
run setpriv --reuid 1001 --regid 1001 --clear-groups timeout $((5 * slow)) "$scratch/listen"
is "$status $out" "77 " "an ordinary user may not listen"
finish
