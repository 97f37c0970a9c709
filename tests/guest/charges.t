#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 3: charges are exact, in each mode, for both processes, before, after, and after the final unmap.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((8 << 20))

# users prints the users' charges, "1001's 1002's"; users_are prints the expected ones. In mode none both processes are
# root.
users() { [ "$mode" = none ] && echo "- -" || echo "$(user_locked 1001) $(user_locked 1002)"; }
users_are() {
	case $mode in
	none) echo "- -" ;;
	user) echo "$1 $2" ;;
	mm) echo "0 0" ;;
	esac
}

witness 1001
witness 1002
for mode in none user mm; do
	uids=(1001 1002)
	[ "$mode" != none ] || uids=(0 0)

	vmm old "${edus[0]}" $size $mode "${uids[0]}"
	successor new old $size "${uids[1]}"
	is "$(charges "$old")" "$(charged $size $mode)" "$mode: before, the old process is charged"
	is "$(charges "$new")" "0 0" "$mode: before, the new one is not"
	is "$(users)" "$(users_are $size 0)" "$mode: before, the old one's user is"

	run dmaownctl transfer --to "$new" --json
	is "$status" 0 "$mode: the transfer"
	is "$(json .changed)" true "$mode: it says that something changed"
	is "$(charges "$old")" "0 0" "$mode: after it, the old process is charged with nothing"
	is "$(charges "$new")" "$(charged $size $mode)" "$mode: after it, the new one is charged"
	is "$(users)" "$(users_are 0 $size)" "$mode: after it, the new one's user is"
	is "$(areas_of "$new")" "$ioas:0x0=$new" "$mode: after it, the area is the new one's"

	run dmaownctl transfer --to "$old"
	is "$status" 0 "$mode: the way back"
	is "$(charges "$old")" "$(charged $size $mode)" "$mode: then the old process is charged again"
	is "$(charges "$new")" "0 0" "$mode: and the new one is not"
	is "$(users)" "$(users_are $size 0)" "$mode: and the users are as at first"

	run dmaownctl transfer --to "$new" --from "$old"
	is "$status" 0 "$mode: forth again"
	ask new unmap "$new_ctx" "$ioas" all
	is "$reply" $size "$mode: the new process unmaps"
	is "$(charges "$old") $(charges "$new")" "0 0 0 0" "$mode: nobody is charged with anything any more"
	is "$(users)" "$(users_are 0 0)" "$mode: nor are the users"

	ask new map "$new_ctx" "$ioas" $base $size 0 rw
	is "$(charges "$new")" "$(charged $size $mode)" "$mode: what the new one maps itself costs just the same"

	# Let the old process unmap what the new one owns.
	run dmaownctl transfer --to "$old"
	run dmaownctl transfer --to "$new"
	ask old unmap "$ctx" "$ioas" all
	is "$(charges "$old") $(charges "$new")" "0 0 0 0" "$mode: whoever unmaps, the owner is uncharged"
	is "$(users)" "$(users_are 0 0)" "$mode: and the owner's user"

	# Let the owner end while it is charged, and the other process unmap.
	ask old map "$ctx" "$ioas" $base $size 0 rw
	run dmaownctl transfer --to "$new"
	is "$status" 0 "$mode: once more"
	stop old
	is "$(charges "$new")" "$(charged $size $mode)" "$mode: the old one's end changes nothing"
	ask new unmap "$new_ctx" "$ioas" all
	is "$(charges "$new")" "0 0" "$mode: nothing is left of it"
	is "$(users)" "$(users_are 0 0)" "$mode: with the users either"
	stop new
done
finish
