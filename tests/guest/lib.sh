# Library for the tests that run in the virtual machine: source it, do not run it. A test prints TAP on standard output.
#
# A test controls actors: processes that carry out the commands they are sent (see actor.c).
#
#	start old			starts a process named "old"; $old is its PID
#	ask old open /dev/iommu		sends it a command that must succeed; $reply is its result
#	try old bind 5 6		sends it a command that may fail; $answer is the whole answer
#
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # this file and the test that sources it use each other's variables
set -u

guest_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
test_name=${0##*/}
page=4096
# Factor for all timeouts: how many times slower than usual the machine is (tests/vm/run measures it).
slow=${DMAOWN_SLOW:-1}
# Timeout for an actor's answer, in seconds. Debug kernels are slow.
patience=$((120 * slow))

# Use no locale: its files lie on the host, and each program would open them.
unset "${!LC_@}" LANGUAGE
export LANG=C

scratch=$(mktemp -d "/tmp/$test_name.XXXXXX") || exit 1
chmod 1777 "$scratch"

# --- TAP

tests=0 failures=0

# Prints to standard error, which prove shows.
diag() { printf '%s\n' "$*" | sed 's/^/# /' >&2; }

pass() { tests=$((tests + 1)); echo "ok $tests - $1"; }

fail() {
	local at=-2

	tests=$((tests + 1)) failures=$((failures + 1))
	echo "not ok $tests - $1"
	# If another test sources this one, the stack has one more frame, named "source".
	[ "${FUNCNAME[at]}" != source ] || at=-3
	diag "failed: ${BASH_SOURCE[at + 1]##*/}:${BASH_LINENO[at]}: $tests - $1"
}

# Shows the last command and its output, once.
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

# Ends the test because its setup failed: later results would mean nothing.
broken() {
	fail "$*"
	show_last
	finish
}

# Ends the test: stops all actors, checks that the kernel log is silent, and prints the plan.
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

# vfio-pci logs some of these lines when a device file is opened, and when it is closed for the last time. A slow host
# delays the machine's timers, which explains the others.
harmless='hrtimer: interrupt took|vfio-pci [0-9a-f:.]+: (resetting|reset done|enabling device)|ACPI: .* Enabled at IRQ|tsc: |clocksource: '
harmless+='|sched: DL replenish lagged too much|TSC found unstable|sched_clock: Marking unstable'

# Writes a mark to the kernel log; $mark is its text.
mark=
declare -i nr_marks=0
mark() {
	nr_marks+=1
	mark="test $test_name $$: mark $nr_marks"
	echo "$mark" >/dev/kmsg
}

# Prints the kernel log since the mark $1, without expected complaints.
kernel_log() {
	dmesg | awk -v mark="$1" '/ test [^ ]+ [0-9]+: complaint expected$/ { expected = 1 }
		found && !expected && !/ test [^ ]+ [0-9]+: (mark [0-9]+|complaint seen)$/
		/ test [^ ]+ [0-9]+: complaint seen$/ { expected = 0 }
		index($0, mark) { found = 1 }
		END { if (!found) print "the kernel log no longer contains the mark:", mark }'
}

# Between complaint_begins and complaint_ends the kernel must print one warning that matches $1, and nothing else.
# tests/vm/run reads the two lines that they write to the kernel log.
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

# Runs a command; sets $status, $out and $err to its exit status, standard output and standard error.
run() {
	said="$*"
	"$@" >"$scratch/out" 2>"$scratch/err" </dev/null
	status=$?
	out=$(<"$scratch/out") err=$(<"$scratch/err")
}

# Applies a jq expression to the output of the last command. gojq does the same and starts in a tenth of the time, but
# it sorts the members of an object by name.
json() { gojq -r "$@" <<<"$out" 2>&1; }
# Does the same with jq, where the order of the members matters.
json_in_order() { jq -r "$@" <<<"$out" 2>&1; }

# Runs a program that is itself a test: its results count as results of this test.
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

# Waits until a command succeeds. Reports a timeout, even if the caller ignores the result.
eventually() {
	local i

	for ((i = 0; i < patience * 20; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	diag "timeout after $patience s: $*"
	return 1
}

# --- actors

declare -A actor_in=() actor_out=() actor_pid=()
declare -i nr_actors=0

# Creates the FIFOs of actor $1 and opens each for reading and writing, so that no open waits for the other end.
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

# Sends a command and does not wait for the answer.
tell() {
	local name=$1
	shift
	[ -n "${actor_in[$name]:-}" ] || broken "there is no actor $name"
	echo "$*" >&"${actor_in[$name]}"
}

# Reads the answer of actor $1 into $answer.
hear() {
	local i part complete

	answer=
	for ((i = 0; i < patience; i++)); do
		# The second may end in the middle of an answer.
		part='' complete=''
		IFS= read -r -t 1 -u "${actor_out[$1]}" part && complete=yes
		answer+=$part
		[ -z "$complete" ] || return 0
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

# Makes actor $1 fork; the child is actor $2.
fork() {
	local parent=$1 child=$2

	actor_channels "$child"
	ask "$parent" fork "$channel"
	actor_pid[$child]=$reply
	declare -g "$child=$reply"
	hear "$child" || broken "$parent forks $child: $answer"
}

# Kills an actor, whatever it is doing, and waits until nothing of it is left.
stop() {
	local name=$1 pid=${actor_pid[$1]:-} in=${actor_in[$1]} out=${actor_out[$1]} i

	unset "actor_in[$name]" "actor_out[$name]" "actor_pid[$name]"
	if [ -n "$pid" ]; then
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
		# The shell cannot wait for a grandchild: poll.
		for ((i = 0; i < 200 * slow; i++)); do
			{ [ -e "/proc/$pid/stat" ] && [ "$(state_of "$pid")" != Z ]; } || break
			sleep 0.02
		done
	fi
	exec {in}>&- {out}>&-
}

# Sets $words to the words of line $2 in /proc/$1/status. Read the file at once: read(1) seeks back to the end of each
# line, for which the kernel generates the whole file again, and the lines of a running process may have moved by then.
find_status() {
	local status_lines=() line

	words=()
	mapfile -t status_lines <"/proc/$1/status"
	for line in "${status_lines[@]}"; do
		[ "${line%%:*}" != "$2" ] || read -ra words <<<"${line#*:}"
	done
} 2>/dev/null

state_of() {
	local words

	find_status "$1" State
	[ ${#words[@]} -eq 0 ] || echo "${words[0]}"
}

# Passes descriptors of $1 to $2 over a socket; $reply is their numbers in $2.
hand_over() {
	local from=$1 to=$2 socket=$scratch/socket.$RANDOM$RANDOM
	shift 2

	ask "$to" listen "$socket"
	ask "$from" send "$socket" "$@"
	ask "$to" receive
}

# --- counters

# Prints counter $2 of process $1, in bytes.
counter() {
	local words

	find_status "$1" "$2"
	[ ${#words[@]} -eq 0 ] || echo $((words[0] * 1024))
}

# Prints counter $3 of the mapping of process $1 that begins at address $2, in bytes, from /proc/PID/smaps.
mapping() {
	awk -v start="$(printf '%08x-' "$2")" -v name="$3:" \
		'/^[0-9a-f]+-/ { found = index($0, start) == 1 } found && $1 == name { print $2 * 1024 }' "/proc/$1/smaps"
}
vm_pin() { counter "$1" VmPin; }
vm_lck() { counter "$1" VmLck; }

# Makes a process of user $1 own an area that is not pinned and therefore not charged. From then on the listing of
# owners shows the user. Type1 charges no user.
witness() {
	local uid=$1 name=witness$1 fd ioas at

	[ "$kind" != type1 ] || return 0
	start "$name"
	ask "$name" open /dev/iommu; fd=$reply
	ask "$name" setuid "$uid"
	ask "$name" ioas "$fd"; ioas=$reply
	ask "$name" mmap anon $page shared rw; at=$reply
	ask "$name" map "$fd" "$ioas" "$at" $page any rw
}

# Prints the locked pages of user $1, who needs a witness, in bytes.
user_locked() {
	[ "$kind" != type1 ] || { echo 0; return; }
	dmaownctl owners --raw -n --bytes -o UID,USER_LOCKED | awk -v uid="$1" '$1 == uid { print $2; exit }'
}

# --- the machine

# Turns on address randomization, as on a host. It is off unless a test turns it on: an emulated processor takes three
# times as long to start a program whose address differs from the last time.
randomize_addresses() { echo 2 >/proc/sys/kernel/randomize_va_space; }
echo 0 >/proc/sys/kernel/randomize_va_space

# Sets the number of huge pages to $1. The kernel allocates as many as it finds room for, which may be fewer.
huge_pages() {
	echo "$1" >/proc/sys/vm/nr_hugepages
	is "$(</proc/sys/vm/nr_hugepages)" "$1" "there are $1 huge pages"
}

# PCI addresses of the two edu devices.
edus=()
for device in /sys/bus/pci/devices/*; do
	[ "$(<"$device/vendor"):$(<"$device/device")" = 0x1234:0x11e8 ] && edus+=("${device##*/}")
done
unset device

# Is the kernel option CONFIG_$1 set?
configured() { grep -q "^CONFIG_$1=[ym]" "$DMAOWN_CONFIG"; }

# Do the kernel's user-space headers for iommufd contain the name $1?
uapi_has() { grep -qw "$1" "$DMAOWN_SOURCE/include/uapi/linux/iommufd.h"; }

# Loads a module of the kernel.
load() { modprobe -d "$DMAOWN_MODULES" "$@" || broken "modprobe $* failed"; }

# Loads KVM. The machine's processor has AMD's extensions, which QEMU emulates.
load_kvm() {
	load kvm-amd
	[ -e /dev/kvm ] || broken "there is no /dev/kvm"
}

# Is $1 a module, and not built into the kernel?
is_module() { [ ! -d "/sys/module/$1" ] || [ -e "/sys/module/$1/initstate" ]; }

# Binds the edu devices to vfio-pci again after it was loaded.
bind_devices() {
	local device

	for device in "${edus[@]}"; do
		[ -e "/sys/bus/pci/devices/$device/driver" ] || echo "$device" >/sys/bus/pci/drivers_probe
	done
	for device in "${edus[@]}"; do
		[ -e "/sys/bus/pci/devices/$device/driver" ] || broken "vfio-pci does not bind to $device"
	done
}

# --- kinds of contexts
#
# These functions let the same test run for iommufd and for VFIO type1. NAME.t tests iommufd; type1-NAME.t sets
# kind=type1 and sources NAME.t. In both, $ctx is the descriptor of the context and $ioas is the number of the
# address space; a container has only one.

kind=${kind:-iommufd}

# The accounting modes. For type1 they say whether the process that maps is free of limits, as CAP_IPC_LOCK makes it.
# free_mode is the first mode; limit_mode is the mode that most limits are tested in.
case $kind in
iommufd) modes=(none user mm) limit_mode=user ;;
type1) modes=(free mm) limit_mode=mm ;;
esac
free_mode=${modes[0]}

# Does a limit apply in mode $1? users_of prints the users of the old and the new owner in that mode.
limited() { [ "$1" != "$free_mode" ]; }
users_of() { limited "$1" && echo 1001 1002 || echo 0 0; }

# Drops the privileges of actor $1 that accounting mode $2 must not have, and makes it user $3.
become() {
	case $2:$3 in
	none:0 | free:0) ;;
	none:* | free:*) broken "mode $2 needs CAP_IPC_LOCK" ;;
	*:0) ask "$1" drop-ipc-lock ;;
	*) ask "$1" setuid "$3" ;;
	esac
}

# Makes actor $1 open a context in mode $2. Sets ctx.
open_context() {
	case $kind in
	iommufd)
		ask "$1" open /dev/iommu; ctx=$reply
		[ "${2:-}" != mm ] || ask "$1" mode-mm "$ctx"
		;;
	type1) ask "$1" open /dev/vfio/vfio; ctx=$reply ;;
	esac
}

