# For the tests that run in the machine; sourced, not run. TAP on standard output.
#
# A test is a story with actors: processes that do as they are told (see actor.c).
#
#	start old			a process named "old"; $old is its PID
#	ask old open /dev/iommu		tells it to do something that must succeed; $reply is what it says
#	try old bind 5 6		the same, but it may fail; $answer is the whole answer
#
# shellcheck shell=bash
set -u

guest_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
test_name=${0##*/}
page=4096
# How long an actor may take for an answer, in seconds: debug kernels are slow.
patience=120

scratch=$(mktemp -d "/tmp/$test_name.XXXXXX") || exit 1
chmod 1777 "$scratch"

# --- TAP

tests=0 failures=0

# To standard error, where prove lets it be seen.
diag() { printf '%s\n' "$*" | sed 's/^/# /' >&2; }

pass() { tests=$((tests + 1)); echo "ok $tests - $1"; }

fail() {
	local at=-2

	tests=$((tests + 1)) failures=$((failures + 1))
	echo "not ok $tests - $1"
	# A story that another test tells is read by that one: it is one step further in.
	[ "${FUNCNAME[at]}" != source ] || at=-3
	diag "failed: ${BASH_SOURCE[at + 1]##*/}:${BASH_LINENO[at]}: $tests - $1"
}

# Shows what the last command said, once.
said=
show_last() {
	[ -n "$said" ] || return 0
	diag "the last command: $said"
	diag "exit status $status"
	[ -z "$out" ] || diag "out: $(head -n 40 <<<"$out")"
	[ -z "$err" ] || diag "err: $(head -n 40 <<<"$err")"
	said=
}

is() {
	if [ "$1" = "$2" ]; then pass "$3"; return 0; fi
	fail "$3"
	diag "got:      $1"
	diag "expected: $2"
	show_last
	return 1
}

isnt() {
	if [ "$1" != "$2" ]; then pass "$3"; return 0; fi
	fail "$3"
	diag "got, unexpectedly: $1"
	show_last
	return 1
}

like() {
	if [[ $1 =~ $2 ]]; then pass "$3"; return 0; fi
	fail "$3"
	diag "got:           $1"
	diag "does not match: $2"
	show_last
	return 1
}

# The scene itself did not come about: nothing that follows would mean anything.
broken() {
	fail "$*"
	show_last
	finish
}

# Ends the test: whatever was started is ended, the kernel log must be silent, then comes the plan.
finish() {
	local name complaints

	trap - EXIT
	for name in "${!actor_in[@]}"; do stop "$name"; done
	complaints=$(kernel_log "$begin" | grep -vE "$harmless")
	is "$complaints" "" "the kernel log is silent"
	echo "1..$tests"
	rm -rf "$scratch"
	[ "$failures" -eq 0 ]
	exit
}

cleanup() {
	local status=$? name

	for name in "${!actor_in[@]}"; do stop "$name"; done
	rm -rf "$scratch"
	exit "$status"
}
trap cleanup EXIT

# vfio-pci says so whenever a device file is opened and closed for the last time.
# A slow host delays the machine's timers.
harmless='hrtimer: interrupt took|vfio-pci [0-9a-f:.]+: (resetting|reset done|enabling device)|ACPI: .* Enabled at IRQ|tsc: |clocksource: '
harmless+='|sched: DL replenish lagged too much|TSC found unstable|sched_clock: Marking unstable'

# Sets a mark in the kernel log; $mark is its name.
mark=
declare -i nr_marks=0
mark() {
	nr_marks+=1
	mark="test $test_name $$: mark $nr_marks"
	echo "$mark" >/dev/kmsg
}

# What the kernel log says since a mark, without the complaints that were expected.
kernel_log() {
	dmesg | awk -v mark="$1" '/ test [^ ]+ [0-9]+: complaint expected$/ { expected = 1 }
		found && !expected && !/ test [^ ]+ [0-9]+: (mark [0-9]+|complaint seen)$/
		/ test [^ ]+ [0-9]+: complaint seen$/ { expected = 0 }
		index($0, mark) { found = 1 }
		END { if (!found) print "the mark has left the kernel log:", mark }'
}

# Between these two, one warning of the kernel's is expected: one that matches $1, and nothing else.
# Their lines in the kernel log tell tests/vm/run, too.
complaint_begins() {
	mark
	complaint=$mark
	echo "test $test_name $$: complaint expected" >/dev/kmsg
}

complaint_ends() {
	local log others

	log=$(dmesg | awk -v mark="$complaint" 'found; index($0, mark) { found = 1 }')
	others=$(sed '/\[ cut here \]/,/\[ end trace /d' <<<"$log" | grep -vE "$harmless|: complaint expected\$")
	is "$(grep -c '\[ cut here \]' <<<"$log") $(grep -c "WARNING: .*$1" <<<"$log") $others" "1 1 " "$2"
	echo "test $test_name $$: complaint seen" >/dev/kmsg
}

mark
begin=$mark

# --- commands

# Runs a command: $status, $out and $err are what came of it.
run() {
	said="$*"
	"$@" >"$scratch/out" 2>"$scratch/err" </dev/null
	status=$?
	out=$(<"$scratch/out") err=$(<"$scratch/err")
}

# What jq finds in the last command's output.
json() { jq -r "$@" <<<"$out" 2>&1; }

# Runs a program that is a test itself: its tests count as this test's.
program() {
	local line what planned='' begun=$tests

	while IFS= read -r line; do
		what=${line#*ok * - }
		case $line in
		"ok "*) pass "$what" ;;
		"not ok "*) fail "$what" ;;
		"Bail out!"*) broken "$1: $line" ;;
		1..*) planned=${line#1..} ;;
		*) echo "# $line" ;;
		esac
	done < <("$@" </dev/null)
	is "$planned" $((tests - begun)) "$1 has come to its end"
}

