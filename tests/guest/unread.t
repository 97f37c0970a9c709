#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 11: a process that maps a device, and whose mappings cannot be read because a thread of it holds mmap_lock for
# writing. It may map the device of any context. Nobody waits for it: listings say so, and a transfer is refused unless
# the process is trusted or accepted.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))

state() { areas_of "$new"; }

# lock_mappings NAME UID: start a process of this user, which maps a BAR of the device, and holds its own mmap_lock
# until unlock_mappings.
lock_mappings() {
	start "$1"
	hand_over old "$1" "$dev"; passed=$reply
	map_bar "$1" "$passed"
	ask "$1" close "$passed"
	ask "$1" open /dev/stall; stall=$reply
	ask "$1" write "$stall" map
	hand_over "$1" friend "$stall"; friend_stall=$reply
	[ "$2" -eq 0 ] || ask "$1" setuid "$2"
	# The thread that answers may need mmap_lock, too.
	tell "$1" background mmap "$stall" 64K shared rw 0x30000000000
	eventually unread "${!1}" || return
}

unlock_mappings() {
	ask friend write "$friend_stall" go
	ask friend close "$friend_stall"
	hear "$1"
	stop "$1"
}

# shellcheck disable=SC2317 # called by eventually
# unread PID: does the listing of holders say that the process could not be read to the end?
unread() { grep -q " pid=$1 .* via=- fd=- .* busy=1 " /sys/kernel/debug/dmaown/holders; }

start friend
vmm old "${edus[0]}" $size
successor new old $size 1002
before=$(state)
run dmaownctl check --to "$new" --json
is "$status" 0 "at first nothing prevents the transfer"

lock_mappings stranger 1003
pass "a process of another user holds its mmap_lock: the listing of holders says so"
run dmaownctl list --json
is "$status $(json -c '[.contexts[].holders]')" "0 [[$old,$new]]" "contexts are listed all the same"
run dmaownctl transfer --to "$new" --json
refused_as 15 unread "the process may hold the context"
is "$(json -c '.reasons[0] | [.pid, .value, .context]')" "[$stranger,1003,null]" "the report names process and user"
like "$err" "process $stranger.*1003.*could not be read to the end|could not be read to the end.*process $stranger" \
	"and so does the message"
like "$err" "trust it with: --force unread=$stranger" "with the option that accepts the process"
run dmaownctl transfer --to "$new" --force "unread=$old" --json
refused_as 15 unread "another process is accepted"
run dmaownctl transfer --to "$new" --force untrusted-holder --json
refused_as 15 unread "another reason is accepted"
run dmaownctl can-exit "$friend"
is "$status" 14 "can-exit: unknown"
like "$out" "process $stranger could not be read to the end" "in words"
run dmaownctl can-exit "$new" --json
is "$status $(json -c '[.can_exit.findings[] | [.finding, .pid]]')" "14 [[\"unknown\",$stranger]]" \
	"can-exit of a holder of the context: unknown, and said once"
run dmaownctl can-exit "$old" --json
is "$status $(findings_in can_exit)" "2 mischarged unknown" "can-exit of the owner: also what is known"
run dmaownctl verify
is "$status" 14 "verify: unknown"
run dmaownctl transfer --to "$new" --force "unread=$stranger" --json
is "$status $(json .result)" "0 moved" "this process is accepted"
run dmaownctl transfer --to "$old" --force unread --json
is "$status $(json .result)" "0 moved" "and back: whichever process"
is "$(state)" "$before" "all is as before"
unlock_mappings stranger
run dmaownctl check --to "$new" --json
is "$status" 0 "when the lock is free, nothing prevents the transfer"

lock_mappings trusted 1002
run dmaownctl can-exit "$new" --json
is "$status $(json -c '[.can_exit.findings[] | [.finding, .pid]]')" "14 [[\"unknown\",$trusted]]" \
	"can-exit: it does not matter whose process it is"
run dmaownctl transfer --to "$new" --json
is "$status $(json .result)" "0 moved" "a process of the new owner's user may be unread"
run dmaownctl transfer --to "$old" --json
is "$status $(json .reasons[0].reason)" "15 unread" "but not when the new owner is another user's"
unlock_mappings trusted
run dmaownctl transfer --to "$old" --json
is "$status $(json .result)" "0 moved" "back again"
finish
