#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# --raise-limit raises the new owner's RLIMIT_MEMLOCK by exactly what is missing, or not at all.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((4 << 20))
low=$((64 << 10))
ample=$((64 << 20))

# Prints "SOFT HARD" of RLIMIT_MEMLOCK, as the kernel shows it.
limits() { awk '/^Max locked memory/ { print $4, $5 }' "/proc/$1/limits"; }

set_limits() { prlimit --pid "$1" --memlock="$2:$3"; }

raised() { json_in_order -c '.limit_raised'; }
said_of() { echo "{\"pid\":$1,\"from\":$2,\"to\":$3,\"hard_from\":$4,\"hard_to\":$5}"; }

# Makes old and new of different users, so that everything pinned is charged again in both modes.
pair() {
	vmm old "${edus[0]}" $size "$1" 1001
	successor new old $size 1002
}

for mode in "${modes[@]}"; do
	limited "$mode" || continue
	pair "$mode"
	# --- the hard limit leaves enough room
	set_limits "$new" $low $ample
	run dmaownctl transfer --to "$new" --json
	is "$status $(reasons)" "11 limit-$mode" "$mode: without the option it is refused"
	is "$(raised)" null "$mode: and nothing raised"
	run dmaownctl transfer --to "$new"
	advice=$(sed -n 's/.*or with: //p' <<<"$err")
	is "$advice" "prlimit --pid $new --memlock=$size:" "$mode: a refusal says how to make room"

	for dry in check 'transfer --dry-run'; do
		# shellcheck disable=SC2086 # command and option
		run dmaownctl $dry --to "$new" --raise-limit --json
		is "$status $(json -c '[.result, .changed, .errno, .reasons, .reasons_total]')" \
			'0 ["would-move",false,null,[],0]' "$mode: $dry: it would succeed"
		is "$(raised)" "$(said_of "$new" $low $size $ample $ample)" "$mode: $dry: with this limit"
		is "$(limits "$new")" "$low $ample" "$mode: $dry: which is not raised"
		is "$(charges "$new")" "0 0" "$mode: $dry: nor is anything charged"
	done
	run dmaownctl check --to "$new" --raise-limit
	like "$out" "RLIMIT_MEMLOCK of process $new would be raised from 64K to 4M \($size bytes\)" \
		"$mode: the dry run in words"

	run dmaownctl transfer --to "$new" --raise-limit --json
	is "$status $(json .result)" "0 moved" "$mode: the transfer"
	is "$(raised)" "$(said_of "$new" $low $size $ample $ample)" "$mode: it says what it has raised"
	is "$(limits "$new")" "$size $ample" "$mode: the soft limit is exactly what is locked now"
	is "$(charges "$new")" "$(charged $size "$mode")" "$mode: and that is charged"
	undo=$(json .undo)
	# shellcheck disable=SC2086 # words of a command
	run $undo --json
	is "$status $(json .result)" "0 moved" "$mode: the way back: $undo"
	is "$(limits "$new")" "$size $ample" "$mode: the limit stays raised"

	# --- nothing is missing
	run dmaownctl transfer --to "$new" --raise-limit --json
	is "$status $(json .result) $(raised)" "0 moved null" "$mode: with room enough nothing is raised"
	is "$(limits "$new")" "$size $ample" "$mode: indeed"
	run dmaownctl transfer --to "$new" --raise-limit --json
	is "$status $(json .result) $(raised)" "0 unchanged null" "$mode: nor when there is nothing to do"
	run dmaownctl transfer --to "$old" --json
	is "$status" 0 "$mode: and back"

	# --- one page is missing, beyond the hard limit
	set_limits "$new" $((size - page)) $((size - page))
	run dmaownctl check --to "$new" --raise-limit
	like "$out" "would be raised from 4M to 4M \($size bytes\), the hard limit as well" \
		"$mode: the dry run says that the hard limit is in the way too"
	run dmaownctl transfer --to "$new" --raise-limit
	is "$status" 0 "$mode: one page short, of the hard limit as well: the transfer"
	like "$out" "RLIMIT_MEMLOCK of process $new was raised .* \($size bytes\), the hard limit as well, and stays so" \
		"$mode: in words"
	is "$(limits "$new")" "$size $size" "$mode: both are exactly what is locked"
	run dmaownctl transfer --to "$old" --json
	is "$status" 0 "$mode: and back"

	# --- other locked memory counts as well
	case $mode in
	user)
		start uring
		ask uring setuid 1002
		ask uring mmap anon $low private rw; at=$reply
		ask uring uring-lock "$at" $low
		;;
	mm)
		ask new mmap anon $low private rw; at=$reply
		ask new mlock "$at" $low
		;;
	esac
	set_limits "$new" $size $ample
	run dmaownctl transfer --to "$new" --raise-limit --json
	is "$status" 0 "$mode: 64 KiB are locked already: the transfer"
	is "$(limits "$new")" "$((size + low)) $ample" "$mode: they have their place below the limit"
	run dmaownctl transfer --to "$old" --json
	is "$status" 0 "$mode: and back"
	case $mode in
	user) stop uring ;;
	mm) ask new munmap "$at" $low ;;
	esac

	# --- there is another reason against the transfer
	set_limits "$new" $low $ample
	ask new munmap $base $page
	for command in check transfer; do
		run dmaownctl $command --to "$new" --raise-limit --json
		is "$status $(reasons)" "11 limit-$mode not-mapped" "$mode: $command: memory is missing, too: refused with both reasons"
		is "$(raised)" null "$mode: $command: nothing is raised"
		is "$(limits "$new")" "$low $ample" "$mode: $command: indeed"
	done
	ask new mmap "$new_ram" $page shared rw $base

	stop old; stop new
