#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The scripts that the manual shows, with everything that can go wrong in them.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck disable=SC2015 # pass() always succeeds
# shellcheck disable=SC2016 # hooks expand their own variables
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

examples=$(dirname "$0")/../../man/examples
size=$((1 << 20))

# Wrap the tool: a test puts commands into $hook, which run first and may answer in place of the tool.
hook=$scratch/hook
tool=$(command -v dmaownctl)
mkdir "$scratch/bin"
cat >"$scratch/bin/dmaownctl" <<END
#!/bin/bash
[ ! -e $hook ] || . $hook
exec $tool "\$@"
END
chmod 755 "$scratch/bin/dmaownctl"
PATH=$scratch/bin:$PATH

# begin_script NAME COMMAND...: runs a script in the background; $script is its PID, its output goes to $scratch/NAME.
begin_script() {
	local name=$1
	shift

	# Bash makes background processes ignore SIGINT.
	env --default-signal=INT "$@" >"$scratch/$name" 2>&1 </dev/null &
	script=$!
}

# Waits for the script; sets $status and $out as run() does.
end_script() {
	wait "$script"
	status=$?
	out=$(<"$scratch/$1") err='' said="the script $1"
}

# Starts the upgrade of old. The new process is the actor "new", which waits for descriptors and memory.
begin_upgrade() {
	actor_channels new
	printf '#!/bin/sh\nexec actor <%s.in >%s.out\n' "$channel" "$channel" >"$scratch/start"
	chmod 755 "$scratch/start"
	begin_script upgrade "$examples/upgrade" "$old" "$scratch/start"
	actor_pid[new]=$script
	ask new pid
	new=$reply actor_pid[new]=$reply
}

give_memory() {
	hand_over old new "$ctx" "$dev" "$ram"
	read -r _ _ new_ram <<<"$reply"
	ask new mmap "$new_ram" $size shared rw $base
}

# Checks that after a failure the old process is the owner, is charged, and runs, and that the new one is gone.
rolled_back() {
	end_script upgrade
	isnt "$status" 0 "$1: the upgrade fails"
	is "$(areas_of "$old") $(charges "$old")" "$ioas:0x0=$old $size 0" "$1: the old process owns all, and is charged"
	like "$out" "$2" "$1: and it is said why"
	like "$(state_of "$new")" '^Z?$' "$1: the new process is gone"
	rm -f "$hook"
	[ -z "${actor_in[new]:-}" ] || stop new
}

# --- upgrade
for mode in none user mm; do
	uid=1001
	[ $mode != none ] || uid=0
	vmm old "${edus[0]}" $size $mode $uid
	begin_upgrade
	give_memory
	end_script upgrade
	is "$status" 0 "$mode: an upgrade"
	is "$(areas_of "$new") $(charges "$new")" "$ioas:0x0=$new $(charged $size $mode)" \
		"$mode: the new process owns all, and is charged"
	like "$(state_of "$old")" '^Z?$' "$mode: the old one has ended"
	stop old; stop new
done

trap '' TERM
vmm old "${edus[0]}" $size
trap - TERM
export UPGRADE_PATIENCE=10
begin_upgrade
give_memory
end_script upgrade
like "$status $(areas_of "$new") $(state_of "$old")" "^0 $ioas:0x0=$new Z?\$" "an old process that ignores SIGTERM is killed"
stop old; stop new

vmm old "${edus[0]}" $size
begin_script upgrade "$examples/upgrade" "$old" false
new=$script
rolled_back "a command that fails" "the new process has ended"
begin_script upgrade "$examples/upgrade" 4194000 false
rolled_back "no old process" "there is no process 4194000"

UPGRADE_PATIENCE=5
begin_upgrade
rolled_back "a new process without memory" "is not ready after 5 seconds"
UPGRADE_PATIENCE=60

begin_upgrade
echo '[ "$1" != transfer ] || [[ " $* " != *" --to '"$new"' "* ]] || kill -KILL '"$new" >"$hook"
give_memory
rolled_back "the new process dies before the transfer" "nothing was transferred"

begin_upgrade
echo '[ "$1" != transfer ] || [[ " $* " != *" --to '"$new"' "* ]] || exit 14' >"$hook"
give_memory
rolled_back "a transfer that is refused" "nothing was transferred"

begin_upgrade
cat >"$hook" <<END
[ "\$1" != verify ] || {
	echo "{\"verify\":{\"findings\":[{\"owner\":\"\$($tool owners -rn --pid $new -o OWNER)\",\"finding\":\"corrupt\"}]}}"
	exit 2
}
END
give_memory
rolled_back "something is wrong afterwards" "something is wrong with the new owner"

begin_upgrade
echo '[ "$1" != verify ] || kill -KILL '"$new" >"$hook"
give_memory
rolled_back "the new process dies after the transfer" "something is wrong with the new owner"

ask old open /dev/iommu; own=$reply
begin_upgrade
give_memory
rolled_back "the old process is needed still" "lost: context "
ask old close "$own"

