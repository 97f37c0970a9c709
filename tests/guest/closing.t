#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A process has several files of one device, and closes one of them while the module searches for holders. While VFIO's
# lock of the device is taken, the module cannot tell the context of these files. It may then keep only what it has a
# reference on. Here the lock is taken a third of the time, and files come and go. A pipe gets the memory of each file
# that was closed: the kernel would crash if the module looked at such a file as one of the device.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=64K
device=emulated.0
duration=$((${DMAOWN_CLOSING_SECONDS:-15} * 1000))
# The lock is taken for this time in microseconds, and then free for twice as long.
beat=300
harmless+='|emulated emulated\.[0-9]: (Adding to|Removing from) iommu group'

devices() { echo "$1" >/sys/module/emulated/parameters/devices || broken "cannot create $1 emulated devices"; }

devices 1
start old
ask old limit unlimited
open_context old
ask old group $device; group=$reply
ask old set-container "$group" "$ctx"
[ "$kind" != type1 ] || ask old set-iommu "$ctx"
ask old group-device "$group" $device; dev=$reply
ioas=$(dmaownctl ioas --raw -n -o IOAS)
ask old memfd ram $size; ram=$reply
ask old mmap "$ram" $size shared rw $base
dma_map old "$ctx" "$ioas" $base $size 0 rw
successor new old $size
id=$(context_of "$old")

# The new process alone has files of the device. The search goes on for a while after it: through other processes.
ask old close "$dev"
start crowd
ask crowd descriptors 4096
ask crowd open-many /dev/null 1500
ask crowd fork-many 9
start checker
# Files are found in the order of their descriptors. The one that comes and goes is to be the second.
reply=0
while [ "$reply" -lt "$new_dev" ]; do ask new open /dev/null; done
is "$(opens)" "$device 1 0" "one file is open, in the new process"
run dmaownctl check --to "$new" --json
is "$status $(json .result)" "0 would-move" "which can become the owner"

ask new background lock-loop "$new_dev" $beat $duration; lock=$reply
ask new background reopen-loop "$new_group" $device $duration; reopen=$reply
ask checker background check-loop "$new" "$new_ctx" $duration; check=$reply
# Beside this, listings walk the same files.
listings=0 others=0 end=$((SECONDS + duration / 1000))
while [ $SECONDS -lt $end ]; do
	while read -r line; do
		case $line in
		# The device, whose context may be unknown at the moment.
		"$device $id" | "$device -") ;;
		*) others=$((others + 1)); diag "devices: $line" ;;
		esac
	done < <(dmaownctl devices --raw -n -o DEVICE,CONTEXT 2>/dev/null)
	cat /sys/kernel/debug/dmaown/holders >/dev/null || others=$((others + 1))
	listings=$((listings + 1))
done

# ended ACTOR JOB: waits for a loop; $reply is its answer.
ended() {
	ask "$1" job "$2" $((60000 * slow))
	like "$reply" "^done " "$3"
	reply=${reply#done }
}
ended checker "$check" "checks to the end"
read -r good busy unknown wrong <<<"$reply"
ended new "$reopen" "files come and go to the end"
diag "$good checks allowed, $busy found a lock, $unknown missed a file; $listings listings; $reply files"
is "$wrong" 0 "no check has another result: no file is counted that is none of the device's"
is "$((busy > 0))" 1 "checks have met the lock"
is "$((reply > 20))" 1 "more than twenty files were opened and closed"
is "$others" 0 "$listings listings show the device, in its context or in an unknown one"
ended new "$lock" "the lock is taken and given back to the end"

is "$(opens)" "$device 1 0" "in the end one file is open"
run dmaownctl transfer --to "$new" --json
is "$status $(json .result)" "0 moved" "and its process becomes the owner"
stop new
stop old
is "$(contexts_now) $(opens)" "[] " "nothing is left"

devices 0
finish
