#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The appearance of listings: on a terminal of 80 or 40 columns, with harmful names, in UTF-8 and without, with units,
# with colours and without, and where processes are hidden.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck disable=SC2015 # pass() always succeeds
# shellcheck disable=SC2046 # IDs are words
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
listings=(list ioas areas owners devices tree)

# Runs dmaownctl on a terminal with $wide columns and colours; $out is what the terminal shows.
wide=80
on_terminal() {
	run env TERM=xterm script -qec "stty cols $wide; dmaownctl $*" /dev/null
	out=$(tr -d '\r' <<<"$out")
}
# Prints the width of a text in columns; colours take none.
# shellcheck disable=SC2001 # a regular expression
width() { sed $'s/\e\\[[0-9;]*m//g' <<<"$1" | LC_ALL=C.UTF-8 wc -L; }

# Start a process whose name contains an escape sequence, a blank, letters of one and of two columns, a tab, and a byte
# that is not a character.
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

# Checks that each ID in $@ appears whole in $out.
whole() {
	local name=$1 id missing=
	shift

	for id in "$@"; do grep -qE "(^|[^0-9a-f])$id([^0-9a-f]|\$)" <<<"$out" || missing+=" $id"; done
	is "$missing" "" "$name, $wide columns: all IDs are whole"
}
# Prints the IDs that a listing shows: of contexts, or of owners.
ids_of() {
	case $1 in
	owners) dmaownctl owners --raw -n -o OWNER ;;
	list | tree) dmaownctl list --raw -n -o ID ;;
	*) dmaownctl "$1" --raw -n -o CONTEXT ;;
	esac
}

# --- 80 columns. An ID takes 18 columns and is not cut to the 7 of its heading: a table is wider only where this needs
# more room
export LC_ALL=C.UTF-8
most() { case $1 in owners | areas) echo $((80 + 18 - 7)) ;; *) echo 80 ;; esac; }
for listing in "${listings[@]}"; do
	on_terminal "$listing"
	is "$status" 0 "$listing on a terminal"
	[ "$(width "$out")" -le "$(most "$listing")" ] && pass "$listing takes 80 columns at most, but for the ID" || fail "$listing takes $(width "$out") columns"
	whole "$listing" $(ids_of "$listing")
	is "$(grep -c . <<<"$out")" "$(grep -c "[[:alnum:]]" <<<"$out")" "$listing: no line is empty"
done

# --- 40 columns
wide=40
owners=$(dmaownctl owners --raw -n -o OWNER)
for listing in "${listings[@]}"; do
	on_terminal "$listing"
	is "$status" 0 "$listing on a narrow terminal"
	whole "$listing" $(ids_of "$listing")
done
for listing in areas tree; do
	on_terminal $listing -o +OWNER
	# shellcheck disable=SC2086 # IDs
	whole "$listing -o +OWNER" $owners $(ids_of $listing)
done
on_terminal areas -o +PAGES
whole "areas -o +PAGES" $(dmaownctl areas --raw -n -o CONTEXT,IOVA,ADDR,PAGES)
run dmaownctl check --to "$heir" --force would-reset --force untrusted-holder --json
moving=$(json '.moves[].context')
like "$moving" "^0x" "something is to move"
on_terminal check --to "$heir" --force would-reset --force untrusted-holder
# shellcheck disable=SC2086 # IDs
whole "check" $moving
wide=80

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
	# shellcheck disable=SC2086 # command and option
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

# --- colours: a dead owner, on a terminal
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
dead=$(dmaownctl owners --raw -n -o OWNER,STATE | awk '$2 == "dead" { print $1 }')
for wide in 80 40; do
	on_terminal list
	whole "list with a dead owner" "$dead" $(ids_of list)
	on_terminal tree
	whole "tree with a dead owner" "$dead" $(ids_of tree)
done
wide=80
on_terminal list
[ "$(width "$out")" -le $((80 + 18 - 7)) ] && pass "list with a dead owner takes 80 columns, but for the ID" ||
	fail "list with a dead owner takes $(width "$out")"
on_terminal check --to "$heir" --from "${dead:0:12}" --adopt --force would-reset --force untrusted-holder
like "$out" "[^0-9a-f]${dead}[^0-9a-f]" "check: who it was is named by its whole ID, and found by the beginning of it"

# --- values that a PID namespace hides are unknown, and never 0
for listing in "${listings[@]}"; do
	columns=$(dmaownctl "$listing" --list-columns --raw -n | awk '$1 ~ /^N?(PID|HOLDERS|OWNERS|COMMAND|UNIT)$/ { print $1 }' | paste -sd ,)
	run unshare --pid --fork --mount-proc dmaownctl "$listing" --json ${columns:+-o "$columns"}
	is "$status" 0 "$listing in a PID namespace of its own"
	is "$(json -c '[.. | objects | to_entries[] | select(.key | IN("pid", "holders", "owners", "command", "unit")) |
		.value | if type == "array" then .[] else . end | select(. == 0 or . == "")]')" "[]" "$listing: what is hidden is null"
done
finish