# Waits until a command succeeds. That it does not is said, whoever looks at the result.
eventually() {
	local i

	for ((i = 0; i < patience * 20; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	diag "not even in $patience s: $*"
	return 1
}

# --- actors

declare -A actor_in=() actor_out=() actor_pid=()
declare -i nr_actors=0

# Makes the FIFOs of actor $1 and opens them both ways, so that nobody waits for the other end.
actor_channels() {
	local in out

	nr_actors+=1
	channel=$scratch/$1.$nr_actors
	mkfifo -m 666 "$channel.in" "$channel.out" || exit 1
	exec {in}<>"$channel.in" {out}<>"$channel.out"
	actor_in[$1]=$in actor_out[$1]=$out
}

start() {
	local name=$1

	actor_channels "$name"
	actor <"$channel.in" >"$channel.out" 2>>"$scratch/$name.err" &
	actor_pid[$name]=$!
	declare -g "$name=$!"
	ask "$name" pid
}

# Sends a command without waiting for the answer.
tell() {
	local name=$1
	shift
	[ -n "${actor_in[$name]:-}" ] || broken "there is no actor $name"
	echo "$*" >&"${actor_in[$name]}"
}

# Reads an answer.
hear() {
	local i part done

	answer=
	for ((i = 0; i < patience; i++)); do
		# The time may be over in the middle of an answer.
		part='' done=''
		IFS= read -r -t 1 -u "${actor_out[$1]}" part && done=yes
		answer+=$part
		[ -z "$done" ] || return 0
		kill -0 "${actor_pid[$1]}" 2>/dev/null || break
	done
	answer="error: no answer from $1 $(cat "$scratch/$1.err" 2>/dev/null)"
	return 1
}

try() {
	tell "$@"
	hear "$1"
}

ask() {
	try "$@"
	case $answer in
	ok) reply= ;;
	"ok "*) reply=${answer#ok } ;;
	*) broken "$*: $answer" ;;
	esac
}

# Lets actor $1 fork; the child is the actor $2.
fork() {
	local parent=$1 child=$2

	actor_channels "$child"
	ask "$parent" fork "$channel"
	actor_pid[$child]=$reply
	declare -g "$child=$reply"
	hear "$child" || broken "$parent forks $child: $answer"
}

