#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Output that cannot be written: no command succeeds then, and none writes the output elsewhere. Even then the tool
# reports a transfer that it has made, and how to undo it.
# shellcheck disable=SC2317 # functions are called as "$way"
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
vmm old "${edus[0]}" $size
successor new old $size
id=$(context_of "$old")
owned_by() { [ "$(dmaownctl areas --raw -n -o PID)" = "$1" ]; }

# These run a command with a descriptor closed, with output to a full device, or with output to a pipe that no process
# reads.
full() { "$@" >/dev/full; }
no_in() { "$@" <&-; }
no_out() { "$@" >&-; }
no_err() { "$@" 2>&-; }
none() { "$@" <&- >&- 2>&-; }
mkfifo "$scratch/pipe"
# shellcheck disable=SC2094 # a pipe without a reader
exec {reader}<>"$scratch/pipe" {writer}>"$scratch/pipe" {reader}>&-
unread() { "$@" >&"$writer"; }
tool=(env --default-signal=PIPE dmaownctl)
ignoring=(env --ignore-signal=PIPE dmaownctl)

# --- each command
commands=(--help --usage --version status "status --json" metrics "verify --json" "can-exit $$ --json" "can-exit $old"
	"check --to $new" "check --to $new --json" "check --to $new --from $$ --json" "check --to $new --remap auto --verbose"
	"transfer --to $new --dry-run" "owners --raw" "areas --list-columns" "tree --list-columns")
for command in list ioas areas owners holders devices "who ${edus[0]}" tree; do commands+=("$command" "$command --json"); done
for command in transfer hold watch; do commands+=("$command --help"); done
# shellcheck disable=SC2086 # command and options
for command in "${commands[@]}"; do
	run dmaownctl $command
	was=$status warned=$err lost=$((status ? status : 1))
	isnt "$out" "" "$command writes something, exit status $was"
	run full dmaownctl $command
	is "$status" $lost "$command, where there is no room"
	like "$err" 'dmaownctl: cannot write standard output: No space left on device$' "$command: which is said"
	run no_out dmaownctl $command
	is "$status" $lost "$command, without standard output"
	like "$err" 'dmaownctl: cannot write standard output: Bad file descriptor$' "$command: which is said, too"
	run no_in dmaownctl $command
	is "$status $err" "$was $warned" "$command, without standard input"
	isnt "$out" "" "$command: writes what it wrote"
	run no_err dmaownctl $command
	[ -n "$warned" ] || lost=$was
	is "$status" $lost "$command, without standard error"
	isnt "$out" "" "$command: writes what it wrote"
done
run dmaownctl check --to "$new" --remap auto --verbose
isnt "$err" "" "a success with something on standard error was among them"
run dmaownctl check --to "$new" --from $$ --json
is "$status" 3 "and a refusal"
run no_out timeout $((60 * slow)) dmaownctl watch
is "$status" 1 "watch, without standard output"
run none dmaownctl list
is "$status" 1 "list, with nothing open"
run none dmaownctl can-exit $$
is "$status" 0 "a command that has nothing to say loses nothing"

# --- a listing ends when its reader has gone
for command in list "areas --json" tree status; do
	# shellcheck disable=SC2086 # command and option
	run unread "${tool[@]}" $command
	is "$status" 141 "$command: a reader that has gone ends it"
	# shellcheck disable=SC2086 # command and option
	run unread "${ignoring[@]}" $command
	is "$status" 1 "$command: or, where the signal is ignored, is a failure"
	like "$err" 'cannot write standard output: Broken pipe$' "$command: which is said"
done

