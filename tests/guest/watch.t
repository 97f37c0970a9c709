#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# dmaownctl watch: events as they come, the module being unloaded and loaded, a module that cannot be loaded, lost
# events, and the end of watch.
# shellcheck disable=SC2015 # pass() always succeeds
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
module=$DMAOWN_KMOD/dmaown.ko

# Starts watch with the given options; $watch is its PID, $lines the file that it writes to.
declare -i nr_watches=0
start_watch() {
	nr_watches+=1
	lines=$scratch/lines.$nr_watches
	# A script's background processes ignore SIGINT.
	env --default-signal=INT dmaownctl watch "$@" >"$lines" 2>"$lines.err" &
	watch=$!
	eventually grep -q subscribed "$lines" || broken "watch does not begin: $(cat "$lines.err")"
}

# Prints how many lines match.
matches() { grep -cE "$1" "$lines"; }
# shellcheck disable=SC2317 # called by eventually
has_matches() { [ "$(matches "$2")" -ge "$1" ]; }
# Waits for at least $1 lines that match $2.
expect() {
	eventually has_matches "$1" "$2" && { pass "$3"; return; }
	fail "$3"
	diag "$(tail -n 20 "$lines")"
}

end_watch() {
	kill -"$1" "$watch"
	wait "$watch"
	is "$?" 0 "SIG$1 ends it, with success"
	is "$(cat "$lines.err")" "" "and it has complained about nothing"
}

# Prints what jq finds in the last line that matches $1.
last() { grep -E "$1" "$lines" | tail -n 1 | jq -c "$2"; }

vmm old "${edus[0]}" $size user 1001
successor new old $size 1001

# --- one line per event, at once and complete
start_watch --json
json_lines=$lines json_watch=$watch
start_watch
run dmaownctl transfer --to "$new"
is "$status" 0 "a transfer"
run dmaownctl transfer --to "$old" --from "$$"
is "$status" 3 "a refusal"
expect 1 "#[0-9]+ transfer to $new by [0-9]+, 1 area, 1 context, 1M pinned$" "the transfer is told"
expect 1 "#[0-9]+ refusal to $old from $$ by [0-9]+,.* nothing, ENOENT$" "the refusal is told, with its reason"
is "$(grep -vcE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}[+-][0-9]{2}:[0-9]{2} [0-9]+\.[0-9]{6} (#[0-9]+ )?[a-z]+' "$lines")" 0 \
	"each line begins with wall-clock and boot time"
end_watch TERM

