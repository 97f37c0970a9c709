#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# tests/vm/run itself: what comes out of the machine is what the command wrote, and its exit status. TAP.
# Takes a minute. Where it is about the machine alone the module stays unloaded.
set -u
cd "$(dirname "$0")/../.." || exit 1
vm=$PWD/tests/vm/run
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
export DMAOWN_NO_MODULE=1 TMPDIR=$scratch/tmp
mkdir "$TMPDIR"

# shellcheck source=../tap.sh
. tests/tap.sh

# $status; standard output and error are in the files out and err.
run() {
	"$vm" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
	status=$?
}

run -- true
is $status 0 "success"
export DMAOWN_NO_BUILD=1
run -- sh -c 'echo out; echo err >&2; exit 7'
is "$status $(cat "$scratch/out") $(cat "$scratch/err")" "7 out err" "exit status, standard output and standard error"
# shellcheck disable=SC2016
run -- sh -c 'kill -SEGV $$'
is $status 139 "a signal is 128 and its number"
run -- no-such-command
is $status 127 "a command that there is not"

# shellcheck disable=SC2016
run -- printf '<%s>\n' 'a b' "c'd" '$x' '' $'new\nline'
# shellcheck disable=SC2016
is "$(cat "$scratch/out")" $'<a b>\n<c\'d>\n<$x>\n<>\n<new\nline>' "arguments arrive as they are"

blob=$(command -v qemu-system-x86_64)
run -- sh -c "head -c 20000000 $blob; head -c 3000 $blob >&2"
is "$status $(head -c 20000000 "$blob" | sha256sum)" "0 $(sha256sum <"$scratch/out")" "20 MB of binary standard output"
is "$(head -c 3000 "$blob" | sha256sum)" "$(sha256sum <"$scratch/err")" "and binary standard error"

# shellcheck disable=SC2016
DMAOWN_THIS='a b' LC_THAT=c OTHER=d run -- sh -c 'echo "$DMAOWN_THIS,$LC_THAT,${OTHER-},$PWD"; nproc
	for dir in /tmp /run /var/tmp; do touch $dir/x || exit; done; touch "$HOME/x" && ! touch "$PWD/x"'
is "$status $(paste -sd ' ' "$scratch/out")" "0 a b,c,,$PWD 2" "environment, working directory, what can be written to"
run -m 1G -c 1 -- sh -c 'nproc; [ $(sed -n "s/MemTotal: *\([0-9]*\) kB/\1/p" /proc/meminfo) -lt 1100000 ]'
is "$status $(cat "$scratch/out")" "0 1" "-m and -c"
mkdir "$scratch/below"
echo visible >"$scratch/below/file"
(cd "$scratch/below" && "$vm" -- cat file) >"$scratch/out" 2>"$scratch/err"
is "$(cat "$scratch/out")" visible "a working directory below /tmp can be seen"
# shellcheck disable=SC2016
run -- sh -c 'for device in /sys/bus/pci/drivers/vfio-pci/0*; do echo $(cat $device/vendor); done; ls /dev/vfio/devices'
is "$(paste -sd ' ' "$scratch/out")" "0x1234 0x1234 vfio0 vfio1" "two edu devices are bound to vfio-pci"
QEMU_ARGS="-device edu" run -- sh -c 'ls /dev/vfio/devices | wc -l'
is "$(cat "$scratch/out")" 3 "QEMU_ARGS adds devices"

for i in 1 2; do
	"$vm" -- sh -c "echo $i; sleep 2; exit $i" >"$scratch/out$i" 2>&1 &
	pids[i]=$!
done
for i in 1 2; do
	wait "${pids[i]}"
	is "$? $(cat "$scratch/out$i")" "$i $i" "side by side: $i"
done

run -t 15 -- sh -c 'echo before; sleep 1000'
is "$status $(cat "$scratch/out")" "124 before" "the time limit"
is "$(grep -c 'killed after 15 seconds' "$scratch/err")" 1 "is said to be the cause"
run -- sh -c 'echo before; sleep 1; echo c >/proc/sysrq-trigger; sleep 100'
is "$status $(cat "$scratch/out")" "125 before" "the machine's death"
is "$(grep -c 'Kernel panic' "$scratch/err")" 1 "is shown on standard error"
run -- sh -c 'echo "<4>WARNING: CPU: 0 PID: 1 at nowhere" >/dev/kmsg'
is "$status $(grep -c 'at nowhere' "$scratch/err")" "125 1" "a complaint in the kernel log"
run -- sh -c 'echo "test x.t 1: complaint expected" >/dev/kmsg; echo "<4>WARNING: CPU: 0 PID: 1 at nowhere" >/dev/kmsg
	echo "test x.t 1: complaint seen" >/dev/kmsg'
is $status 0 "one that a test has expected and seen"
run -- sh -c 'echo "test x.t 1: complaint expected" >/dev/kmsg; echo "<4>WARNING: CPU: 0 PID: 1 at nowhere" >/dev/kmsg'
is "$status $(grep -c 'at nowhere' "$scratch/err")" "125 1" "one that a test has expected and not looked at"
DMAOWN_DIRTY_DMESG=1 run -- sh -c 'echo "<4>WARNING: CPU: 0 PID: 1 at nowhere" >/dev/kmsg; exit 3'
is $status 3 "passes when it may"
run -- sh -c 'sleep 1000 & echo started'
is "$status $(cat "$scratch/out")" "0 started" "nobody waits for what is left behind"

"$vm" -- sleep 100 >/dev/null 2>&1 &
pid=$!
sleep 4
kill -TERM $pid
wait $pid
is $? 143 "ended by a signal"
is "$(ls -A "$TMPDIR")" "" "no temporary file is left of all this"

run
is $status 64 "no command: usage"
run -k no-such-kernel -- true
is $status 64 "a kernel that there is not: usage"

# tests/vm/prove: what failed is said at the end, whatever came after it.
mkdir -p build/tests
printf '%s\n' '#!/bin/sh' 'echo 1..1; echo "# failed: here" >&2; echo "not ok 1 - here"' >build/tests/fails.t
printf '%s\n' '#!/bin/sh' 'echo 1..1; echo "ok 1"' >build/tests/passes.t
tests/vm/prove 6.12 ../../build/tests/fails ../../build/tests/passes >"$scratch/out" 2>"$scratch/err"
is "$?" 1 "a test that fails in a machine"
is "$(grep -c '^# failed: here' "$scratch/out")" 1 "is told as it is said"
is "$(grep -cE "^prove: kernel 6.12, what failed:|^# failed: here|fails.t .Wstat|^  Failed test: +1" "$scratch/err")" 4 "and again at the end"
is "$(grep -c passes "$scratch/err") $(grep -c 'passes.t .* ok' "$scratch/out")" "0 1" "one that passes is not"
tests/vm/prove 6.12 ../../build/tests/passes >"$scratch/out" 2>"$scratch/err"
is "$? $(cat "$scratch/err")" "0 " "if all pass, there is nothing to say at the end"
is "$(ls -A "$TMPDIR")" "" "no temporary file is left of that"
done_testing