# Adds device $2 to the context of actor $1. Sets dev, and group, which is empty for iommufd. A test that passes dev to
# another process passes group as well.
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
		# The first group of a container sets its IOMMU; for later ones this fails with EINVAL.
		try "$1" set-iommu "$ctx"
		[ "$answer" = ok ] || [ "$answer" = "error EINVAL set-iommu" ] || broken "set-iommu: $answer"
		ask "$1" group-device "$group" "$2"; dev=$reply
		;;
	esac
}

# Creates an address space in the context of actor $1. Sets ioas.
new_ioas() {
	case $kind in
	iommufd) ask "$1" ioas "$ctx"; ioas=$reply ;;
	type1) ioas=1 ;;
	esac
}

# Attaches device $2 of actor $1 to address space $3. A device of type1 is attached from the start.
attach_device() { [ "$kind" != iommufd ] || ask "$1" attach "$2" "$3"; }

# to_map CTX IOAS ADDR LENGTH IOVA PROT: prints the command that makes an actor map this.
to_map() {
	case $kind in
	iommufd) echo map "$@" ;;
	type1) echo type1-map "$1" "${@:3}" ;;
	esac
}
# dma_map ACTOR CTX IOAS ADDR LENGTH IOVA PROT
# shellcheck disable=SC2046 # words of a command
dma_map() { ask "$1" $(to_map "${@:2}"); }

