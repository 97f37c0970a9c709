#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Access rights: every way in needs CAP_SYS_ADMIN and CAP_SYS_PTRACE in the initial user namespace; some facts are
# hidden even from processes that have both.
# shellcheck disable=SC2015 # pass() always succeeds
# shellcheck disable=SC2317 # functions are called as "$who" and "become_$name"
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

listings="contexts holders ioases hwpts devices accesses areas owners refusals status"
cap_net_admin=12 cap_sys_ptrace=19 cap_sys_admin=21

vmm old "${edus[0]}" 1M
successor new old 1M
# Create so many areas that no listing of them fits into one message.
ask old memfd many 8M; many=$reply
ask old mmap "$many" 8M shared rw 0x40000000000; at=$reply
ioas1=$ioas
new_ioas old; ioas2=$ioas ioas=$ioas1
dma_map_many old "$ctx" "$ioas2" "$at" 2000 0x1000000

# --- with the tool

as_user() { setpriv --reuid 1001 --regid 1001 --clear-groups "$@"; }
as_net_admin() { as_user --inh-caps +net_admin --ambient-caps +net_admin "$@"; }
without() { local cap=$1; shift; setpriv --bounding-set "-$cap" --inh-caps "-$cap" "$@"; }
in_userns() { unshare --user --map-root-user "$@"; }
in_userns_and_netns() { unshare --user --map-root-user --net "$@"; }

for who in as_user as_net_admin "without all" "without sys_admin" "without sys_ptrace" \
	in_userns in_userns_and_netns; do
	for listing in list status; do
		run $who dmaownctl $listing --json
		is "$status" 77 "$who: $listing is not allowed"
		[[ $out != *"0x"* ]] && pass "$who: $listing tells nothing" || fail "$who: $listing tells nothing"
		like "$err$out" "not allowed" "$who: $listing says why"
	done
	run $who dmaownctl --channel debugfs list
	is "$status" 77 "$who: debugfs is not allowed either"
	run $who dmaownctl transfer --to "$new" --json
	is "$status" 77 "$who: nor is a transfer"
	run $who dmaownctl can-exit "$old" --json
	is "$status $out" "77 " "$who: nor is can-exit"
done
for listing in ioas areas owners devices; do
	run as_user dmaownctl $listing --json
	is "$status" 77 "as_user: $listing is not allowed"
	like "$err$out" "not allowed" "as_user: $listing says why"
done

# --- with any call that a program can make

# Root opens everything and passes it on.
start giver
ask giver open /dev/dmaown; given_device=$reply
ask giver netlink; read -r given_socket family group <<<"$reply"

# refused ACTOR COMMAND...: fails because a capability is missing, or a permission, where files have modes
refused() {
	local name=$1
	try "$@"
	like "$answer" '^error (EPERM|EACCES) ' "$name: refused: ${*:2}"
}
# An open file must fail with EPERM and nothing else.
not_permitted() {
	local name=$1
	try "$@"
	like "$answer" '^error EPERM ' "$name: not permitted: ${*:2}"
}

own_doors() {
	local name=$1 listing

	refused "$name" open /dev/dmaown
	refused "$name" open /dev/dmaown r
	for listing in $listings; do
		refused "$name" open "/sys/kernel/debug/dmaown/$listing" r
	done
}

# channel ACTOR FD: dumps over a socket
channel() {
	local name=$1 fd=$2 listing

	for listing in $listings; do
		not_permitted "$name" dump "$fd" "$listing"
	done
}

# Tries the files and sockets that root has opened and passed on; some of them are in use already.
handed_doors() {
	local name=$1 device socket begun listing fd files=()

	ask giver netlink; begun=${reply%% *}
	ask giver dump-begin "$begun" areas
	for listing in $listings; do
		ask giver open "/sys/kernel/debug/dmaown/$listing" r; files+=("$reply")
	done
	ask giver open /sys/kernel/debug/dmaown/areas r; files+=("$reply")
	ask giver read "$reply" 4096
	hand_over giver "$name" "$given_device" "$given_socket" "$begun" "${files[@]}"
	# shellcheck disable=SC2086 # a list of descriptors
	set -- $reply
	for fd in "$begun" "${files[@]}"; do ask giver close "$fd"; done

	device=$1 socket=$2 begun=$3
	not_permitted "$name" who "$device" "$new"
	not_permitted "$name" give "$device" "$new"
	not_permitted "$name" leave "$device" "$old"
	ask "$name" is-netlink "$socket" "$family" "$group"
	channel "$name" "$socket"
	[ "$name" = no_ptrace ] || not_permitted "$name" listen-events "$socket"
	# The socket's first request looked the family up, the dump was its second.
	ask "$name" is-netlink "$begun" "$family" "$group"
	not_permitted "$name" dump-end "$begun" 2
	shift 3
	for fd; do not_permitted "$name" read "$fd"; done
	for fd in "$device" "$socket" "$begun" "$@"; do ask "$name" close "$fd"; done
}

# become_NAME turns an actor into a process that is not allowed anything.
become_user() { ask "$1" setuid 1001; }
become_net_admin() { ask "$1" setuid-with 1001 "$cap_net_admin"; }
become_nsroot() { ask "$1" setuid 1001; ask "$1" userns; }
become_rootns() { ask "$1" userns; }
become_netns() { ask "$1" setuid 1001; ask "$1" userns net; }
become_bare() { ask "$1" drop all; }
become_no_admin() { ask "$1" drop "$cap_sys_admin"; }
become_no_ptrace() { ask "$1" drop "$cap_sys_ptrace"; }

