#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Loading and unloading, the wrong iommufd, and the tool without the module.
# shellcheck disable=SC2015 # pass() always succeeds
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

module=$DMAOWN_KMOD/dmaown.ko
vmm old "${edus[0]}" 1M
successor new old 1M

run dmaownctl status --json
is "$status" 0 "status with the module loaded"
id=$(context_of "$old")
like "$id" '^0x' "a context is seen"

run rmmod dmaown
is "$status" 0 "the module can be unloaded while contexts are in use"
for channel in "" "--channel netlink" "--channel debugfs"; do
	for command in list ioas areas owners holders devices "who 0" tree "can-exit $new" verify metrics status "transfer --to $new"; do
		# shellcheck disable=SC2086 # options and arguments
		run dmaownctl $channel $command
		is "$status" 69 "without the module: $channel $command"
		like "$err" "modprobe|insmod|build it" "without the module: $channel $command says what to do"
	done
done
run dmaownctl transfer --to "$new" --json
is "$status" 69 "without the module: transfer --json"
is "$(vm_pin "$old")" $((1 << 20)) "and nothing has happened"
[ ! -e /dev/dmaown ] && pass "no /dev/dmaown is left" || fail "no /dev/dmaown is left"
[ ! -e /sys/kernel/debug/dmaown ] && pass "no debugfs is left" || fail "no debugfs is left"

# Try a module with the layout of another iommufd.
wrong=$DMAOWN_KMOD/dmaown-wrongid.ko
[ -e "$wrong" ] && pass "there is a module with the layout of another build" || fail "there is no $wrong"
mark
run insmod "$wrong"
isnt "$status" 0 "a module that was built for another iommufd does not load"
refusal=$(kernel_log "$mark")
like "$refusal" "dmaown: .*build" "and the kernel log says why"
is "$(grep -oE '[0-9a-f]{40}' <<<"$refusal" | sort -u | wc -l)" 2 "naming both build IDs"

[ ! -e /dev/dmaown ] && pass "nothing of it is there" || fail "nothing of it is there"

run insmod "$module"
is "$status" 0 "the right one loads again"
run dmaownctl transfer --to "$new" --json
is "$status" 0 "and works"
is "$(vm_pin "$old") $(vm_pin "$new")" "0 $((1 << 20))" "as before"

# The module stays while it is in use.
exec {device}</dev/dmaown
run rmmod dmaown
isnt "$status" 0 "it cannot be unloaded while its device is open"
exec {device}<&-
run rmmod dmaown
is "$status" 0 "and can when it is closed"
for ((i = 0; i < 5; i++)); do { insmod "$module" && dmaownctl list >/dev/null && rmmod dmaown; } || break; done
is $i 5 "loaded and unloaded five times"
insmod "$module"
harmless+='|dmaown: '
finish