# dma_map_many ACTOR CTX IOAS ADDR COUNT IOVA [DISTANCE]: maps COUNT areas of one page each; DISTANCE is that from one
# address to the next, by default a page
dma_map_many() {
	case $kind in
	iommufd) ask "$1" map-many "${@:2:5}" ${7:+gaps "$7"} ;;
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

# Address where the programs in these tests map their memory.
base=0x10000000000

# Makes actor $1 a VMM that maps $3 bytes of a memfd by address for device $2 at IOVA 0, in mode $4 (none, user, mm; for
# type1 free, mm) as user $5. If $limit is set, it is the actor's RLIMIT_MEMLOCK. With by=file, the actor maps by file.
# Sets ctx, dev, group, ram (its descriptors) and ioas.
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

# Makes actor $1 the successor of $2, which vmm() made: it receives the descriptors, becomes user $4, and maps the same
# $3 bytes of memory at the same address. If $limit is set, it is the actor's RLIMIT_MEMLOCK. Sets new_ctx, new_dev,
# new_group and new_ram.
successor() {
	local name=$1 from=$2 size=$3 uid=${4:-0}

	start "$name"
	ask "$name" limit "${limit:-unlimited}"
	hand_over "$from" "$name" "$ctx" "$dev" "$ram" ${group:+"$group"}
	read -r new_ctx new_dev new_ram new_group <<<"$reply"
	[ "$uid" -eq 0 ] || ask "$name" setuid "$uid"
	ask "$name" mmap "$new_ram" "$size" shared rw $base
}

