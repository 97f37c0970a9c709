#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Areas that depend on no address, mapped by file or from a dma-buf: they move from owners in any state, alone and
# beside areas by address. (Rules 5 and 6, on kernels with IOMMU_IOAS_MAP_FILE.)
# shellcheck disable=SC2015 # pass() always succeeds
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
file_iova=0x0 dmabuf_iova=0x4000000 address_iova=0x8000000
dmabuf_size=$((64 << 10))

if ! uapi_has IOMMU_IOAS_MAP_FILE; then
	vmm old "${edus[0]}" $size
	try old map-file "$ctx" "$ioas" "$ram" 0 $size any rw
	is "$answer" "error ENOTTY map-file" "this kernel cannot map by file"
	try old dmabuf "$dev" 0 $page
	is "$answer" "error ENOTTY dmabuf" "nor make a dma-buf of a device's registers"
	finish
fi

# Makes actor "old" a VMM in mode $1 as user $2; it maps $3..., each of file, dmabuf, address.
vmm_with() {
	local mode=$1 uid=$2 what
	shift 2

	start old
	ask old limit unlimited
	ask old open /dev/iommu; ctx=$reply
	[ "$mode" != mm ] || ask old mode-mm "$ctx"
	ask old device "${edus[0]}"; dev=$reply
	ask old bind "$dev" "$ctx"
	ask old device "${edus[1]}"; dev2=$reply
	ask old bind "$dev2" "$ctx"
	become old "$mode" "$uid"
	# Turn the registers on: otherwise they cannot be mapped.
	ask old edu "$dev"
	ask old edu "$dev2"
	ask old ioas "$ctx"; ioas=$reply
	ask old memfd ram $size; ram=$reply
	ask old mmap "$ram" $size shared rw $base
	for what; do "map_$what"; done
	ask old attach "$dev" "$ioas"
}
# shellcheck disable=SC2317 # called as "map_$what"
map_file() { ask old map-file "$ctx" "$ioas" "$ram" 0 "$size" "$file_iova" rw; }
# shellcheck disable=SC2317 # called as "map_$what"
map_address() { ask old map "$ctx" "$ioas" "$base" "$size" "$address_iova" rw; }
# shellcheck disable=SC2317 # called as "map_$what"
map_dmabuf() {
	ask old dmabuf "$dev2" 0 "$dmabuf_size"; dmabuf=$reply
	ask old map-file "$ctx" "$ioas" "$dmabuf" 0 "$dmabuf_size" "$dmabuf_iova" rw
	ask old close "$dmabuf"
}

# Makes the successor, as user $1. It has the memory at the same address only if $2 is "mapped".
successor_of_old() {
	successor new old $size "$1"
	hand_over old new "$dev2"; new_dev2=$reply
	[ "$2" = mapped ] || ask new munmap $base $size
}

# Puts the old owner into state $1 before the transfer.
becomes() {
	case $1 in
	live) ;;
	stale) ask old exec ;;
	dead) stop old ;;
	esac
}

# areas prints all areas in one line, "IOVA SOURCE MODE PID, ..."; areas_are prints the expected line.
areas() { dmaownctl areas --raw -n -c "${edus[0]}" -o IOVA,SOURCE,MODE,PID | paste -sd , | sed 's/,/, /g'; }
areas_are() {
	local mode=$1 owner=$2 what all=()
	shift 2

	for what; do
		case $what in
		file) all+=("$file_iova file $mode $owner") ;;
		dmabuf) all+=("$dmabuf_iova dmabuf none $owner") ;;
		address) all+=("$address_iova address $mode $owner") ;;
		esac
	done
	printf '%s\n' "${all[@]}" | paste -sd , | sed 's/,/, /g'
}

# users prints the charges of the old and the new user; users_are prints the expected ones, which are 0 except in mode
# user.
users() {
	dmaownctl owners --raw -n --bytes -o UID,USER_LOCKED |
		awk '{ locked[$1] = $2 } END { print locked[1001], locked[1002] }'
}
users_are() { [ "$mode" = user ] && echo "$1 $2" || echo "0 0"; }

# Prints the charges of the old process, if it still exists. After an exec it starts with none.
old_charges() { [ "$state" = dead ] && echo "0 0" || charges "$old"; }