# --- a transfer reports what it has done and how to undo it
# told NAME: the last command must have moved everything to the new owner, failed to write that, and printed on standard
# error how to undo it.
told() {
	local undo

	is "$status" 1 "$1: output is lost, and that is a failure"
	owned_by "$new"
	is $? 0 "$1: it was made"
	like "$err" "standard output was lost, but the transfer was made:"$'\n' "$1: which is said"
	like "$err" $'\n'"the old owner: process $old"$'\n' "$1: whose it was"
	like "$err" $'\n'"moved 1 of 1 area in 1 context to process $new: " "$1: how much moved, and to whom"
	undo=$(sed -n 's/^undo with: //p' <<<"$err")
	is "$undo" "dmaownctl transfer --to $old --from $new --context $id" "$1: and the way back"
	# shellcheck disable=SC2086 # words of a command
	run $undo
	is "$status" 0 "$1: it works"
	owned_by "$old"
	is $? 0 "$1: and leads back"
}
for way in full no_out unread; do
	for option in '' --json; do
		run $way "${tool[@]}" transfer --to "$new" $option
		told "transfer $option, $way"
	done
	run $way "${tool[@]}" transfer --to "$new" --from $$ --json
	is "$status" 3 "a refusal, $way: its exit status is kept"
	is "$(grep -c 'was made' <<<"$err")" 0 "a refusal, $way: nothing was made"
	run $way "${tool[@]}" transfer --to "$new" --quiet
	is "$status $err" "0 " "transfer --quiet, $way: there is nothing to lose"
	run dmaownctl transfer --to "$old" --quiet
	is "$status" 0 "transfer --quiet, $way: and back"
done
run unread "${ignoring[@]}" transfer --to "$new"
told "transfer, unread, with the signal ignored"
# A write beyond the permitted file size raises a signal too.
run bash -c '(ulimit -f 0; exec dmaownctl transfer --to "$1" >"$2") 2>&1 | cat; exit "${PIPESTATUS[0]}"' - "$new" "$scratch/file"
err=$out
told "transfer into a file that may not grow"

# --- hold continues to hold
# Starts hold in the way $1 and waits until it is the owner; $hold is its PID.
hold() {
	$1 exec "${tool[@]}" hold "$old" </dev/null >"$scratch/hold.out" 2>"$scratch/hold.err" &
	hold=$!
	eventually owned_by $hold || broken "hold does not become the owner: $(cat "$scratch/hold.err")"
}
held() {
	wait "$hold"
	status=$?
	said=hold out='' err=$(<"$scratch/hold.err")
}
for way in full no_out unread; do
	hold $way
	like "$(cat "$scratch/hold.err")" "process $hold holds 1 area in 1 context, 1M pinned, for process $old" \
		"hold, $way: it holds, and says so on standard error"
	kill -TERM "$hold"
	held
	like "$err" "handed 1 area back to process $old, 1M pinned" "hold, $way: and has handed it back"
	owned_by "$old"
	is "$? $status" "0 1" "hold, $way: it fails, after it has handed back"
	run $way "${tool[@]}" hold "$old" -- bash -c 'exit 7'
	is "$status" 7 "hold, $way: the exit status of a command is kept"
	run $way "${tool[@]}" hold "$old" -- "$scratch/nothing"
	is "$status $(grep -c 'cannot write' <<<"$err")" "127 1" "hold, $way: of one that is not there, too; and it is said once"
	run $way "${tool[@]}" hold "$old" --quiet -- true
	is "$status $err" "0 " "hold --quiet, $way: there is nothing to lose"
done
hold none
is "$(readlink "/proc/$hold/fd/0" "/proc/$hold/fd/1" "/proc/$hold/fd/2" | paste -sd ' ')" "/dev/null /dev/null /dev/null" \
	"hold, with nothing open: none of what it opens has the number of one of these"
kill -TERM "$hold"
held
is "$status" 1 "hold, with nothing open: it fails in the end"
run none dmaownctl hold "$old" -- bash -c '[ ! -e /proc/$$/fd/0 ] && [ ! -e /proc/$$/fd/1 ] && [ ! -e /proc/$$/fd/2 ] && exit 8'
is "$status" 8 "hold, with nothing open: nor has its command"

dma_unmap old "$ctx" "$ioas" all
is "$(areas_of "$old") $(charges "$old") $(charges "$new")" " 0 0 0 0" "nothing is left"
finish
