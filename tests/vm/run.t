#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests tests/vm/run itself: the output and the exit status are those of the command. TAP. Takes a minute. The module
# stays unloaded where only the machine is tested.
set -u
cd "$(dirname "$0")/../.." || exit 1
vm=$PWD/tests/vm/run
# $kernel boots fastest; $stock is the default of tests/vm/run.
kernel=7.3 stock=debian-iommufd
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
export DMAOWN_NO_MODULE=1 TMPDIR=$scratch/tmp
mkdir "$TMPDIR"

# shellcheck source=../tap.sh
. tests/tap.sh

# run [ARG]...: run tests/vm/run. Sets $status; standard output and standard error go to the files out and err.
run() {
	"$vm" -k $kernel "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
	status=$?
}

run -- true
is $status 0 "success"
export DMAOWN_NO_BUILD=1
run -- sh -c 'echo out; echo err >&2; exit 7'
is "$status $(cat "$scratch/out") $(cat "$scratch/err")" "7 out err" "exit status, standard output and standard error"
# shellcheck disable=SC2016 # the machine's shell expands these
run -- sh -c 'kill -SEGV $$'
is $status 139 "a signal is 128 and its number"
run -- no-such-command
is $status 127 "a command that does not exist"

# shellcheck disable=SC2016 # the machine's shell expands these
run -- printf '<%s>\n' 'a b' "c'd" '$x' '' $'new\nline'
# shellcheck disable=SC2016 # the machine's shell expands these
is "$(cat "$scratch/out")" $'<a b>\n<c\'d>\n<$x>\n<>\n<new\nline>' "arguments arrive as they are"

blob=$(command -v qemu-system-x86_64)
run -- sh -c "head -c 20000000 $blob; head -c 3000 $blob >&2"
is "$status $(head -c 20000000 "$blob" | sha256sum)" "0 $(sha256sum <"$scratch/out")" "20 MB of binary standard output"
is "$(head -c 3000 "$blob" | sha256sum)" "$(sha256sum <"$scratch/err")" "and binary standard error"

# shellcheck disable=SC2016 # the machine's shell expands these
DMAOWN_THIS='a b' LC_THAT=c OTHER=d run -- sh -c 'echo "$DMAOWN_THIS,$LC_THAT,${OTHER-},$PWD"; nproc
	for dir in /tmp /run /var/tmp; do touch $dir/x || exit; done; touch "$HOME/x" && ! touch "$PWD/x"'
is "$status $(paste -sd ' ' "$scratch/out")" "0 a b,c,,$PWD 2" "environment, working directory, writable folders"
# shellcheck disable=SC2016 # the machine's shell expands these
run -m 1G -c 1 -- sh -c 'nproc; [ $(sed -n "s/MemTotal: *\([0-9]*\) kB/\1/p" /proc/meminfo) -lt 1100000 ]'
is "$status $(cat "$scratch/out")" "0 1" "-m and -c"
mkdir "$scratch/below"
echo visible >"$scratch/below/file"
(cd "$scratch/below" && "$vm" -k $kernel -- cat file) >"$scratch/out" 2>"$scratch/err"
is "$(cat "$scratch/out")" visible "a working directory below /tmp can be seen"
# shellcheck disable=SC2016 # the machine's shell expands these
run -- sh -c 'for device in /sys/bus/pci/drivers/vfio-pci/0*; do echo $(cat $device/vendor); done; ls /dev/vfio/devices'
is "$(paste -sd ' ' "$scratch/out")" "0x1234 0x1234 vfio0 vfio1" "two edu devices are bound to vfio-pci"
QEMU_ARGS="-device edu" run -- sh -c 'ls /dev/vfio/devices | wc -l'
is "$(cat "$scratch/out")" 3 "QEMU_ARGS adds devices"

for i in 1 2; do
	"$vm" -k $kernel -- sh -c "echo $i; sleep 2; exit $i" >"$scratch/out$i" 2>&1 &
	pids[i]=$!
done
for i in 1 2; do
	wait "${pids[i]}"
	is "$? $(cat "$scratch/out$i")" "$i $i" "side by side: $i"
done

run -t 15 -- sh -c 'echo before; sleep 1000'
is "$status $(cat "$scratch/out")" "124 before" "the time limit"
# A slow machine has more time.
is "$(grep -cE 'killed after (15|30|45|60|75|90|105|120|135|150) seconds' "$scratch/err")" 1 "is reported as the cause"
run -- sh -c 'echo before; sleep 1; echo c >/proc/sysrq-trigger; sleep 100'
is "$status $(cat "$scratch/out")" "125 before" "the machine's death"
is "$(grep -c 'Kernel panic' "$scratch/err")" 1 "is shown on standard error"
run -- sh -c 'echo "<4>WARNING: CPU: 0 PID: 1 at nowhere" >/dev/kmsg'
is "$status $(grep -c 'at nowhere' "$scratch/err")" "125 1" "a complaint in the kernel log"
run -- sh -c 'echo "test x.t 1: complaint expected" >/dev/kmsg; echo "<4>WARNING: CPU: 0 PID: 1 at nowhere" >/dev/kmsg
	echo "test x.t 1: complaint seen" >/dev/kmsg'
