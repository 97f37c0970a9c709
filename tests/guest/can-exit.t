#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# dmaownctl can-exit: it finds what would break, and the commands it prints repair that.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))

findings() { json '[.can_exit.findings[].finding] | join(" ")'; }

vmm old "${edus[0]}" $size user 1001
id=$(context_of "$old")

run dmaownctl can-exit $$
is "$status $out" "0 " "a process that has nothing to do with it can exit"
run dmaownctl can-exit $$ --json
is "$(json -c '.can_exit | [.pid, .ok, .findings]')" "[$$,true,[]]" "in JSON too"

# --- the process is the only holder
run dmaownctl can-exit "$old" --json
is "$status $(findings)" "2 reset lost" "the only holder: the device would be reset, the context lost"
is "$(json -c '.can_exit.findings[0] | [.device, .context]')" "[\"${edus[0]}\",\"$id\"]" "which device"
is "$(json -c '.can_exit.findings[1] | [.context, .areas, .pinned]')" "[\"$id\",1,$size]" "which context, with what"
like "$(json '.can_exit.findings[0].advice')" "descriptor $dev of process $old" "which descriptor to pass on"
over_netlink=$out
run dmaownctl --channel debugfs can-exit "$old" --json
is "$status" 2 "over debugfs"
is "$out" "$over_netlink" "it is the same"
run dmaownctl can-exit "$old"
like "$out" "^reset: device ${edus[0]} .*"$'\n'".*descriptor $dev" "in words: the device"
like "$out" "lost: context $id" "and the context"

# --- the successor holds everything and owns nothing yet
successor new old $size 1001
run dmaownctl can-exit "$old" --json
is "$status $(findings)" "2 mischarged" "what it owns would stay behind"
is "$(json -c '.can_exit.findings[0] | [.context, .areas, .pinned]')" "[\"$id\",1,$size]" "how much"
mend=$(json '.can_exit.findings[0].command')
is "$mend" "dmaownctl transfer --to $new --from $old --context $id" "and what mends it"
run dmaownctl can-exit "$new"
is "$status" 0 "the successor could go: nothing is its own alone"
run bash -c "$mend"
is "$status" 0 "the command works"
run dmaownctl can-exit "$old"
is "$status $out" "0 " "and the old process can exit"

# --- only the device is left behind
ask new close "$new_dev"
run dmaownctl can-exit "$old" --json
is "$status $(findings)" "2 reset" "it alone has the device open: the device would be reset"
hand_over old new "$dev"
run dmaownctl can-exit "$old"
is "$status" 0 "handed over, it would not"

# --- a context without a device file, and a process that holds a context only by a device file
ask old close "$ctx"
run dmaownctl can-exit "$new" --json
is "$status $(findings)" "2 mischarged" "held by a device's file alone, the context stays"
stop old
run dmaownctl can-exit "$new" --json
is "$status $(findings)" "2 reset lost" "but for that of a process that is gone"

# --- how the process is named
run dmaownctl can-exit "$old"
is "$status" 10 "a process that there is not"
inode=$(python3 -c "import os; print(os.fstat(os.pidfd_open($new)).st_ino)")
run dmaownctl can-exit "$new:$inode" --json
is "$status $(json '.can_exit.pid')" "2 $new" "by PID:INODE"
run dmaownctl can-exit "$new:$((inode + 1))"
is "$status" 10 "and not by another's"
for wrong in "" 0 x 0xbeef "$new $new"; do
	# shellcheck disable=SC2086 # arguments
	run dmaownctl can-exit $wrong
	is "$status" 64 "usage: can-exit $wrong"
done
finish