# Makes a VMM with a container, in a test that uses iommufd as well. $4 is the user; only root keeps CAP_IPC_LOCK. Sets
# container, group, dev and ram (its descriptors).
type1_vmm() {
	local kind=type1 ctx mode=free ioas

	[ "${4:-0}" -eq 0 ] || mode=mm
	vmm "$1" "$2" "$3" $mode "${4:-0}"
	container=$ctx
}

# Makes the successor of that VMM. Sets new_container, new_group, new_dev and new_ram.
type1_successor() {
	local kind=type1 ctx=$container new_ctx

	successor "$@"
	new_container=$new_ctx
}

# Makes actor $1 map BAR 0 of an edu device, whose descriptor is $2. Sets bar, its address.
bar_size=1M
map_bar() { ask "$1" mmap "$2" $bar_size shared rw; bar=$reply; }
unmap_bar() { ask "$1" munmap "$2" $bar_size; }

# Makes actor $1 close the descriptors that follow.
close_all() {
	local name=$1 fd
	shift

	for fd; do ask "$name" close "$fd"; done
}

# Prints the number of the IOMMU group of device $1, on any bus.
group_number() { basename "$(readlink /sys/bus/*/devices/"$1"/iommu_group)"; }

# --- output of dmaownctl

# Prints [holders, devices, areas, pinned bytes] of each context, in one line. The holders are sorted; null is the one
# that nobody can name.
contexts_now() {
	dmaownctl list --json -o HOLDERS,DEVICES,AREAS,PINNED |
		gojq -c '[.contexts[] | [(.holders | sort), .devices, .areas, .pinned]]'
}
nothing_held() { [ "$(contexts_now)" = "[]" ]; }