done

# --- the transfer fails after the limit was raised

pair "$limit_mode"
set_limits "$new" $low $low

# Starts a transfer that waits after it has raised the limit; between_end lets it go on.
between() {
	rm -f "$scratch"/raised "$scratch"/go
	LD_PRELOAD=$(dirname "$(command -v actor)")/after_prlimit.so \
		AFTER_PRLIMIT="touch $scratch/raised; until [ -e $scratch/go ]; do sleep 0.05; done" \
		dmaownctl transfer --to "$new" --raise-limit "$@" >"$scratch/between.out" 2>"$scratch/between.err" &
	between=$!
	eventually test -e "$scratch/raised" || broken "the limit is raised"
	is "$(limits "$new")" "$size $size" "the limit is raised"
}

between_end() {
	touch "$scratch/go"
	wait "$between"
	status=$? out=$(<"$scratch/between.out") err=$(<"$scratch/between.err")
}

nothing_is_left() {
	is "$(limits "$new")" "$low $low" "$1: both limits are as they were"
	is "$(charges "$new") $(areas_of "$new")" "0 0 $ioas:0x0=$old" "$1: and so is everything else"
}

between --json
ask new munmap $base $page
between_end
is "$status $(reasons)" "12 not-mapped" "memory unmapped meanwhile: refused"
is "$(raised)" null "memory unmapped meanwhile: no limit is said to be raised"
like "$err" "RLIMIT_MEMLOCK of process $new had been raised, and has been restored" "memory unmapped meanwhile: it says so"
nothing_is_left "memory unmapped meanwhile"
ask new mmap "$new_ram" $page shared rw $base

# A script's background processes ignore SIGINT and SIGQUIT.
for signal in TERM HUP; do
	between --json
	kill -$signal "$between"
	between_end
	is "$status $(json .errno) $(raised)" "75 EINTR null" "SIG$signal: it ends, and says how"
	nothing_is_left "SIG$signal"
done

between
set_limits "$new" $size $ample
ask new munmap $base $page
between_end
is "$status" 12 "limits set by somebody else meanwhile: refused"
is "$(limits "$new")" "$size $ample" "they are left alone"
like "$err" "then changed by another process: it is left as it is" "and that is said"
ask new mmap "$new_ram" $page shared rw $base

set_limits "$new" $low $low
between
gone=$new
stop new
between_end
is "$status" 10 "the new owner ends meanwhile: refused"
like "$err" "$gone" "and it is named"

# --- a process that may transfer, but not raise limits
successor new old $size 1002
set_limits "$new" $low $low
run setpriv --bounding-set -sys_resource --inh-caps -sys_resource dmaownctl transfer --to "$new" --raise-limit --json
is "$status $(reasons) $(raised)" "11 limit-$limit_mode null" "without CAP_SYS_RESOURCE: refused for the limit"
like "$err" "cannot raise RLIMIT_MEMLOCK of process $new: Operation not permitted" "and why it is not raised"
nothing_is_left "without CAP_SYS_RESOURCE"
finish