people=(user net_admin nsroot rootns bare no_admin no_ptrace)
declare -A socket_of=()
for name in "${people[@]}" netns; do
	start "$name"
	ask "$name" netlink; before=${reply%% *}
	"become_$name" "$name"
	own_doors "$name"
	handed_doors "$name"
	# Try a socket of its own that it opened before it lost its privileges.
	channel "$name" "$before"
	ask "$name" close "$before"
	ask "$name" netlink "$family" "$group"; socket_of[$name]=${reply%% *}
done
for name in "${people[@]}"; do
	channel "$name" "${socket_of[$name]}"
	# The kernel lets a process with CAP_SYS_ADMIN join. A test below checks that it receives no event.
	[ "$name" = no_ptrace ] || not_permitted "$name" listen-events "${socket_of[$name]}"
done
ask no_ptrace listen-events "${socket_of[no_ptrace]}"
# Another network namespace has no such family, but a process there may subscribe to the number of its group.
for listing in $listings; do
	try netns dump "${socket_of[netns]}" "$listing"
	like "$answer" '^error (ENOENT|EPERM) ' "netns: there is nothing to dump: $listing"
done
ask netns listen-events "${socket_of[netns]}"
# A socket that an unprivileged process has opened does not even work for root.
hand_over user giver "${socket_of[user]}"
fd=$reply
ask giver is-netlink "$fd" "$family" "$group"
not_permitted giver dump "$fd" areas

ask giver leave "$given_device" "$old"
is "$reply" "1 0" "root may ask: one context, which the new process holds, too"
is "$(areas_of "$new" | tr ' ' '\n' | grep -c "=$old\$")" 2001 "nothing has moved"
ask giver listen-events "$given_socket"
run dmaownctl transfer --to "$new" --json
ask giver events "$given_socket"
isnt "$reply" 0 "root hears an event"
for name in netns no_ptrace; do
	ask "$name" events "${socket_of[$name]}"
	is "$reply" 0 "$name: silence"
done

# --- no process learns a kernel address

# ids prints the IDs as NAME=VALUE, addresses prints all other numbers.
ids() { grep -hoE "(context|owner|pages)=0x[0-9a-f]+" /sys/kernel/debug/dmaown/*; }
addresses() { grep -hoE '[a-z_]+=(0x[0-9a-f]+|[0-9]+)' /sys/kernel/debug/dmaown/* | grep -vE '^(context|owner|pages)='; }

# User space ends at 2^47; the kernel has nothing below. (awk counts in doubles, which are exact enough.)
above() {
	local name value

	while IFS='=' read -r name value; do
		[ "$((value))" -ge 0 ] && [ "$((value))" -lt $((1 << 47)) ] || echo "$name=$value"
	done < <(sort -u)
}
is "$(addresses | above)" "" "debugfs: no number but IDs is above user space"
isnt "$(addresses | grep -c 'addr=0x')" 0 "debugfs: there are addresses among them"
for listing in $listings; do
	ask giver dump "$given_socket" "$listing"
	read -r records largest <<<"$reply"
	is "$(above <<<"$listing=$largest")" "" "netlink: $listing: no number but IDs is above user space"
	case $kind:$listing in
	*:accesses | type1:hwpts) continue ;;
	esac
	isnt "$records" 0 "netlink: $listing: there are records"
done
for listing in list ioas areas owners devices; do
	names=$(dmaownctl $listing --list-columns --json | jq -r '[.columns[].column] | join(",")')
	run dmaownctl $listing --json -o "$names"
	# In the listing of contexts the tool calls the ID of a context "id".
	is "$(json '[.[][] | to_entries[] | select(.key | IN("id", "context", "owner", "pages") | not) |
		select(.value | type == "string" and test("0x[0-9a-f]{13}"))] | length')" 0 \
		"dmaownctl $listing: no kernel address"
done

# The IDs are not addresses: the kernel itself reports where these objects are.
tracing=/sys/kernel/tracing
case $kind in
iommufd)
	# shellcheck disable=SC2016 # $retval is the kernel's
	echo 'r:dmaown_test/context iommufd_ctx_from_file at=$retval:x64' >$tracing/kprobe_events
	echo 'p:dmaown_test/pages iopt_area_fill_domains at=%si:x64' >>$tracing/kprobe_events
	;;
type1)
	echo 'p:dmaown_test/context vfio_container_attach_group at=%di:x64' >$tracing/kprobe_events
	echo 'p:dmaown_test/pages vfio_pin_pages_remote at=%di:x64' >>$tracing/kprobe_events
	;;
esac
echo >$tracing/trace
echo 1 >$tracing/events/dmaown_test/enable
[ "$kind" != type1 ] || add_device old "${edus[1]}"
dma_map old "$ctx" "$ioas" $base 4096 0x800000 rw
cat /sys/kernel/debug/dmaown/areas >"$scratch/areas"
seen=$(ids | sed 's/.*=//' | sort -u)
echo 0 >$tracing/events/dmaown_test/enable
# For other files iommufd_ctx_from_file returns an error: drop these.
objects=$(grep -oE '(context|pages): .*at=0x[0-9a-f]+' $tracing/trace | sed 's/: .*at=/ /' |
	grep -v 0xfffffffffffff | sort -u)
echo >$tracing/kprobe_events
for object in context pages; do
	like "$(grep "^$object " <<<"$objects")" '0xff[0-9a-f]{14}' "the kernel's address of a $object object is known"
done
# shellcheck disable=SC2001 # several lines
is "$(sed 's/.* //' <<<"$objects" | grep -xF "$seen")" "" "no ID is the address of such an object"

run dmaownctl list --json
is "$status" 0 "root may"
finish
