#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The repairs that verify and can-exit suggest for an owner: a command does what it says, and no command names a process
# that has none of the memory. Where no command would work, the tool says what prevents one.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
elsewhere=0x20000000000

# Sets $found, $command and $advice from the first finding about an owner ("null" if a part is absent).
look() {
	local finding

	run dmaownctl "$@" --json
	finding=$(json -c '[.[].findings[] | select(.finding | IN("mischarged", "not-holder", "stale-owner", "dead-owner"))][0]')
	found=$(jq -r .finding <<<"$finding") command=$(jq -r .command <<<"$finding") advice=$(jq -r .advice <<<"$finding")
}

# mends FOUND OPTIONS WHAT COMMAND...: COMMAND must find FOUND and suggest a command that has OPTIONS after the context
# and makes $to the owner of everything; after that, COMMAND must find nothing more about owners.
mends() {
	local expected=$1 options=$2 what=$3
	shift 3

	look "$@"
	is "$found $advice $err" "$expected null " "$what: found"
	like "$command" "^dmaownctl transfer --to $to --from [^ ]* --context $id$options\$" "$what: the command"
	run bash -c "$command"
	is "$status $(owners)" "0 $to live" "$what: it does what it says"
	look "$@"
	is "$found" null "$what: and nothing more is found"
}

# words FOUND ADVICE WHAT COMMAND...: COMMAND must find FOUND, without a command, but with advice like ADVICE.
words() {
	local before

	before=$(owners)
	look "${@:4}"
	is "$found $command $err" "$1 null " "$3: found, with no command"
	like "$advice" "$2" "$3: in words"
	is "$(owners)" "$before" "$3: and nothing has changed"
}

# Prints the owners of all areas and their states, each once.
owners() { dmaownctl areas --raw -n -o PID,STATE | sort -u | paste -sd ' '; }

# Makes actor $1 a process that holds what old holds and has none of the memory.
helper() {
	start "$1"
	hand_over old "$1" "$ctx" "$dev" ${group:+"$group"}
}

# Makes actor $1 close the descriptors $2... of context, device and group.
close_all() {
	local fd

	for fd in "${@:2}"; do ask "$1" close "$fd"; done
}
old_closes() { close_all old "$ctx" "$dev" ${group:+"$group"}; }

new_elsewhere() {
	ask new munmap $base $size
	ask new mmap "$new_ram" $size shared rw $elsewhere
}

# --- an owner that lives and is about to exit
for mode in "${modes[@]}"; do
	read -ra uids <<<"$(users_of "$mode")"
	vmm old "${edus[0]}" $size "$mode" "${uids[0]}"
	id=$(context_of "$old")
	helper helper
	words mischarged "^process $helper cannot be made the owner: .*; let the process that is to take over hold" \
		"$mode: only a helper holds the context" can-exit "$old"
	successor new old $size "${uids[1]}"
	to=$new mends mischarged "" "$mode: a successor with the memory at the same place, beside the helper" \
		can-exit "$old"
	run dmaownctl transfer --to "$old" --quiet
	new_elsewhere
	to=$new mends mischarged " --remap auto" "$mode: with the memory elsewhere" can-exit "$old"
	run dmaownctl transfer --to "$old" --remap auto --quiet
	is "$status" 0 "$mode: back"

	# The old owner closes everything.
	old_closes
	to=$new mends not-holder " --remap auto" "$mode: an owner that holds nothing" verify
	stop new
	words dead-owner "end this one, or let it close its files" "$mode: a dead owner, and a helper alone" verify
	stop helper
	run dmaownctl verify
	is "$status $out" "0 " "$mode: with the helper's end all is well"
	stop old
done

# --- obstacles to a successor
read -ra uids <<<"$(users_of "$limit_mode")"
vmm old "${edus[0]}" $size "$limit_mode" "${uids[0]}"
id=$(context_of "$old")
limit=$((size - page)) successor new old $size "${uids[1]}"
prlimit --pid "$new" --memlock=:unlimited
words mischarged "raise it first, with: prlimit --pid $new --memlock=$size:\$" "a limit" can-exit "$old"
run bash -c "${advice##*with: }"
is "$status $(prlimit --pid "$new" --memlock --raw --noheadings --output SOFT,HARD)" "0 $size unlimited" \
	"the command that makes room leaves the hard limit alone"
ask new close "$new_dev"
words mischarged "would be reset .*; pass the device's descriptor to it\$" "the device's file" can-exit "$old"
if [ "$kind" = type1 ]; then
	ask new close "$new_group"
	run dmaownctl can-exit "$old" --json
	is "$status $(json -c '[.can_exit.findings[].finding]')" '2 ["reset","lost"]' \
		"with the last group all is lost: nothing stays charged"
fi
hand_over old new "$dev" ${group:+"$group"}
to=$new mends mischarged "" "with both it is mended" can-exit "$old"
stop old
stop new

# --- an owner that has exec'd
vmm old "${edus[0]}" $size
id=$(context_of "$old")
ask old exec
words stale-owner "^process $old cannot be made the owner: " "exec'd, and nothing mapped since" verify
helper helper
ask old mmap "$ram" $size shared rw $base
to=$old mends stale-owner " --adopt" "mapped again at the same place, with a helper" verify
ask old exec
successor new old $size
to=$new mends stale-owner " --adopt" "a successor that has it there" verify

# --- an owner that is dead
stop new
words dead-owner "; let the process that is to take over map the memory; or end the processes" \
	"dead, and neither of two holders has the memory" verify
ask old mmap "$ram" $size shared rw $base
to=$old mends dead-owner " --adopt" "dead, and one has it" verify
stop helper
stop old

# --- areas by file, if the kernel has them: a dry run would succeed for every holder of the context
[ "$kind" = iommufd ] || finish
vmm old "${edus[0]}" $size
dma_unmap old "$ctx" "$ioas" all
try old map-file "$ctx" "$ioas" "$ram" 0 $size 0 rw
if [ "${answer%% *}" = error ]; then
	is "$answer" "error ENOTTY map-file" "this kernel cannot map by file"
	finish
fi
id=$(context_of "$old")
helper helper
words mischarged "^process $helper cannot be made the owner: it does not map the file" "by file: a helper alone" \
	can-exit "$old"
successor new old $size
new_elsewhere
to=$new mends mischarged "" "by file: a successor that maps it anywhere" can-exit "$old"
ask old munmap $base $size
stop new
words dead-owner "it does not map the file" "by file: dead, and nobody maps it" verify
ask old mmap "$ram" $size shared rw $elsewhere
to=$old mends dead-owner "" "by file: dead, and one maps it" verify
ask old exec
to=$old mends stale-owner "" "by file: exec'd, the owner needs to map nothing" verify
stop helper
stop old
finish