is $status 0 "one that a test has expected and seen"
run -- sh -c 'echo "test x.t 1: complaint expected" >/dev/kmsg; echo "<4>WARNING: CPU: 0 PID: 1 at nowhere" >/dev/kmsg'
is "$status $(grep -c 'at nowhere' "$scratch/err")" "125 1" "one that a test has expected and not seen"
DMAOWN_DIRTY_DMESG=1 run -- sh -c 'echo "<4>WARNING: CPU: 0 PID: 1 at nowhere" >/dev/kmsg; exit 3'
is $status 3 "is ignored with DMAOWN_DIRTY_DMESG=1"
run -- sh -c 'sleep 1000 & echo started'
is "$status $(cat "$scratch/out")" "0 started" "processes that the command leaves behind are not waited for"

"$vm" -k $kernel -- sleep 100 >/dev/null 2>&1 &
pid=$!
sleep 4
kill -TERM $pid
wait $pid
is $? 143 "ended by a signal"
is "$(ls -A "$TMPDIR")" "" "no temporary file is left of all this"

run
is $status 64 "no command: usage"
run -i </dev/null
is "$status $(grep -c 'standard input is not one' "$scratch/err")" "64 1" "-i without a terminal"
run --scene nothing -- true
is "$status $(grep -c "no scene 'nothing'" "$scratch/err")" "64 1" "a scene that does not exist"
run -k no-such-kernel -- true
is $status 64 "a kernel that does not exist: usage"

# --- output to /run/output
run -o "$scratch/output" -- sh -c 'echo here >/run/output/file; kill -KILL $$'
is "$status $(cat "$scratch/output/file")" "137 here" "-o: a folder for the output of the command"

# --- a slow machine has more time, and reports to its tests how slow it is
# shellcheck disable=SC2016 # the machine's shell expands it
run -- sh -c 'echo "$DMAOWN_SLOW"'
[[ $(cat "$scratch/out") =~ ^[1-9][0-9]*$ ]] && n_slow=1 || n_slow=0
is "$n_slow" 1 "DMAOWN_SLOW is a number"

# --- scenes, on the default kernel
unset DMAOWN_NO_MODULE DMAOWN_NO_BUILD
# shellcheck disable=SC2016 # the machine's shell expands these
"$vm" --scene vm -- sh -c 'dmaownctl list --raw -n -o KIND,HOLDERS,OWNERS,PINNED; dmaownctl transfer --quiet --to $NEW &&
	dmaownctl owners --raw -n -o PID; echo $OLD $NEW; exit 5' >"$scratch/out" 2>"$scratch/err" </dev/null
status=$?
mapfile -t said <"$scratch/out"
read -r old new <<<"${said[2]:-}"
is "$status ${said[*]}" "5 iommufd $old,$new $old 64M $new $old $new" "a scene: owner and successor, and a transfer in it"
export DMAOWN_NO_BUILD=1
is "$(grep -c "^scene: process $old" "$scratch/err")" 1 "the scene prints its processes"
# shellcheck disable=SC2016 # the machine's shell expands these
"$vm" --scene vm-type1 -- sh -c 'dmaownctl transfer --quiet --to $NEW && dmaownctl owners --raw -n -o KIND,PINNED' \
	>"$scratch/out" 2>"$scratch/err" </dev/null
is "$? $(cat "$scratch/out")" "0 type1 64M" "the same with a VFIO container"

# --- a terminal
: >"$scratch/out"
# shellcheck disable=SC2094 # wait for the prompt in what the other side of the pipe writes
{
	for ((i = 0; i < 300; i++)); do
		! grep -q '[#$] $' "$scratch/out" || break
		sleep 0.2
	done
	echo 'stty size; tty; exit 9'
	sleep 2
} | script -qec "stty rows 33 cols 77; $vm -k $kernel -t 60 -i" /dev/null >"$scratch/out" 2>&1
is "$? $(grep -c '33 77' "$scratch/out") $(grep -c '^/dev/ttyS1' "$scratch/out")" "9 1 1" "-i: a shell on a terminal of the same size"