# Moves the areas from an owner in state $state in mode $mode, without --adopt if possible.
moves() {
	local what=$* pinned=0 before

	[[ " $what " != *" file "* ]] || pinned=$((pinned + size))
	[[ " $what " != *" address "* ]] || pinned=$((pinned + size))
	name="$mode, $state, $what"
	vmm_with "$mode" "${uids[0]}" "$@"
	is "$(charges "$old") $(users)" "$(charged $pinned "$mode") $(users_are $pinned 0)" "$name: what is charged"
	is "$(areas)" "$(areas_are "$mode" "$old" "$@")" "$name: what is mapped"
	if [[ " $what " == *" address "* ]]; then
		successor_of_old "${uids[1]}" mapped
	else
		successor_of_old "${uids[1]}" unmapped
	fi
	becomes "$state"
	is "$(dmaownctl owners --raw -n -o STATE | sort -u | grep -vx live)" "${state/live/}" "$name: the owner's state"

	before="$(areas) $(old_charges) $(charges "$new") $(users)"
	if [[ $state != live && " $what " == *" address "* ]]; then
		run dmaownctl transfer --to "$new" --json
		is "$status $(json -c '[.reasons[] | [.reason, .iova, .last]]')" \
			"10 [[\"owner-$state\",\"$address_iova\",\"0x80fffff\"]]" "$name: only the area by address is in the way"
		is "$(areas) $(old_charges) $(charges "$new") $(users)" "$before" "$name: nothing has changed"
		run dmaownctl transfer --to "$new" --adopt --json
	else
		run dmaownctl transfer --to "$new" --dry-run
		is "$status $(areas) $(old_charges) $(charges "$new") $(users)" "0 $before" "$name: the dry run"
		run dmaownctl transfer --to "$new" --json
	fi
	is "$status $(json -c '[.result, .areas, .pinned]')" "0 [\"moved\",$#,$pinned]" "$name: the transfer"
	is "$(areas)" "$(areas_are "$mode" "$new" "$@")" "$name: the owner and the mode of each area"
	is "$(old_charges) $(charges "$new") $(users)" "0 0 $(charged $pinned "$mode") $(users_are 0 $pinned)" \
		"$name: charges move"
	ask new unmap "$new_ctx" "$ioas" all
	is "$(old_charges) $(charges "$new") $(users)" "0 0 0 0 0 0" "$name: after the last unmap nothing is charged"
	[ "$state" = dead ] || stop old
	stop new
}

witness 1001
witness 1002
for mode in none user mm; do
	uids=(1001 1002)
	[ "$mode" != none ] || uids=(0 0)
	for state in live stale dead; do
		moves file
		[ $mode != user ] || moves dmabuf
		moves file dmabuf address
	done
done

# --- a process that has exec'd becomes the owner of its own areas
vmm_with user 1001 file dmabuf
ask old exec-from-thread
run dmaownctl transfer --to "$old" --json
is "$status $(json -c '[.result, .areas]')" '0 ["moved",2]' "an exec from a thread: its own areas"
is "$(areas)" "$(areas_are user "$old" file dmabuf)" "are its own again"
is "$(charges "$old") $(users)" "$size 0 $size 0" "and charged to what it is now"
run dmaownctl transfer --to "$old" --json
is "$status $(json .result)" "0 unchanged" "once more: nothing to do"
ask old unmap "$ctx" "$ioas" all
is "$(charges "$old") $(users)" "0 0 0 0" "and nothing is left"
stop old

# --- limits apply to areas by file as to others; dma-bufs count for nothing
vmm_with user 1001 file dmabuf
limit=$((size - page)) successor_of_old 1002 unmapped
run dmaownctl transfer --to "$new" --json
is "$status $(reasons)" "11 limit-user" "one page short for the file: refused"
is "$(areas) $(users)" "$(areas_are user "$old" file dmabuf) $size 0" "and nothing has changed"
stop new
limit=$size successor_of_old 1002 unmapped
run dmaownctl transfer --to "$new" --json
is "$status" 0 "exactly enough: moved"
is "$(areas) $(users)" "$(areas_are user "$new" file dmabuf) 0 $size" "with its charges"
stop old; stop new

# --- shared by two areas and partly unmapped
vmm_with user 1001 file
ask old ioas "$ctx"; ioas2=$reply
ask old copy "$ctx" "$ioas2" "$ioas" $((size / 2)) 0x1000000 $((size / 2)) r
ask old attach "$dev2" "$ioas2"
ask old unmap "$ctx" "$ioas" all
is "$(charges "$old") $(users)" "$((size / 2)) 0 $((size / 2)) 0" "the second half is pinned still"
successor_of_old 1002 unmapped
stop old
run dmaownctl transfer --to "$new" --json
is "$status $(json -c '[.areas, .pinned]')" "0 [1,$((size / 2))]" "a dead owner's half of a file: moved"
is "$(charges "$new") $(users)" "$((size / 2)) 0 0 $((size / 2))" "with its charges"
ask new unmap "$new_ctx" "$ioas2" all
is "$(charges "$new") $(users)" "0 0 0 0" "and nothing is left"
stop new

# --- DMA goes on: RAM -> device 1 -> RAM through the file, and through the dma-buf into device 2, whose register 4
# holds the complement of the last value written to it
vmm_with none 0 file dmabuf
successor_of_old 0 mapped
ask new edu "$new_dev2"
peer_to_peer() {
	ask new write-text $((base + size / 2)) "$1"
	ask old dma "$dev" to-device $((file_iova + size / 2)) 4
	ask old dma "$dev" to-ram $((dmabuf_iova + 4)) 4
	ask new register "$new_dev2" 4
	is "$reply" "$2" "$3"
}
peer_to_peer abcd "$(printf '0x%08x' $((0x64636261 ^ 0xffffffff)))" "device 1 writes into device 2 through the dma-buf"
ask old dma-start "$dev" $file_iova $base $((file_iova + 64 * page)) $((base + 64 * page))
for ((i = 0; i < 20; i++)); do
	run dmaownctl transfer --to "$new" --json
	[ "$status" = 0 ] || break
	run dmaownctl transfer --to "$old" --json
	[ "$status" = 0 ] || break
done
is $i 20 "twenty times there and back under DMA"
ask old dma-stop "$dev"
like "$reply" '^[1-9][0-9]* rounds 0 errors$' "not a byte is wrong"
run dmaownctl transfer --to "$new" --json
is "$status" 0 "and there"
peer_to_peer wxyz "$(printf '0x%08x' $((0x7a797877 ^ 0xffffffff)))" "device 1 writes into device 2 as before"
finish
