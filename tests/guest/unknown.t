#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 11: a device is open, but no process has its file, neither as a descriptor nor mapped: it is in flight over a
# socket. Nobody can tell who holds it: a transfer is refused, and can-exit and verify do not report that all is well.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=64K
bytes=65536

state() { areas_and_charges IOVA,PID,STATE; }
# shellcheck disable=SC2317 # called by eventually
opens_are() { [ "$(opens)" = "$1" ]; }

# Starts actor post, which receives nothing. send_away ACTOR FD: the descriptor is in flight to it, and closed.
start_post() {
	start post
	ask post listen "$scratch/post.$post"
}
send_away() {
	ask "$1" send "$scratch/post.$post" "$2"
	ask "$1" close "$2"
}

# --- the old process has sent the device's file to somebody who has not received it
vmm old "${edus[0]}" $size
is "$(opens)" "${edus[0]} 1 0" "one file is open, and the process that has it is known"
start_post
start new
ask new limit unlimited
hand_over old new "$ctx" "$ram" ${group:+"$group"}
read -r new_ctx new_ram _ <<<"$reply"
ask new mmap "$new_ram" $size shared rw $base
before=$(state)
run dmaownctl transfer --to "$new" --json
is "$status $(reasons)" "15 would-reset" "while the old one has the descriptor, the device would be reset"
send_away old "$dev"
is "$(opens)" "${edus[0]} 1 1" "without it the file is open, and nobody has it"
run dmaownctl check --to "$new" --json
is "$status $(reasons) $(json '.reasons[].device')" "15 unknown-holder ${edus[0]}" "check: refused, naming the device"
is "$(json '.reasons[0].value')" 1 "check: and how many files that are"
run dmaownctl transfer --to "$new" --json
refused_as 15 unknown-holder "transfer"
run dmaownctl transfer --to "$new"
like "$err" "device ${edus[0]}: .* \(1 open file\)" "in words"
like "$err" "--force unknown-holder=${edus[0]}" "with the option that accepts it"
for process in "$old" "$new"; do
	run dmaownctl can-exit "$process" --json
	like "$status $(findings_with_devices can_exit)" "^(2|14) .*\[\"unknown\",\"${edus[0]}\"\]" "can-exit: it is not known what would become of the device"
done
start stranger
run dmaownctl can-exit "$stranger" --json
is "$status $(findings_with_devices can_exit)" "14 [[\"unknown\",\"${edus[0]}\"]]" "can-exit of anybody: it may be the one"
stop stranger
run dmaownctl verify --json
is "$status $(findings_with_devices verify)" "14 [[\"unknown\",\"${edus[0]}\"]]" "verify: unknown"
run dmaownctl verify
like "$out" "^unknown: device ${edus[0]} in context 0x[0-9a-f]+: no process has 1 open file of it, neither as a descriptor nor mapped: the holder is unknown" "in words"
run dmaownctl transfer --to "$new" --force unknown-holder=00:1f.7 --json
refused_as 15 unknown-holder "another device's are accepted"
run dmaownctl transfer --to "$new" --force "unknown-holder=${edus[0]}" --json
is "$status" 0 "this device's are accepted: moved"
run dmaownctl transfer --to "$old" --force unknown-holder --json
is "$status $(state)" "0 $before" "whichever it is: back"
# VFIO still has the device in its container.
closed=$([ "$kind" = iommufd ] || echo "${edus[0]} 0 0")
stop post
eventually opens_are "$closed"
is "$(opens)" "$closed" "without the receiver the device's file is closed"
run dmaownctl verify --json
is "$status $(findings_with_devices verify)" "0 []" "and verify finds nothing any more"
stop new
stop old

# --- a descriptor is in flight over a socket
vmm old "${edus[0]}" $size
successor new old $size
ask new listen "$scratch/flight"
ask old send "$scratch/flight" "$dev"
is "$(opens)" "${edus[0]} 1 0" "a descriptor that two have and that is in flight: the file is known"
ask old close "$dev"
ask new close "$new_dev"
is "$(opens)" "${edus[0]} 1 1" "in flight alone: it is not"
before=$(state)
run dmaownctl transfer --to "$new" --json
refused_as 15 unknown-holder "in flight"
ask new receive; new_dev=$reply
is "$(opens)" "${edus[0]} 1 0" "received: it is known again"
run dmaownctl transfer --to "$new" --json
is "$status" 0 "and the transfer succeeds"

# --- a file that several processes share counts once
fork new child
is "$(opens)" "${edus[0]} 1 0" "after a fork two processes have the same file"
ask new close "$new_dev"
is "$(opens)" "${edus[0]} 1 0" "one of them is enough"
stop child
stop new
stop old

# --- type1 can open a device several times: each file counts
if [ "$kind" = type1 ]; then
	vmm old "${edus[0]}" $size
	ask old group-device "$group" "${edus[0]}"; again=$reply
	is "$(opens)" "${edus[0]} 2 0" "opened twice: both files are known"
	start_post
	send_away old "$again"
	is "$(opens)" "${edus[0]} 2 1" "one of two files is in flight"
	successor new old $size
	before=$(state)
	run dmaownctl transfer --to "$new" --json
	refused_as 15 unknown-holder "although the new one has the other"
	stop post
	stop new
	stop old
fi

# --- two devices, one of which has a known holder
vmm old "${edus[0]}" $size
add_device old "${edus[1]}"
attach_device old "$dev" "$ioas"
start_post
send_away old "$dev"
is "$(opens)" "${edus[0]} 1 0 ${edus[1]} 1 1" "each device is counted by itself"
run dmaownctl areas --raw -n -o PINNED --bytes
is "$out" $bytes "nothing else is changed by it"
stop old

finish
