#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 2: a transfer can be undone as long as the old owner lives, its memory is mapped and its limits are what they
# were. The command that the tool prints undoes it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
elsewhere=0x20000000000

# Prints owner and address of the area, and the charges of both processes and users.
state() {
	echo "$(dmaownctl areas --raw -n -c "${edus[0]}" -o IOVA,ADDR,PID | paste -sd ' ')" \
		"$(charges "$old") $(charges "$new") $(user_locked 1001) $(user_locked 1002)"
}

# Checks that the printed command is refused with status $1 and reason $2 and changes nothing. $3 names the case.
barred() {
	local before

	before=$(state)
	# shellcheck disable=SC2086 # words of a command
	run $undo --json
	is "$status $(reasons)" "$1 $2" "$3: the way back is refused"
	is "$(state)" "$before" "$3: and nothing has changed"
	# shellcheck disable=SC2086 # words of a command
	run $undo --dry-run
	is "$status" "$1" "$3: the dry run says so, too"
}

# Checks that the printed command leads back to the state $first.
back() {
	# shellcheck disable=SC2086 # words of a command
	run $undo
	is "$status $(state)" "0 $first" "$1: back: $undo"
}

forth() {
	run dmaownctl transfer --to "$new" "${remap[@]}" --json
	is "$status $(json .result)" "0 moved" "$1: forth"
	isnt "$(state)" "$first" "$1: which changes something"
	undo=$(json .undo)
}

witness 1001
witness 1002
for mode in "${modes[@]}"; do
	read -ra uids <<<"$(users_of "$mode")"

	for where in same elsewhere; do
		[ "$mode" = "$limit_mode" ] || [ $where = same ] || continue
		name="$mode, $where"
		limit=$size vmm old "${edus[0]}" $size "$mode" "${uids[0]}"
		limit=$size successor new old $size "${uids[1]}"
		remap=()
		if [ $where = elsewhere ]; then
			ask new munmap $base $size
			ask new mmap "$new_ram" $size shared rw $elsewhere
			remap=(--remap "$ioas:0=$elsewhere")
		fi
		first=$(state)
		forth "$name"
		back "$name"

		# --- the limit
		forth "$name"
		prlimit --pid "$old" --memlock=$((size - page))
		if ! limited "$mode"; then
			back "$name, limit lowered, which does not matter"
		else
			barred 11 "limit-$mode" "$name, limit lowered by a page"
			like "$err" "$((size - page)) bytes" "$name, limit lowered by a page: which is named"
			prlimit --pid "$old" --memlock=$size
			back "$name, limit as it was"
		fi

		# --- the memory: unmapped, then replaced by something else
		forth "$name"
		ask old munmap $((base + 7 * page)) $page
		barred 12 not-mapped "$name, a page unmapped"
		like "$err" "iova 0x7000-0x7fff: .*address 0x10000007000 of process $old" "$name, a page unmapped: which is named"
		ask old memfd other $size; other=$reply
		ask old mmap "$other" $page shared rw $((base + 7 * page)) $((7 * page))
		barred 12 other-object "$name, another page in its place"
		ask old munmap $((base + 7 * page)) $page
		ask old mmap "$ram" $page shared rw $((base + 7 * page)) $((7 * page))
		back "$name, the page mapped again"

		# --- the text prints the same command as the JSON
		run dmaownctl transfer --to "$new" "${remap[@]}"
		is "$status" 0 "$name: forth, without JSON"
		undo=$(sed -n 's/^undo with: //p' <<<"$out")
		back "$name, from the text"

		dma_unmap old "$ctx" "$ioas" all
		is "$(state)" " 0 0 0 0 0 0" "$name: nothing is left"
		stop old; stop new
	done
done

# --- a transfer from a dead owner cannot be undone: the tool says so and prints no command
vmm old "${edus[0]}" $size
successor new old $size
stop old
run dmaownctl transfer --to "$new" --adopt --json
is "$status $(json .undo)" "0 null" "from a dead owner there is no way back, and none is printed"
dma_unmap new "$new_ctx" "$ioas" all
run dmaownctl transfer --to "$new" --adopt
is "$out" "nothing to do: there are no areas" "nothing to do: nothing to undo"
finish