lines=$json_lines watch=$json_watch
expect 1 '"event": "refusal"' "as JSON too"
is "$(jq -s length "$lines")" "$(wc -l <"$lines")" "an object a line"
is "$(last transfer '[.to, .areas, .contexts, .pinned, .errno, .lost]')" "[$new,1,1,$size,null,null]" "what a transfer tells"
is "$(last refusal '[.to, .from, .reason, .errno]')" "[$old,$$,\"nothing\",\"ENOENT\"]" "what a refusal tells"
is "$(($(last refusal .sequence) - $(last transfer .sequence)))" 1 "sequence numbers count up"
event=$(date -d "$(last refusal .wall | tr -d '"')" +%s)
now=$(date +%s)
[ "$event" -le "$now" ] && [ "$event" -gt $((now - patience)) ] && pass "the wall-clock time is right" ||
	fail "the wall-clock time is right: $event, now $now"
boot=$(last refusal .time)
[ $((boot / 1000000000)) -le "$(cut -d. -f1 /proc/uptime)" ] && [ "$boot" -gt 0 ] && pass "so is the time since boot" ||
	fail "so is the time since boot: $boot"

# --- the module is unloaded and loaded, twice
for round in 1 2; do
	rmmod dmaown || broken "rmmod"
	expect $round '"unloaded"' "round $round: that the module is unloaded is told"
	insmod "$module" || broken "insmod"
	expect $((round + 1)) '"subscribed"' "round $round: and that it is back"
	dmaownctl transfer --to "$old" --from "$$" >/dev/null 2>&1
	expect $((round + 1)) '"refusal"' "round $round: events are told again"
	is "$(last refusal .sequence)" 1 "round $round: and counted anew"
done
is "$(matches '"lost": [0-9]')" 0 "none was lost"

# --- the reason why the module cannot be loaded: only the kernel log has it
wrong=$DMAOWN_KMOD/dmaown-wrongid.ko
rmmod dmaown
expect 3 '"unloaded"' "it is unloaded once more"
is "$(matches '"layout"')" 0 "nothing has been told of its layout"
echo "<3>dmaown: built for the iommufd with build ID of somebody who wrote this" >/dev/kmsg
mark
insmod "$wrong" 2>/dev/null && broken "the wrong module has been loaded"
expect 1 '"event": "layout"' "a layout that does not fit is told"
is "$(last layout .text | tr -d '"')" "$(kernel_log "$mark" | sed -n 's/.*\] dmaown: //p')" "in the words of the kernel log"
like "$(last layout .text)" "build ID [0-9a-f]+ .*build this module again" "which say what to do"
is "$(last layout '[.sequence, .errno, .lost]')" "[null,null,null]" "it has no number"
[ "$(last layout .time)" -gt "$(last unloaded .time)" ] && pass "but a time" || fail "but a time"
json_lines=$lines json_watch=$watch
insmod "$module"
expect 4 '"subscribed"' "with the right module it listens again"
start_watch
rmmod dmaown
insmod "$wrong" 2>/dev/null
expect 1 '^[0-9T:.+-]+ [0-9]+\.[0-9]{6} layout, built for the .*: its contexts are not seen; build this module again' "in a line, too"
end_watch TERM
lines=$json_lines watch=$json_watch
insmod "$module"
expect 5 '"subscribed"' "the right one is told of again"
is "$(matches '"layout"')" 2 "each was told once"
end_watch INT

# --- more events than the socket has room for
read -r room </proc/sys/net/core/rmem_max
echo 4096 >/proc/sys/net/core/rmem_max
start_watch --json
echo "$room" >/proc/sys/net/core/rmem_max
first=$(last subscribed .time)
kill -STOP "$watch"
for ((i = 0; i < 30; i++)); do dmaownctl transfer --to "$old" --from "$$" >/dev/null 2>&1; done
kill -CONT "$watch"
expect 1 '"event": "lost", .*"lost": null' "that some are lost is told at once"
dmaownctl transfer --to "$old" --from "$$" >/dev/null 2>&1
expect 1 '"event": "lost", .*"lost": [0-9]' "and how many, with the next one that comes"
lost=$(jq -s '[.[] | select(.event == "lost") | .lost // 0] | add' "$lines")
is $((lost + $(matches '"refusal"'))) 31 "those lost and those told are all there were"
end_watch TERM
isnt "$first" "" "it had begun before"

# --- users that cannot watch
run dmaownctl --channel debugfs watch
is "$status" 64 "there are no events in debugfs"
run timeout $((60 * slow)) setpriv --reuid 1001 --clear-groups dmaownctl watch
is "$status" 77 "a user who may not look is told so"
run timeout $((60 * slow)) setpriv --bounding-set -sys_ptrace dmaownctl watch
is "$status" 77 "so is a root without CAP_SYS_PTRACE, to whom none would be sent"
run timeout $((60 * slow)) unshare --net dmaownctl watch
is "$status" 1 "in another network namespace"
like "$err" "nsenter" "it says where to go"
rmmod dmaown
run timeout $((60 * slow)) dmaownctl watch
is "$status" 69 "without the module"
like "$err" "modprobe|insmod|build it" "it says what to do"
insmod "$module"
timeout $((60 * slow)) dmaownctl watch >/dev/full 2>"$scratch/full"
is $? 1 "where nothing can be written it ends"
harmless+='|dmaown: '
finish
