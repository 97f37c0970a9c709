#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The module is unloaded while it is used, or stays; no user is left with code that is gone.
# shellcheck disable=SC2015 # pass() always succeeds
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# Strip what only debuggers read: the module is loaded often.
module=$scratch/dmaown.ko
strip --strip-debug -o "$module" "$DMAOWN_KMOD/dmaown.ko" || broken "strip"
harmless+='|dmaown: '

vmm old "${edus[0]}" 1M
successor new old 1M
ask old memfd many 8M; many=$reply
ask old mmap "$many" 8M shared rw 0x40000000000; at=$reply
ask old ioas "$ctx"; ioas2=$reply
ask old map-many "$ctx" "$ioas2" "$at" 2000 0
hand_over old new "$many"
ask new mmap "$reply" 8M shared rw 0x40000000000
start client

is_loaded() { [ -e /sys/module/dmaown ]; }
ensure_loaded() { is_loaded || insmod "$module" || broken "the module does not load again"; }

# stays WHY COMMAND...: the module cannot be unloaded because of WHY; after COMMAND has ended that, it can
stays() {
	local why=$1
	shift
	run rmmod dmaown
	isnt "$status" 0 "it stays: $why"
	like "$err" "in use" "it stays, and that is said: $why"
	is_loaded && pass "it is there still: $why" || fail "it is gone: $why"
	"$@"
	run rmmod dmaown
	is "$status" 0 "and goes when that is over: $why"
	insmod "$module"
}

ask client open /dev/dmaown; fd=$reply
stays "/dev/dmaown is open" ask client close "$fd"
ask client open /sys/kernel/debug/dmaown/areas r; fd=$reply
stays "a file of debugfs is open" ask client close "$fd"
ask client open /sys/kernel/debug/dmaown/areas r; fd=$reply
ask client read "$fd" 4096
stays "a file of debugfs has been read half" ask client close "$fd"
ask client netlink; fd=${reply%% *}
ask client dump-begin "$fd" areas
stays "a dump has come half way" ask client close "$fd"
ask client netlink; fd=${reply%% *}
ask client dump-begin "$fd" areas
stays "a dump has come half way, and is then taken to its end" ask client dump-end "$fd" 2
ask client close "$fd"

# A listener does not hold the module, and receives no more events from it.
ask client netlink; fd=${reply%% *}
ask client listen-events "$fd"
run dmaownctl transfer --to "$new"
is "$status" 0 "a transfer with a listener"
ask client events "$fd"
isnt "$reply" 0 "the listener hears of it"
run rmmod dmaown
is "$status" 0 "it goes although somebody listens"
insmod "$module"
run dmaownctl transfer --to "$old"
is "$status" 0 "a transfer when it is back"
ask client events "$fd"
is "$reply" 0 "a listener of the one that has gone hears nothing of it"
ask client netlink; again=${reply%% *}
ask client listen-events "$again"
run dmaownctl transfer --to "$new"
ask client events "$again"
isnt "$reply" 0 "one that has joined anew does"
ask client close "$fd"
ask client close "$again"

# Unload the module while others use it. Now and then they find it missing: the tool then exits with 69, or with an
# error if the module goes while it runs.
# shellcheck disable=SC2317 # called as $use
listeners() { while :; do timeout 1 dmaownctl list; dmaownctl areas --channel netlink; done; }
# shellcheck disable=SC2317 # called as $use
readers() { while :; do cat /sys/kernel/debug/dmaown/*; done; }
# shellcheck disable=SC2317 # called as $use
transfers() { while :; do dmaownctl transfer --to "$new"; dmaownctl transfer --to "$old"; done; }

for use in listeners readers transfers; do
	$use >/dev/null 2>&1 &
	user=$!
	gone=0 stayed=0
	for ((i = 0; i < 3000 && (gone < 20 || stayed < 5); i++)); do
		ensure_loaded
		if rmmod dmaown 2>/dev/null; then gone=$((gone + 1)); else stayed=$((stayed + 1)); fi
	done
	kill $user
	wait $user 2>/dev/null
	[ $gone -ge 20 ] && pass "$use: it goes" || fail "$use: it goes only $gone times in $i"
	[ $stayed -ge 5 ] && pass "$use: and stays" || fail "$use: it stays only $stayed times in $i"
	echo "# $use: $gone times gone, $stayed times in use"
	ensure_loaded
	eventually rmmod dmaown 2>/dev/null
	insmod "$module"
	run dmaownctl transfer --to "$new"
	is "$status" 0 "$use: afterwards it does what it did"
	is "$(vm_pin "$old") $(vm_pin "$new")" "0 $((1 << 20))" "$use: and nothing was lost"
done

rmmod dmaown
rounds=${DMAOWN_LOAD_ROUNDS:-200}
for ((i = 0; i < rounds; i++)); do
	{ insmod "$module" && rmmod dmaown; } || break
done
is $i "$rounds" "loaded and unloaded $rounds times"
insmod "$module"
run dmaownctl list
is "$status" 0 "and it lists what there is"
finish
