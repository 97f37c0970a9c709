#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The transfer by hand, as the manual page shows it. Its commands do what the page says, word for word, except for the
# names of processes and devices.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((64 << 20))

scdoc <"$guest_dir/../../man/dmaownctl.8.scd" >"$scratch/dmaownctl.8" || broken "there is no manual page"

# Extract the section as the reader sees it, without the margin of commands and output.
MANWIDTH=200 man -E UTF-8 -P cat -l "$scratch/dmaownctl.8" |
	sed -n '/^A TRANSFER BY HAND$/,/^[A-Z]/{/^ /p;/^$/p}' | sed 's/^           //' >"$scratch/section"
page_old=$(grep -oE 'process [0-9]+ \(the old' "$scratch/section" | grep -oE '[0-9]+')
page_new=$(grep -oE '[0-9]+ \(the new' "$scratch/section" | grep -oE '[0-9]+')
page_id=$(grep -oE '0x[0-9a-f]{12,16}' "$scratch/section" | head -n 1)
page_device=$(grep -oE '[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9]' "$scratch/section" | head -n 1)
like "$page_old $page_new $page_id $page_device" '^[0-9]+ [0-9]+ 0x[0-9a-f]+ [0-9a-f:.]+$' "the manual page tells the story"

vmm old "${edus[0]}" $size
start new
hand_over old new "$ctx" "$dev" "$ram"
read -r _ _ new_ram <<<"$reply"
id=$(context_of "$old")

# Replaces the page's names of processes, context and device by those used here. (A number on the page may be the number
# of another process here.)
here() {
	sed -E "s/\b$page_old\b/@old@/g; s/\b$page_new\b/@new@/g; s/$page_id/$id/g; s/$page_device/${edus[0]}/g" |
		sed "s/@old@/$old/g; s/@new@/$new/g" | plain
}

# Removes the padding of columns.
plain() { sed -E 's/ +/ /g; s/^ //; s/ $//'; }

# Prints the lines of the page that are absent from the command's output.
missing() { grep -vxFf <(printf '%s\n%s\n' "$out" "$err" | plain) <<<"$1"; }

# Runs one command of the page, which shows $2 below it.
step() {
	local command=$1 shown=$2

	run bash -c "$command"
	if [ -n "$shown" ]; then
		is "$(missing "$shown")" "" "$command: says what the page shows"
	else
		is "$out$err" "" "$command: says nothing, as on the page"
	fi
	# At this point the page makes the new process map the memory.
	case $shown in
	*refused*)
		is "$status" 12 "$command: is refused as the page says"
		refusals=$((refusals + 1))
		ask new mmap "$new_ram" $size shared rw $base
		;;
	*)
		is "$status" 0 "$command: succeeds"
		;;
	esac
}

refusals=0 command='' shown=''
while IFS= read -r text; do
	case $text in
	'# '*)
		[ -z "$command" ] || step "$command" "$shown"
		command=$(here <<<"${text#'# '}") shown=''
		;;
	'')
		[ -z "$command" ] || step "$command" "$shown"
		command='' shown=''
		;;
	*)
		[ -z "$command" ] || shown+=${shown:+$'\n'}$(here <<<"$text")
		;;
	esac
done < <(cat "$scratch/section"; echo)

is "$refusals" 1 "it was refused once"
# shellcheck disable=SC2317 # called by eventually
gone() { [ ! -e "/proc/$old" ] || [ "$(state_of "$old")" = Z ]; }
eventually gone
is $? 0 "in the end the old process is gone"
is "$(areas_of "$new")" "$ioas:0x0=$new" "and the new one is the owner"
is "$(vm_pin "$new")" $size "and charged"
finish