# Prints each device with its open files and those of them that no process has, in one line.
opens() { dmaownctl devices --raw -n -o DEVICE,OPENS,UNKNOWN | sort | paste -sd ' '; }

# Prints each holder that `dmaownctl who $1` shows, as PID:HOW, sorted, in one line; with $2 only those that hold this
# device or group. The holder that nobody can name has the PID "?".
holders_of() {
	dmaownctl who "$1" --raw -n -o PID,HOW,DEVICE |
		awk -v device="${2:-}" 'device == "" || $3 == device { print $1 ":" $2 }' | sort -u | paste -sd ' '
}
# Puts arguments in the order in which holders_of prints them.
sorted() { printf '%s\n' "$@" | sort -u | paste -sd ' '; }

# Prints the kinds of the findings of the last can-exit (can_exit) or verify --json in their order; or finding and
# device of each, as JSON.
findings_in() { json "[.$1.findings[].finding] | join(\" \")"; }
findings_with_devices() { json -c "[.$1.findings[] | [.finding, .device]]"; }

# Prints "VmPin VmLck" of a process, in bytes.
charges() { echo "$(vm_pin "$1") $(vm_lck "$1")"; }

# Prints the charges() to expect if $1 bytes are charged in mode $2. Type1 charges VmLck in each mode.
charged() {
	case $kind:${2:-} in
	type1:*) echo "0 $1" ;;
	*:mm) echo "$1 $1" ;;
	*) echo "$1 0" ;;
	esac
}

# Prints the columns $1 of each area, then VmPin and VmLck of $old and $new, in one line.
areas_and_charges() {
	echo "$(dmaownctl areas --raw -n -o "$1" | paste -sd ' ') $(charges "$old") $(charges "$new")"
}

# Prints the counter that counts pinned memory of process $1 in every mode.
counted() {
	case $kind in
	iommufd) vm_pin "$1" ;;
	type1) vm_lck "$1" ;;
	esac
}

# Prints "IOAS:IOVA=PID" of each area in the contexts of process $1, in one line. (jq is slow in the machine.)
areas_of() {
	local contexts

	contexts=$(contexts_of "$1")
	dmaownctl areas --raw -n -o CONTEXT,IOAS,IOVA,PID |
		awk -v contexts=" ${contexts//$'\n'/ } " \
			'index(contexts, " " $1 " ") { printf "%s%s:%s=%s", n++ ? " " : "", $2, $3, $4 }'
}

# Prints the IDs of the contexts that process $1 holds, one per line.
contexts_of() {
	dmaownctl list --raw -n -o ID,HOLDERS |
		awk -v pid="$1" '{ n = split($2, pids, /[^0-9]+/); for (i = 1; i <= n; i++) if (pids[i] == pid) print $1 }'
}

# Prints the first of these IDs.
context_of() {
	local contexts

	contexts=$(contexts_of "$1")
	echo "${contexts%%$'\n'*}"
}

# Prints the reasons that the last transfer --json reported, each once, in one line.
reasons() { json '[.reasons[].reason] | unique | join(" ")'; }

# Checks that the last transfer was refused with exit status $1 and reasons $2 and has changed nothing: the test's
# state() still prints $before. $3 names the case.
refused_as() {
	is "$status $(reasons)" "$1 $2" "$3: refused"
	is "$(state)" "$before" "$3: and nothing has changed"
}
