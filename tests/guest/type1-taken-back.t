#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# If a program has taken an address back (VFIO_DMA_UNMAP_FLAG_VADDR), only that program replaces it. A program that
# execs in place as QEMU does and gives its addresses again one by one survives this under `hold`.
# shellcheck disable=SC2015 # pass() always succeeds
kind=type1
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
randomize_addresses

size=$((1 << 20))
elsewhere=0x20000000000
pieces=8
rounds=${DMAOWN_EXEC_ROUNDS:-50}

# Prints address, owner and validity of the address of each area of the container; VmPin and VmLck of both processes.
state() { areas_and_charges IOVA,ADDR,PID,STATE,INVALID; }

# --- a transfer leaves the address alone
type1_vmm old "${edus[0]}" $size
ask old type1-map "$container" $base $page 0x4000000 rw
type1_successor new old $size
ask old type1-invalidate "$container" 0 $size
before=$(state)
run dmaownctl check --to "$new" --json
is "$status $(reasons)" "12 taken-back" "check: an address was taken back: refused"
is "$(json -c '.reasons[0] | [.ioas, .iova, .last, .addr, .pid]')" "[1,\"0x0\",\"0xfffff\",\"$base\",$old]" \
	"check: with range, address and owner"
run dmaownctl transfer --to "$new" --json
refused_as 12 taken-back "to the new process, which has the memory at the same address"
run dmaownctl transfer --to "$old" --json
is "$status $(json .result) $(state)" "0 unchanged $before" "to the owner itself: what it has taken back is left alone"
run dmaownctl transfer --to "$old" --remap "1:0=$base" --remap "1:0x4000000=$base" --json
refused_as 12 taken-back "to the owner itself, at an address that is given"
run dmaownctl transfer --to "$new" --remap auto --json
refused_as 12 taken-back "--remap auto"
run dmaownctl transfer --to "$new" --remap "1:0=$base" --remap "1:0x4000000=$base" --json
refused_as 12 taken-back "a remap list that has it"
run dmaownctl transfer --to "$new" --remap "1:0x4000000=$base" --json
refused_as 12 taken-back "a remap list that does not need to have it"
run dmaownctl transfer --to "$new"
like "$err" "the address was taken back" "the message says so"
like "$err" "wait until the program gives new addresses.*--force taken-back" "and what to do"
run dmaownctl transfer --to "$new" --force taken-back=1
is "$status" 64 "it takes no name"
run dmaownctl transfer --to "$new" --force taken-back --json
is "$status $(state)" "0 0x0 $base $new live no 0x4000000 $base $new live no 0 0 0 $((size + page))" "forced, it moves"
stop new
stop old

# --- if the owner is gone as well, both reasons are reported
type1_vmm old "${edus[0]}" $size
type1_successor new old $size
ask old type1-invalidate "$container" all
ask old exec
before=$(state)
run dmaownctl transfer --to "$new" --json
refused_as 10 "owner-stale taken-back" "taken back by a program that has exec'd"
run dmaownctl transfer --to "$new" --adopt --json
refused_as 12 taken-back "which --adopt does not change"
run dmaownctl transfer --to "$new" --adopt --force taken-back --json
is "$status $(state)" "0 0x0 $base $new live no 0 0 0 $size" "both accepted"
stop new
stop old

# --- hold waits for the program
start old
ask old limit unlimited
open_context old
container=$ctx
add_device old "${edus[0]}"
ask old memfd ram $((pieces * size)); ram=$reply
ask old mmap "$ram" $((pieces * size)) shared rw $base; at=$reply
for ((i = 0; i < pieces; i++)); do
	ask old type1-map "$container" $((at + i * size)) $size $((i * size)) rw
done

# Starts hold and waits until it is the owner.
# shellcheck disable=SC2317 # called by eventually
holds() { grep -q '^process [0-9]* holds' "$scratch/hold.out"; }
begin_hold() {
	dmaownctl hold "$old" --until-exec "$@" >"$scratch/hold.out" 2>&1 </dev/null &
	hold=$!
	eventually holds || broken "hold does not begin: $(<"$scratch/hold.out")"
}
owners() { dmaownctl areas --raw -n -o PID,INVALID | sort | uniq -c | sed 's/^ *//' | paste -sd ' '; }

for ((round = 1; round <= rounds; round++)); do
	begin_hold
	ask old type1-invalidate "$container" all
	ask old exec
	try old type1-renew "$container" "$ram" $size $pieces $((round % 5 * 20))
	wait $hold
	like "$? $answer" "^0 ok 0x" "exec in place, round $round: the program gives its addresses, and hold ends"
	[[ $answer == ok* ]] || broken "the program was aborted: $answer; hold: $(<"$scratch/hold.out")"
done
is "$(owners) $(charges "$old")" "$pieces $old no 0 $((pieces * size))" "it is the owner, and is charged"
like "$(<"$scratch/hold.out")" "nothing is left to hold" "hold says why it has ended"

begin_hold
ask old type1-invalidate "$container" all
ask old exec
eventually grep -q "has taken addresses back: waiting" "$scratch/hold.out" && pass "hold says that it waits" ||
	fail "hold says that it waits"
kill -TERM $hold
sleep 1
kill -0 $hold && pass "also when it is asked to hand back" || fail "also when it is asked to hand back"
is "$(owners)" "$pieces $hold yes" "and remains the owner"
ask old type1-renew "$container" "$ram" $size $pieces 0
wait $hold
is "$? $(owners)" "0 $pieces $old no" "until the program has given its addresses"

begin_hold --force taken-back
ask old type1-invalidate "$container" all
ask old exec
ask old mmap "$ram" $((pieces * size)) shared rw $elsewhere
wait $hold
is "$? $(owners)" "0 $pieces $old no" "with --force taken-back it hands back as soon as the memory is there"

begin_hold
ask old type1-invalidate "$container" all
stop old
eventually grep -q "to do it by hand: " "$scratch/hold.out"
like "$(<"$scratch/hold.out")" "to do it by hand: .* --force taken-back" \
	"when the program has ended, the command to do it by hand gives the addresses anew"
kill -KILL $hold
wait $hold 2>/dev/null

# --- device memory, mapped for DMA: hold maps it through the device's descriptor
for device in 0 1; do
	type1_vmm old "${edus[0]}" $size
	bars=("$dev")
	ctx=$container
	add_device old "${edus[1]}"
	bars+=("$dev")
	ask old mmap "${bars[device]}" 64K shared rw $elsewhere
	ask old type1-map "$container" $elsewhere 64K 0x8000000 rw
	begin_hold
	is "$(owners)" "2 $hold no" "BAR 0 of device $device is mapped for DMA: hold can begin"
	kill -TERM $hold
	wait $hold
	is "$? $(owners) $(charges "$old")" "0 2 $old no 0 $size" "and hand back"
	stop old
done

finish