# Ends an actor at once, however it fares, and waits until nothing of it is left.
stop() {
	local name=$1 pid=${actor_pid[$1]:-} in=${actor_in[$1]} out=${actor_out[$1]} i

	unset "actor_in[$name]" "actor_out[$name]" "actor_pid[$name]"
	if [ -n "$pid" ]; then
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
		# A grandchild is not waited for here.
		for ((i = 0; i < 200; i++)); do
			[ -e "/proc/$pid/stat" ] && [ "$(state_of "$pid")" != Z ] || break
			sleep 0.02
		done
	fi
	exec {in}>&- {out}>&-
}

# The words of the line $2 of /proc/$1/status, in $words. It is read as a whole: read(1) goes back to the end of
# each line, for which the kernel writes all of it anew, and what runs by then has its lines elsewhere.
find_status() {
	local lines=() line

	words=()
	mapfile -t lines <"/proc/$1/status"
	for line in "${lines[@]}"; do
		[ "${line%%:*}" != "$2" ] || read -ra words <<<"${line#*:}"
	done
} 2>/dev/null

state_of() {
	local words

	find_status "$1" State
	[ ${#words[@]} -eq 0 ] || echo "${words[0]}"
}

# Hands descriptors of $1 to $2 over a socket; $reply is what they are there.
hand_over() {
	local from=$1 to=$2 socket=$scratch/socket.$RANDOM$RANDOM
	shift 2

	ask "$to" listen "$socket"
	ask "$from" send "$socket" "$@"
	ask "$to" receive
}

# --- counters

# Of a process, in bytes.
counter() {
	local words

	find_status "$1" "$2"
	[ ${#words[@]} -eq 0 ] || echo $((words[0] * 1024))
}

# The same of the mapping of process $1 that begins at address $2, as /proc/PID/smaps has it.
mapping() {
	awk -v start="$(printf '%08x-' "$2")" -v name="$3:" \
		'/^[0-9a-f]+-/ { found = index($0, start) == 1 } found && $1 == name { print $2 * 1024 }' "/proc/$1/smaps"
}
vm_pin() { counter "$1" VmPin; }
vm_lck() { counter "$1" VmLck; }

# Lets a process of the user own an area that is not pinned, and hence charged with nothing, so that
# the user shows up in the listing of owners from now on. Type1 charges no user.
witness() {
	local uid=$1 name=witness$1 fd ioas at

	[ $kind != type1 ] || return 0
	start "$name"
	ask "$name" open /dev/iommu; fd=$reply
	ask "$name" setuid "$uid"
	ask "$name" ioas "$fd"; ioas=$reply
	ask "$name" mmap anon $page shared rw; at=$reply
	ask "$name" map "$fd" "$ioas" "$at" $page any rw
}

# The locked pages of a user who has a witness, in bytes.
user_locked() {
	[ $kind != type1 ] || { echo 0; return; }
	dmaownctl owners --raw -n --bytes -o UID,USER_LOCKED | awk -v uid="$1" '$1 == uid { print $2; exit }'
}

# --- the machine

# From now on there are $1 huge pages. The kernel gives what it finds, which may be fewer.
huge_pages() {
	echo "$1" >/proc/sys/vm/nr_hugepages
	is "$(</proc/sys/vm/nr_hugepages)" "$1" "there are $1 huge pages"
}

# PCI addresses of the two edu devices.
edus=()
for device in /sys/bus/pci/devices/*; do
	[ "$(cat "$device/vendor"):$(cat "$device/device")" = 0x1234:0x11e8 ] && edus+=("${device##*/}")
done
unset device

# --- kinds of contexts
#
# A story that is the same for iommufd and for VFIO type1 is told with what follows. NAME.t tells it of
# iommufd; type1-NAME.t sets kind=type1 and sources NAME.t. In both $ctx is the descriptor of the context
# and $ioas the number of the address space, of which a container has one.

kind=${kind:-iommufd}

# The accounting modes, or, of type1, whether who maps is free of limits, as CAP_IPC_LOCK makes it.
# free_mode is the first of them, limit_mode the one that most limits are tried in.
case $kind in
iommufd) modes=(none user mm) limit_mode=user ;;
type1) modes=(free mm) limit_mode=mm ;;
esac
free_mode=${modes[0]}

# Whether a limit holds in mode $1; and the users of the old and the new owner in it.
limited() { [ "$1" != "$free_mode" ]; }
users_of() { limited "$1" && echo 1001 1002 || echo 0 0; }

# Takes from actor $1 what accounting mode $2 needs, and makes it user $3.
become() {
	case $2:$3 in
	none:0 | free:0) ;;
	none:* | free:*) broken "mode $2 is for those with CAP_IPC_LOCK" ;;
	*:0) ask "$1" drop-ipc-lock ;;
	*) ask "$1" setuid "$3" ;;
	esac
}

