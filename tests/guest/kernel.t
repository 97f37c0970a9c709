#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's own transfer, IOMMU_IOAS_CHANGE_PROCESS: the promises that it does not keep and ours does, with the same
# setup; and both on one context, in turn and at the same time.
# shellcheck disable=SC2034 # old_job and new_job are read as "${!job}"
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
kb=$((size / 1024))

# Kernels before 6.14 have no such ioctl.
if ! uapi_has IOMMU_IOAS_CHANGE_PROCESS; then
	start old
	ask old open /dev/iommu; ctx=$reply
	try old change-process "$ctx"
	is "$answer" "error ENOTTY change-process" "this kernel has no transfer of its own"
	finish
fi

by='file'
movers="kernel dmaown"

# Moves everything to the actor new, by the kernel's ioctl or by dmaown; $outcome is the answer.
move_by() {
	case $1 in
	kernel)
		try new change-process "$new_ctx"
		outcome=${answer% change-process}
		;;
	dmaown)
		run dmaownctl transfer --to "$new" --json
		outcome="$(json .result)"
		;;
	esac
}

# Prints VmPin of a process as the kernel prints it, which may be more than the shell can count.
pin_text() { sed -n 's/^VmPin:[[:space:]]*//p' "/proc/$1/status"; }

# --- first defect: in mode none VmPin stays where it is
for mover in $movers; do
	vmm old "${edus[0]}" $size
	successor new old $size
	move_by "$mover"
	seen="$outcome; VmPin old $(pin_text "$old"), new $(pin_text "$new")"
	ask new unmap "$new_ctx" "$ioas" all
	seen+="; after the unmap old $(pin_text "$old"), new $(pin_text "$new")"
	diag "mode none: $mover: $seen"
	case $mover in
	kernel) like "$seen" "^ok; VmPin old $kb kB, new 0 kB; after the unmap old $kb kB, new [0-9]{19,20} kB\$" \
		"mode none: the kernel's: VmPin stays with the old process, and the new one's runs below zero" ;;
	dmaown) is "$seen" "moved; VmPin old 0 kB, new $kb kB; after the unmap old 0 kB, new 0 kB" \
		"mode none: dmaown's: VmPin moves, and nothing is left" ;;
	esac
	stop old; stop new
done

# --- second defect: a user whose limit is exactly what is pinned is charged twice
witness 1001
for mover in $movers; do
	limit=$size vmm old "${edus[0]}" $size user 1001
	limit=$size successor new old $size 1001
	move_by "$mover"
	seen="$outcome; VmPin old $(pin_text "$old"), new $(pin_text "$new"), the user $(user_locked 1001)"
	diag "mode user, exact limit: $mover: $seen"
	case $mover in
	kernel) is "$seen" "error ENOMEM; VmPin old $kb kB, new 0 kB, the user $size" \
		"mode user, exact limit: the kernel's: refused, though nothing new would be pinned" ;;
	dmaown) is "$seen" "moved; VmPin old 0 kB, new $kb kB, the user $size" \
		"mode user, exact limit: dmaown's: moved, and the user is charged as before" ;;
	esac
	ask new unmap "$new_ctx" "$ioas" all
	is "$(charges "$old") $(charges "$new") $(user_locked 1001)" "0 0 0 0 0" \
		"mode user, exact limit: $mover: nothing is left after the unmap"
	stop old; stop new
done

# --- third defect: if the old owner is gone, mode mm fails after it has changed everything, with a warning
for mover in $movers; do
	vmm old "${edus[0]}" $size mm 1001
	successor new old $size 1001
	gone=$old
	stop old
	[ "$mover" = dmaown ] || complaint_begins
	move_by "$mover"
	seen="$outcome; the area is "
	[ "$(areas_of "$new")" = "$ioas:0x0=$new" ] && seen+="the new one's" || seen+="process $gone's"
	seen+="; new charged $(charges "$new")"
	ask new unmap "$new_ctx" "$ioas" all
	seen+=", after the unmap $(charges "$new")"
	diag "mode mm, old owner gone: $mover: $seen"
	case $mover in
	kernel)
		complaint_ends iommufd_ioas_change_process "mode mm, old owner gone: the kernel's: one warning in its log"
		like "$seen" "^error EINVAL; the area is the new one's; new charged $size $size," \
			"mode mm, old owner gone: the kernel's: an error, and everything has changed"
		;;
	dmaown)
		is "$seen" "moved; the area is the new one's; new charged $size $size, after the unmap 0 0" \
			"mode mm, old owner gone: dmaown's: moved, and nothing is left"
		;;
	esac
	stop new