for signal in HUP INT TERM; do
	begin_upgrade
	echo '[ "$1" != verify ] || kill -'"$signal $script" >"$hook"
	give_memory
	rolled_back "SIG$signal after the transfer" "rolled back"
done

# --- an upgrade that cannot be rolled back
begin_upgrade
give_up='[[ " $* " != *" --to '"$old"' "* ]] || exit 12'
printf '%s\n' '[ "$1" != verify ] || exit 1' "$give_up" >"$hook"
give_memory
end_script upgrade
isnt "$status" 0 "the way back is barred: the upgrade fails"
is "$(areas_of "$new") $(state_of "$old")" "$ioas:0x0=$new S" "both processes stay as they are"
rm "$hook"
command=$(sed -n 's/^upgrade: \(dmaownctl .*\)/\1/p' <<<"$out")
run bash -c "$command"
is "$status $(areas_of "$old")" "0 $ioas:0x0=$old" "the command that was printed goes back"
stop new

# --- repair: the new process became the owner and has died
successor new old $size
run dmaownctl transfer --to "$new"
is "$status" 0 "the new process became the owner"
stop new
successor other old $size
ask other map "$new_ctx" "$ioas" $base 64K 0x1000000 rw
run "$examples/repair" "$old"
is "$status" 0 "repair"
is "$(areas_of "$old")" "$ioas:0x0=$old $ioas:0x1000000=$other" "what the dead one owned is the old one's, and nothing else"
is "$(charges "$old")" "$size 0" "with the charges"
run "$examples/repair" "$old"
is "$status $out$err" "0 " "nothing to repair is success"

# Areas that cannot be adopted stay, and the script reports them.
successor new old $size
run dmaownctl transfer --to "$new" --from "$old"
is "$status" 0 "the new process is the owner once more"
stop new
ask old munmap $base $size
run "$examples/repair" "$old"
is "$status" 12 "without the memory it cannot be repaired"
ask old mmap "$ram" $size shared rw $base
run "$examples/repair" "$old"
is "$status $(areas_of "$old")" "0 $ioas:0x0=$old $ioas:0x1000000=$other" "with it, it can"
stop other; stop old

# --- take-over, after an exec in place
start first
MAINPID=$first run "$examples/take-over"
is "$status $out$err" "0 " "a first start: nothing to take over"
stop first

vmm old "${edus[0]}" $size user 1001
ask old exec
export MAINPID=$old
begin_script take-over "$examples/take-over"
sleep 1
kill -0 "$script"
is "$?" 0 "it waits until the memory is mapped again"
ask old mmap "$ram" $size shared rw $base
end_script take-over
is "$status" 0 "and takes over"
run dmaownctl owners --json -o PID,STATE
is "$(json -c '.owners')" "[{\"pid\":$old,\"state\":\"live\"}]" "the process is an owner that lives"
is "$(charges "$old")" "$(charged $size user)" "and is charged"
run "$examples/take-over"
is "$status $out$err" "0 " "when it is the owner already, that is all right"

# Do not map the memory again.
ask old exec
TAKE_OVER_PATIENCE=1 run "$examples/take-over"
is "$status" 12 "without the memory it fails, in time"
like "$err" "has nothing mapped there" "and says why"

# --- take-over, by another process that has received the descriptors
successor new old $size 1001
stop old
MAINPID=$new run "$examples/take-over"
is "$status $(areas_of "$new")" "0 $ioas:0x0=$new" "what a dead process has mapped before is taken over"
stop new

# --- VFIO containers: a program that has taken its addresses back must give them again itself; the scripts wait for it
state_of_areas() { dmaownctl areas --raw -n -o PID,INVALID | sort -u | paste -sd ' '; }
waits() { sleep 2; kill -0 "$script" 2>/dev/null && is "$(state_of_areas)" "$2 yes" "$1 waits, and gives no address itself"; }

type1_vmm old "${edus[0]}" $size
ask old type1-invalidate "$container" all
begin_upgrade
hand_over old new "$container" "$dev" "$ram" "$group"
read -r new_container _ new_ram _ <<<"$reply"
ask new mmap "$new_ram" $size shared rw $base
waits upgrade "$old"
ask new type1-validate "$new_container" $base $size 0
end_script upgrade
is "$status $(state_of_areas)" "0 $new no" "upgrade: the new process has made itself the owner"
[ ! -e "/proc/$old/stat" ] || [ "$(state_of "$old")" = Z ] && pass "and the old one is gone" || fail "and the old one is gone"
stop new
stop old

type1_vmm old "${edus[0]}" $size
ask old type1-invalidate "$container" all
ask old exec
MAINPID=$old begin_script take-over "$examples/take-over"
waits take-over "$old"
ask old mmap "$ram" $size shared rw $base
ask old type1-validate "$container" $base $size 0
end_script take-over
is "$status $(state_of_areas)" "0 $old no" "take-over: the program has made itself the owner"
is "$(dmaownctl areas --raw -n -o STATE)" live "and lives"
stop old
finish