# Actor $1 opens a context, in mode $2. Sets ctx.
open_context() {
	case $kind in
	iommufd)
		ask "$1" open /dev/iommu; ctx=$reply
		[ "${2:-}" != mm ] || ask "$1" mode-mm "$ctx"
		;;
	type1) ask "$1" open /dev/vfio/vfio; ctx=$reply ;;
	esac
}

# The device $2 is in the context of actor $1. Sets dev, and group, which of iommufd is none: whoever hands
# on the one hands on the other.
group=
add_device() {
	group=
	case $kind in
	iommufd)
		ask "$1" device "$2"; dev=$reply
		ask "$1" bind "$dev" "$ctx"
		;;
	type1)
		ask "$1" group "$2"; group=$reply
		ask "$1" set-container "$group" "$ctx"
		# The first one of a container.
		try "$1" set-iommu "$ctx"
		[ "$answer" = ok ] || [ "$answer" = "error EINVAL set-iommu" ] || broken "set-iommu: $answer"
		ask "$1" group-device "$group" "$2"; dev=$reply
		;;
	esac
}

# An address space in the context of actor $1. Sets ioas.
new_ioas() {
	case $kind in
	iommufd) ask "$1" ioas "$ctx"; ioas=$reply ;;
	type1) ioas=1 ;;
	esac
}

# The device $2 of actor $1 is attached to the address space $3: of type1 it is from the start.
attach_device() { [ $kind != iommufd ] || ask "$1" attach "$2" "$3"; }

# What an actor is told that is to map: to_map CTX IOAS ADDR LENGTH IOVA PROT
to_map() {
	case $kind in
	iommufd) echo map "$@" ;;
	type1) echo type1-map "$1" "${@:3}" ;;
	esac
}
# dma_map ACTOR, and the same
# shellcheck disable=SC2046
dma_map() { ask "$1" $(to_map "${@:2}"); }

# dma_map_many ACTOR CTX IOAS ADDR COUNT IOVA: a page each
dma_map_many() {
	case $kind in
	iommufd) ask "$1" map-many "${@:2}" ;;
	type1) ask "$1" type1-map-many "$2" "${@:4}" ;;
	esac
}

# dma_unmap ACTOR CTX IOAS all|IOVA [LENGTH]
dma_unmap() {
	case $kind in
	iommufd) ask "$1" unmap "${@:2}" ;;
	type1) ask "$1" type1-unmap "$2" "${@:4}" ;;
	esac
}

# --- scenes

# Where programs in these tests map their memory.
base=0x10000000000

# Makes actor $1 a VMM that has $3 of a memfd mapped by address for device $2 at IOVA 0, in mode $4
# (none, user, mm; free, mm) as user $5. With $limit set, that is its RLIMIT_MEMLOCK. With by=file, it maps
# by file. Sets ctx, dev, group, ram (its descriptors) and ioas.
vmm() {
	local name=$1 device=$2 size=$3 mode=${4:-$free_mode} uid=${5:-0}

	start "$name"
	ask "$name" limit "${limit:-unlimited}"
	open_context "$name" "$mode"
	add_device "$name" "$device"
	become "$name" "$mode" "$uid"
	new_ioas "$name"
	ask "$name" memfd ram "$size"; ram=$reply
	ask "$name" mmap "$ram" "$size" shared rw $base
	case ${by:-address} in
	address) dma_map "$name" "$ctx" "$ioas" $base "$size" 0 rw ;;
	file) ask "$name" map-file "$ctx" "$ioas" "$ram" 0 "$size" 0 rw ;;
	esac
	attach_device "$name" "$dev" "$ioas"
}

