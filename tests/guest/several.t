#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Several contexts in one transaction: all or nothing for all of them. Also concurrent transfers of overlapping
# contexts, named in opposite orders.
# shellcheck disable=SC2015 # pass() always succeeds
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
total=$((2 * size))
# A container does not work without a device.
case $kind in
iommufd) nr=4 ;;
type1) nr=2 ;;
esac

# Make this many contexts of process "old", as user 1001 in a mode with limits. The first two have a device each, so
# their memory is pinned. The n-th has one area, of its own memory, at IOVA n * 16M.
start old
ask old limit unlimited
contexts=() devices=() ioases=() rams=()
for ((i = 0; i < nr; i++)); do
	open_context old; contexts+=("$ctx")
	[ $i -lt 2 ] || continue
	add_device old "${edus[i]}"; devices+=("$dev" ${group:+"$group"})
done
ask old setuid 1001
for ((i = 0; i < nr; i++)); do
	ctx=${contexts[i]}
	new_ioas old; ioases+=("$ioas")
	ask old memfd ram$i $size; rams+=("$reply")
	ask old mmap "$reply" $size shared rw $((base + i * size))
	dma_map old "$ctx" "$ioas" $((base + i * size)) $size $((i << 24)) rw
	[ $i -ge 2 ] || attach_device old "${devices[i]}" "$ioas"
done

start new
ask new limit unlimited
hand_over old new "${contexts[@]}" "${rams[@]}" "${devices[@]}"
read -ra given <<<"$reply"
new_contexts=("${given[@]:0:nr}") new_rams=("${given[@]:nr:nr}")
ask new setuid 1002
for ((i = 0; i < nr; i++)); do
	ask new mmap "${new_rams[i]}" $size shared rw $((base + i * size))
done
witness 1001
witness 1002

# The IDs of the contexts, in the same order.
ids=()
for ((i = 0; i < nr; i++)); do
	ids+=("$(dmaownctl list --raw -n -o ID --context "$old/${contexts[i]}")")
done
is "$(printf '%s\n' "${ids[@]}" | sort -u | wc -l)" "$nr" "there are $nr contexts"

# Prints the owner of each area, in the order of the IOVAs.
owners() {
	dmaownctl areas --raw -n -o CONTEXT,IOVA,PID |
		awk -v ids=" ${ids[*]} " 'index(ids, " " $1 " ") { print $2, $3 }' | sort | awk '{ print $2 }' | paste -sd ' '
}
charges_of_both() { echo "$(counted "$old") $(counted "$new") $(user_locked 1001) $(user_locked 1002)"; }
# Prints the expected charges when old has $1 bytes pinned and new $2. For iommufd their users are charged as well.
charges_are() { [ "$kind" = type1 ] && echo "$1 $2 0 0" || echo "$1 $2 $1 $2"; }
# Prints process $1 once for each context.
each() { for ((i = 0; i < nr; i++)); do echo "$1"; done | paste -sd ' '; }
state() { echo "$(owners) $(charges_of_both)"; }
all_of_old="$(each "$old") $(charges_are $total 0)"
all_of_new="$(each "$new") $(charges_are 0 $total)"
is "$(state)" "$all_of_old" "at first all is the old one's"

# --- all or nothing: one context after the other prevents the transfer
for ((i = 0; i < nr; i++)); do
	ask new munmap $((base + i * size)) $page
	run dmaownctl transfer --to "$new" --json
	is "$status $(json -c '[.reasons[] | [.reason, .context, .last]]')" \
		"12 [[\"not-mapped\",\"${ids[i]}\",\"$(printf '0x%x' $(((i << 24) + page - 1)))\"]]" \
		"context $i does not fit: it is the one that is named"
	is "$(state)" "$all_of_old" "context $i does not fit: nothing moves in any"
	ask new mmap "${new_rams[i]}" $page shared rw $((base + i * size))
done

# --- a limit applies to all contexts together
prlimit --pid "$new" --memlock=$((total - page))
for id in "${ids[0]}" "${ids[1]}"; do
	run dmaownctl transfer --to "$new" --context "$id" --dry-run --json
	is "$status" 0 "the limit is enough for one context"
done
run dmaownctl transfer --to "$new" --json
is "$status $(json -c '[.reasons[] | [.reason, .value, .limit]]')" "11 [[\"limit-$limit_mode\",$total,$((total - page))]]" \
	"and one page short of what both come to"
