#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What listings look like: on a terminal of 80 columns, with names that are not harmless, in UTF-8 and without
# it, with units, with colours and without, and where processes are hidden.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
listings=(list ioas areas owners devices tree)

# Runs dmaownctl on a terminal of 80 columns that knows colours; $out is what stands there.
on_terminal() {
	run env TERM=xterm script -qec "stty cols 80; dmaownctl $*" /dev/null
	out=$(tr -d '\r' <<<"$out")
}
# How many columns a text takes at most; colours take none.
width() { sed $'s/\e\\[[0-9;]*m//g' <<<"$1" | LC_ALL=C.UTF-8 wc -L; }

# A process whose name holds an escape sequence, a blank, letters of one and two columns, a tabulator, and a
# byte that is no character.
strange=$'e\e[31m ü中\t\xff'
ln -s "$(command -v actor)" "$scratch/$strange"
actor() { exec "$scratch/$strange"; }
vmm odd "${edus[0]}" $size user 1001
unset -f actor
vmm plain "${edus[1]}" $size mm 1002
start heir
hand_over plain heir "$ctx"
ask heir open /dev/iommu; many=$reply
for ((i = 0; i < 12; i++)); do
	start "holder$i"
	hand_over heir "holder$i" "$many"
done

# --- 80 columns
export LC_ALL=C.UTF-8
for listing in "${listings[@]}"; do
	on_terminal $listing
	is "$status" 0 "$listing on a terminal"
	[ "$(width "$out")" -le 80 ] && pass "$listing takes 80 columns at most" || fail "$listing takes $(width "$out") columns"
	is "$(grep -c . <<<"$out")" "$(grep -c "[[:alnum:]]" <<<"$out")" "$listing: no line is empty"
done

# --- names
run dmaownctl owners --json -o PID,COMMAND
is "$(json ".owners[] | select(.pid == $odd) | .command")" $'e\e[31m ü中\t\xef\xbf\xbd' \
	"JSON has the name, and U+FFFD for what is no character"
run dmaownctl owners -o COMMAND,STATE
is "$(grep -c $'[\e\t]' <<<"$out")" 0 "a table has no control characters of a name"
line=$(grep ü <<<"$out")
like "$line" '^e\\x1b\[31m ü中\\x09\\xff +live' "they are escaped, and letters are letters"
is "$(width "${line%live*}.")" "$(width "$(head -n 1 <<<"$out" | sed 's/STATE.*/./')")" "columns are counted as they are shown"
run dmaownctl owners --raw -o COMMAND,STATE
is "$(awk '{ print NF }' <<<"$out" | sort -u)" 2 "--raw has no blanks of a name"
for command in list tree owners "tree -o NODE,COMMAND"; do
	LC_ALL=C run dmaownctl $command
	is "$status $(LC_ALL=C grep -c '[^ -~]' <<<"$out")" "0 0" "$command: only ASCII without UTF-8"
done

# --- units
unit=vm-plain.service
mkdir -p "/sys/fs/cgroup/$unit"
echo "$plain" >"/sys/fs/cgroup/$unit/cgroup.procs"
for listing in list ioas areas owners devices; do
	run dmaownctl $listing --pid "$plain" --json -o UNIT
	is "$(json -c '[.[] | .[].unit] | unique')" "[\"$unit\"]" "$listing: the unit, from the cgroup"
done

# --- colours: of a dead owner, on a terminal
ask plain exec
on_terminal owners -o PID,STATE
like "$out" $'\e\\[[0-9;]*mstale' "what is not well is coloured on a terminal"
NO_COLOR=1 on_terminal owners -o PID,STATE
is "$(grep -c $'\e' <<<"$out") $(grep -c stale <<<"$out")" "0 1" "not with NO_COLOR"
run env TERM=dumb script -qec "dmaownctl owners -o PID,STATE" /dev/null
is "$(grep -c $'\e' <<<"$out") $(grep -c stale <<<"$out")" "0 1" "not where there are none"
TERM=xterm run dmaownctl owners -o PID,STATE
is "$(grep -c $'\e' <<<"$out") $(grep -c stale <<<"$out")" "0 1" "not into a pipe"

# --- a dead owner is named by a long ID
stop plain
on_terminal list
[ "$(width "$out")" -le 80 ] && pass "list with a dead owner takes 80 columns" || fail "list with a dead owner takes $(width "$out")"
like "$out" "$(dmaownctl owners --raw -n -o OWNER,STATE | awk '$2 == "dead" { print $1 }')" "and its ID is whole"

# --- what a PID namespace hides is unknown, and never 0
for listing in "${listings[@]}"; do
	columns=$(dmaownctl $listing --list-columns --raw -n | awk '$1 ~ /^N?(PID|HOLDERS|OWNERS|COMMAND|UNIT)$/ { print $1 }' | paste -sd ,)
	run unshare --pid --fork --mount-proc dmaownctl $listing --json ${columns:+-o "$columns"}
	is "$status" 0 "$listing in a PID namespace of its own"
	is "$(json -c '[.. | objects | to_entries[] | select(.key | IN("pid", "holders", "owners", "command", "unit")) |
		.value | if type == "array" then .[] else . end | select(. == 0 or . == "")]')" "[]" "$listing: what is hidden is null"
done
finish