# --- a kernel that somebody else has built: a build tree, and unpacked packages
folder=$(tests/vm/kernel $kernel)
unset DMAOWN_NO_BUILD
"$vm" -k "$folder/build" --scene vm -- sh -c 'uname -r; dmaownctl list --raw -n -o KIND' >"$scratch/out" 2>"$scratch/err" </dev/null
is "$? $(paste -sd ' ' "$scratch/out")" "0 $(ls "$folder/root/lib/modules") iommufd" "-k FOLDER: a build tree"
folder=$(tests/vm/kernel $stock)
release=$(ls "$folder/root/lib/modules")
# Use the same place and the same dates each time: the script then takes the folder for the same kernel.
unpacked=$PWD/build/tests/unpacked
rm -rf "$unpacked"
mkdir -p "$unpacked/usr/src" "$unpacked/usr/lib"
cp -a "$folder/boot" "$unpacked"
cp -a "$folder/root/lib" "$unpacked"
cp -a "$folder/usr/lib/." "$unpacked/usr/lib"
cp -a "$folder/usr/src/." "$unpacked/usr/src"
cp -a "$folder/build" "$unpacked/usr/src/linux-headers-$release"
rm -f "$unpacked/lib/modules/$release"/modules.{dep,alias,symbols}*
for name in scripts tools; do
	# shellcheck disable=SC2001 # sed is easier to read for paths
	ln -sfn "$(sed 's|^[.][.]/usr/|../../|' <<<"$(readlink "$folder/build/$name")")" \
		"$unpacked/usr/src/linux-headers-$release/$name"
done
sed -i "s|$folder/|/|" "$unpacked/usr/src/linux-headers-$release/Makefile"
ln -sfn "/usr/src/linux-headers-$release" "$unpacked/lib/modules/$release/build"
"$vm" -k "$unpacked" --scene vm -- sh -c 'uname -r; dmaownctl list --raw -n -o KIND' >"$scratch/out" 2>"$scratch/err" </dev/null
is "$? $(paste -sd ' ' "$scratch/out")" "0 $release iommufd" "-k FOLDER: packages that were unpacked"
sed -i '/^CONFIG_9P_FS=/d' "$unpacked/usr/src/linux-headers-$release/.config"
run -k "$unpacked" -- true
is "$status $(grep -c "kernel $release lacks options that the test machine needs: CONFIG_9P_FS" "$scratch/err")" "125 1" "a kernel that the machine cannot use"
mkdir "$scratch/empty"
run -k "$scratch/empty" -- true
is "$status $(grep -c "is not a kernel's build tree, and has no lib/modules/RELEASE" "$scratch/err")" "125 1" "a folder without a kernel"
cp -a "$unpacked/lib/modules/$release" "$unpacked/lib/modules/6.0"
run -k "$unpacked" -- true
is "$status $(grep -c "has several kernels" "$scratch/err")" "125 1" "a folder with several"
run -k "$scratch/nothing" -- true
is "$status $(grep -c "no kernel '$scratch/nothing'" "$scratch/err")" "64 1" "a folder that does not exist"
export DMAOWN_NO_MODULE=1

# --- tests/vm/prove prints the failures at the end, after all other output
mkdir -p build/tests
printf '%s\n' '#!/bin/sh' 'echo 1..1; echo "# failed: here" >&2; echo "not ok 1 - here"' >build/tests/fails.t
printf '%s\n' '#!/bin/sh' 'echo 1..1; echo "ok 1"' >build/tests/passes.t
chmod +x build/tests/fails.t build/tests/passes.t
tests/vm/prove $kernel ../../build/tests/fails ../../build/tests/passes >"$scratch/out" 2>"$scratch/err"
is "$?" 1 "a test that fails in a machine"
is "$(grep -c '^# failed: here' "$scratch/out")" 1 "is printed when it happens"
is "$(grep -cE "^prove: kernel $kernel, failures:|^# failed: here|fails.t .Wstat|^  Failed test: +1" "$scratch/err")" 4 "and again at the end"
is "$(grep -c passes "$scratch/err") $(grep -c 'passes.t .* ok' "$scratch/out")" "0 1" "one that passes is not"
tests/vm/prove $kernel ../../build/tests/passes >"$scratch/out" 2>"$scratch/err"
is "$? $(cat "$scratch/err")" "0 " "if all pass, nothing is printed at the end"
is "$(ls -A "$TMPDIR")" "" "no temporary file is left of that"

# --- prove -r skips the tests that have passed for the current content of the tree
unset DMAOWN_NO_MODULE
passed=$(. tests/vm/lib.sh && passed_folder "$(tests/vm/kernel $kernel)")
rm -f "$passed/ioctl.t"
tests/vm/prove -r $kernel ioctl >"$scratch/out" 2>"$scratch/err"
is "$? $(grep -c 'ioctl.t .* ok' "$scratch/out")" "0 1" "prove -r: the first time a test runs"
tests/vm/prove -r $kernel ioctl >"$scratch/out" 2>"$scratch/err"
is "$? $(grep -c 'ioctl.t .* ok' "$scratch/out") $(grep -c 'have passed before' "$scratch/err")" "0 0 1" "the second time it does not"
tests/vm/prove $kernel nogroup >"$scratch/out" 2>"$scratch/err"
is "$? $(grep -c 'nogroup.t .* ok' "$scratch/out")" "0 1" "a test that is named runs in any case"
done_testing