is "$(state)" "$all_of_old" "nothing moves in any"
prlimit --pid "$new" --memlock=$total

# --- all
run dmaownctl transfer --to "$new" --json
is "$status $(json -c '[.result, .contexts, .areas, .pinned]')" "0 [\"moved\",$nr,$nr,$total]" "all contexts at once"
is "$(state)" "$all_of_new" "everything has moved"
undo=$(json .undo)
# shellcheck disable=SC2086 # words of a command
run $undo
is "$status $(state)" "0 $all_of_old" "the way back that was printed: $undo"
# Name every other context.
named=() owned=()
for ((i = 0; i < nr; i += 2)); do
	named=(--context "${ids[i]}" "${named[@]}") owned+=("$new" "$old")
done
run dmaownctl transfer --to "$new" "${named[@]}" --json
is "$status $(json -c '[.contexts, .areas]')" "0 [$((nr / 2)),$((nr / 2))]" "half of them, named"
is "$(owners)" "${owned[*]}" "and no other"
run dmaownctl transfer --to "$new" --json
is "$status $(json -c '[.contexts, .areas, .areas_total]')" "0 [$nr,$((nr / 2)),$nr]" "then the rest: what is as wanted is left alone"
run dmaownctl transfer --to "$old"
is "$status $(state)" "0 $all_of_old" "and back"

# --- concurrent transfers in opposite orders. Each loop counts the exit statuses that it gets. It lasts 8 seconds, or
# longer where 20 transfers take longer.
seconds=8
transfers() { dmaownctl status --json | jq .status.transfers; }
prlimit --pid "$new" --memlock=unlimited
contest() {
	local name=$1 to=$2 end=$((SECONDS + seconds)) i
	local -A times=()
	shift 2

	while [ $SECONDS -lt $end ] || { [ $SECONDS -lt $((end + seconds * slow)) ] && [ "$(transfers)" -le 20 ]; }; do
		dmaownctl transfer --quiet --timeout $((20 * slow)) --to "$to" "$@" 2>>"$scratch/$name.err"
		i=$?
		times[$i]=$((${times[$i]:-0} + 1))
	done
	for i in "${!times[@]}"; do echo "$name $i ${times[$i]}"; done >"$scratch/$name.times"
}
a=(--context "${ids[0]}") b=(--context "${ids[1]}") c=() d=()
[ "$nr" -le 2 ] || c=(--context "${ids[2]}") d=(--context "${ids[3]}")
pids=()
contest forth "$new" "${a[@]}" "${b[@]}" "${c[@]}" "${d[@]}" & pids+=($!)
contest back "$old" "${d[@]}" "${c[@]}" "${b[@]}" "${a[@]}" & pids+=($!)
contest left "$new" "${b[@]}" "${a[@]}" & pids+=($!)
contest right "$old" "${c[@]}" "${b[@]}" & pids+=($!)
wait "${pids[@]}"
for name in forth back left right; do
	others=$(awk '$2 != 14' "$scratch/$name.times")
	like "$others" "^$name 0 [1-9][0-9]*$" "$name: transfers succeed, and if not, they were busy: $(paste -sd , "$scratch/$name.times")"
	is "$(grep -vE 'locked by another|in flux|being mapped|busy|Device or resource' "$scratch/$name.err")" "" \
		"$name: and say nothing else"
done
moved=$(transfers)
[ "${moved:-0}" -gt 20 ] && pass "things went back and forth ($moved times)" || fail "things went back and forth ($moved times)"
# Whoever owns which area now, the totals are right.
mine=0 theirs=0
read -ra now <<<"$(owners)"
for ((i = 0; i < 2; i++)); do
	[ "${now[i]}" = "$old" ] && mine=$((mine + size)) || theirs=$((theirs + size))
done
is "$(charges_of_both)" "$(charges_are $mine $theirs)" "charged is what each owns"
run dmaownctl transfer --to "$new"
is "$status $(state)" "0 $all_of_new" "one last time: all of it is the new one's"
for ((i = 0; i < nr; i++)); do
	dma_unmap new "${new_contexts[i]}" "${ioases[i]}" all
done
is "$(charges_of_both)" "0 0 0 0" "and nothing is left"
finish
