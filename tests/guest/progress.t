#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A transfer that takes long reports its progress, on a terminal and nowhere else.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))

# Runs dmaownctl with a terminal as standard error. $stages is everything that it wrote, one state per line; $looks is
# what the terminal shows in the end.
on_terminal() {
	run script -qec "stty cols 80; dmaownctl $* >$scratch/stdout" /dev/null
	stages=$(tr '\r' '\n' <<<"$out")
	looks=$(awk -F '\r' '{
		line = ""
		for (i = 1; i <= NF; i++) line = $i substr(line, length($i) + 1)
		sub(/ +$/, "", line)
		if (line != "") print line
	}' <<<"$out")
}

vmm old "${edus[0]}" $size user 1001
successor new old $size 1001

# --- something is in flux: the tool only knows for how long
ask old open /dev/stall; stall=$reply
ask old mmap "$stall" 64K shared rw 0x40000000000
ask old background map "$ctx" "$ioas" 0x40000000000 64K 0x80000000 rw; job=$reply
ask old job "$job" 300
for command in check transfer; do
	on_terminal $command --to "$new" --timeout 4
	is "$status" 14 "$command: ends with 14"
	# A busy host may make the tool miss some of them.
	[ "$(grep -oE 'waiting, [1-4] s so far; up to 4 s for' <<<"$stages" | sort -u | wc -l)" -ge 2 ]
	is $? 0 "$command: tells that it waits, and how long"
	is "$(grep -c 'so far' <<<"$looks")" 0 "$command: nothing of that is left in the end"
	like "$(tail -n 1 <<<"$looks")" "refused.*: Device or resource busy" "$command: but the verdict"
	is "$(awk 'length > 79' <<<"$(grep "so far" <<<"$stages")")" "" "$command: no line is wider than the terminal"
done
on_terminal check --to "$new" --timeout 0.1
is "$(grep -c 'so far' <<<"$stages")" 0 "what is over within a second says nothing"
for option in --quiet --json; do
	on_terminal check --to "$new" --timeout 2 $option
	is "$status $(grep -c 'so far' <<<"$stages")" "14 0" "nor does $option"
done
run dmaownctl check --to "$new" --timeout 2
is "$status $(grep -c 'so far' <<<"$out$err")" "14 0" "nor is it told but on a terminal"
ask old write "$stall" go
ask old job "$job" $((10000 * slow))
ask old unmap "$ctx" "$ioas" 0x80000000 64K

stop old
stop new
finish