# Makes actor $1 the successor of $2, as vmm() made it: it gets the descriptors, is user $4, and has
# the same $3 of memory mapped at the same address. With $limit set, that is its RLIMIT_MEMLOCK.
# Sets new_ctx, new_dev, new_group and new_ram.
successor() {
	local name=$1 from=$2 size=$3 uid=${4:-0}

	start "$name"
	ask "$name" limit "${limit:-unlimited}"
	hand_over "$from" "$name" "$ctx" "$dev" "$ram" ${group:+"$group"}
	read -r new_ctx new_dev new_ram new_group <<<"$reply"
	[ "$uid" -eq 0 ] || ask "$name" setuid "$uid"
	ask "$name" mmap "$new_ram" "$size" shared rw $base
}

# A VMM with a container in a test that is of iommufd as well: $4 is the user, with CAP_IPC_LOCK only as
# root. Sets container, group, dev and ram (its descriptors).
type1_vmm() {
	local kind=type1 ctx mode=free ioas

	[ "${4:-0}" -eq 0 ] || mode=mm
	vmm "$1" "$2" "$3" $mode "${4:-0}"
	container=$ctx
}

# Its successor. Sets new_container, new_group, new_dev and new_ram.
type1_successor() {
	local kind=type1 ctx=$container new_ctx

	successor "$@"
	new_container=$new_ctx
}

# --- what dmaownctl says

# "VmPin VmLck" of a process, in bytes.
charges() { echo "$(vm_pin "$1") $(vm_lck "$1")"; }

# The same as it is to be when $1 bytes are charged in mode $2. Of type1 it is VmLck in each.
charged() {
	case $kind:${2:-} in
	type1:*) echo "0 $1" ;;
	*:mm) echo "$1 $1" ;;
	*) echo "$1 0" ;;
	esac
}

# The columns $1 of each area, and VmPin and VmLck of $old and $new, in one line.
areas_and_charges() {
	echo "$(dmaownctl areas --raw -n -o "$1" | paste -sd ' ') $(charges "$old") $(charges "$new")"
}

# The one that counts what a process has pinned, in each mode.
counted() {
	case $kind in
	iommufd) vm_pin "$1" ;;
	type1) vm_lck "$1" ;;
	esac
}

# "IOAS:IOVA=PID" of each area of the contexts of process $1, in one line. (jq is slow in the machine.)
areas_of() {
	local contexts

	contexts=$(contexts_of "$1")
	dmaownctl areas --raw -n -o CONTEXT,IOAS,IOVA,PID |
		awk -v contexts=" ${contexts//$'\n'/ } " \
			'index(contexts, " " $1 " ") { printf "%s%s:%s=%s", n++ ? " " : "", $2, $3, $4 }'
}

# The IDs of the contexts that process $1 holds, one a line.
contexts_of() {
	dmaownctl list --raw -n -o ID,HOLDERS |
		awk -v pid="$1" '{ n = split($2, pids, /[^0-9]+/); for (i = 1; i <= n; i++) if (pids[i] == pid) print $1 }'
}

# The first of them.
context_of() {
	local contexts

	contexts=$(contexts_of "$1")
	echo "${contexts%%$'\n'*}"
}

# What kinds of reasons the last transfer --json gave, each once, in one line.
reasons() { json '[.reasons[].reason] | unique | join(" ")'; }

# The last transfer was refused with exit status $1 and the reasons $2, and nothing has changed: what the test's
# state() says is still $before; in the case $3.
refused_as() {
	is "$status $(reasons)" "$1 $2" "$3: refused"
	is "$(state)" "$before" "$3: and nothing has changed"
}