done

# --- in addition: an area by address does not prevent our transfer
for mover in $movers; do
	vmm old "${edus[0]}" $size user 1001
	ask old map "$ctx" "$ioas" $base 64K 0x1000000 rw
	successor new old $size 1001
	move_by "$mover"
	seen="$outcome; $(areas_of "$new")"
	case $mover in
	kernel) is "$seen" "error EINVAL; $ioas:0x0=$old $ioas:0x1000000=$old" \
		"one area by address among those by file: the kernel's: refused" ;;
	dmaown) is "$seen" "moved; $ioas:0x0=$new $ioas:0x1000000=$new" \
		"one area by address among those by file: dmaown's: moved" ;;
	esac
	stop old; stop new
done

# --- in turn: each transfer finds the result of the other in order. Except in mode none, where the kernel's leaves
# disorder.
witness 1002
all_charges() { echo "$(charges "$old") $(charges "$new") $(user_locked 1001) $(user_locked 1002)"; }
# Prints the expected charges when process $1 (old or new) has everything, in mode $2.
all_charged() {
	case $1:$2 in
	old:user) echo "$size 0 0 0 $size 0" ;;
	new:user) echo "0 0 $size 0 0 $size" ;;
	old:mm) echo "$size $size 0 0 0 0" ;;
	new:mm) echo "0 0 $size $size 0 0" ;;
	esac
}

for mode in user mm; do
	vmm old "${edus[0]}" $size $mode 1001
	successor new old $size 1002
	for first in $movers; do
		for second in $movers; do
			move_by "$first"
			like "$outcome" '^(ok|moved)$' "$mode: $first's transfer to the new process"
			is "$(all_charges)" "$(all_charged new $mode)" "$mode: charges after $first's"
			is "$(areas_of "$new")" "$ioas:0x0=$new" "$mode: owner after $first's"
			case $second in
			kernel) ask old change-process "$ctx"; pass "$mode: and back by the kernel's" ;;
			dmaown) run dmaownctl transfer --to "$old"; is "$status" 0 "$mode: and back by dmaown's" ;;
			esac
			is "$(all_charges)" "$(all_charged old $mode)" "$mode: charges after $first's and $second's"
			is "$(areas_of "$old")" "$ioas:0x0=$old" "$mode: owner after $first's and $second's"
		done
	done
	# The transfer that comes second has nothing to do.
	move_by kernel
	move_by dmaown
	is "$outcome" unchanged "$mode: after the kernel's there is nothing to do for dmaown's"
	ask new change-process "$new_ctx"
	is "$(all_charges)" "$(all_charged new $mode)" "$mode: nor the other way round: charges as they were"
	ask new unmap "$new_ctx" "$ioas" all
	is "$(all_charges)" "0 0 0 0 0 0" "$mode: nothing is left after the unmap"
	stop old; stop new
done

# --- at the same time: two processes call the kernel's transfer, a third one calls ours
start mover
for mode in user mm; do
	vmm old "${edus[0]}" $size $mode 1001
	successor new old $size 1002
	ask old background change-process-loop "$ctx" 4000; old_job=$reply
	ask new background change-process-loop "$new_ctx" 4000; new_job=$reply
	ask mover transfer-loop 4000 "$old" "$new"
	like "$reply" '^[1-9][0-9]* done 0 failed$' "$mode, at the same time: no transfer of dmaown's fails"
	diag "$mode, at the same time: dmaown: $reply"
	for who in old new; do
		job=${who}_job
		ask $who job "${!job}" $((60000 * slow))
		like "$reply" '^done [1-9][0-9]* done 0 failed$' "$mode, at the same time: none of the kernel's to the $who process"
		diag "$mode, at the same time: kernel, to the $who process: ${reply#done }"
	done
	case $(areas_of "$new") in
	"$ioas:0x0=$old") owner=old ;;
	"$ioas:0x0=$new") owner=new ;;
	*) owner=nobody ;;
	esac
	is "$(all_charges)" "$(all_charged $owner $mode)" "$mode, at the same time: charges are the owner's in the end"
	ask new unmap "$new_ctx" "$ioas" all
	is "$(all_charges)" "0 0 0 0 0 0" "$mode, at the same time: nothing is left after the unmap"
	stop old; stop new
done
finish
