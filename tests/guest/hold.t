#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# dmaownctl hold: it is the owner while a process execs or is replaced.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
randomize_addresses

size=$((2 << 20))
elsewhere=0x20000000000
witness 1001

# Prints "IOAS:IOVA=ADDR@PID:STATE" of each area, except the witness's, in one line.
areas() {
	dmaownctl areas --raw -n -o IOAS,IOVA,ADDR,PID,STATE |
		awk -v witness="$witness1001" '$4 != witness { printf "%s%s:%s=%s@%s:%s", n++ ? " " : "", $1, $2, $3, $4, $5 }'
}
owners() { dmaownctl owners --raw -n -o PID | grep -vx "$witness1001" | sort -u | paste -sd ' '; }
owned_by() { [ "$(owners)" = "$1" ]; }
user_owes() { [ "$mode" = user ] && echo "$1" || echo 0; }

prefix=(env "--default-signal=INT,QUIT")
# shellcheck disable=SC2317 # called by eventually
has_begun() { owned_by "$hold" || ! kill -0 "$hold"; } 2>/dev/null
# Starts hold and waits until it is the owner; $hold is its PID.
hold() {
	# Give it a process group of its own. SIGINT and SIGQUIT may be ignored where the test runs: see prefix.
	set -m
	: >"$scratch/hold.err"
	"${prefix[@]}" dmaownctl hold "$@" >"$scratch/hold.out" 2>>"$scratch/hold.err" </dev/null &
	hold=$!
	set +m
	eventually has_begun
	owned_by $hold || broken "hold does not become the owner: $(cat "$scratch/hold.err")"
}
# Waits until hold ends; sets $status, $out and $err.
held() {
	wait "$hold"
	status=$?
	said="hold" out=$(<"$scratch/hold.out") err=$(<"$scratch/hold.err")
}
says() { eventually grep -qE "$1" "$scratch/hold.err"; }
status_of() {
	local words

	find_status "$1" "$2"
	echo "${words[*]}"
}
# shellcheck disable=SC2317 # called by eventually
more_rounds_than() {
	ask driver dma-report "$driver_dev"
	[ "${reply%% *}" -gt "$1" ]
}

# --- a process execs while its device does DMA; in each mode, with its limit used up
for mode in none user mm; do
	uid=1001 limit=$size
	[ $mode != none ] || uid=0 limit=unlimited
	vmm old "${edus[0]}" $size $mode $uid
	# Another process operates the device meanwhile and checks that every byte arrives.
	start driver
	hand_over old driver "$dev" "$ram"
	read -r driver_dev driver_ram <<<"$reply"
	[ $uid -eq 0 ] || ask driver setuid $uid
	ask driver mmap "$driver_ram" $size shared rw $base
	ask driver edu "$driver_dev"
	ask driver dma-start "$driver_dev" 0 $base $((size - 4096)) $((base + size - 4096))
	eventually more_rounds_than 1
	pass "$mode: DMA goes on"

	hold "$old" --until-exec
	is "$(areas | sed 's/=.*@/ /')" "$ioas:0x0 $hold:live" "$mode: hold is the owner"
	is "$(charges "$old") $(charges $hold) $(user_locked 1001)" "0 0 $(charged $size $mode) $(user_owes $size)" "$mode: and is charged"
	is "$(status_of $hold Uid | cut -d ' ' -f 1,2)" "$uid 0" "$mode: as the process's user"
	is "$(awk '/^Max locked memory/ { print $4 }' "/proc/$hold/limits")" "$limit" "$mode: with its limit"
	is "$(cat "/proc/$hold/oom_score_adj")" -1000 "$mode: and is not killed when memory is short"
	[ "$(status_of $hold VmRSS | tr -dc 0-9)" -lt 16384 ]
	is $? 0 "$mode: and is small: $(status_of $hold VmRSS)"

	ask old exec
	is "$reply" "$old" "$mode: the process has exec'd"
	is "$(owners)" $hold "$mode: and the owner is still hold"
	ask old mmap "$ram" $size shared rw $elsewhere
	held
	is "$status" 0 "$mode: hold has ended"
	like "$out" "^process $hold holds 1 area in 1 context, 2M pinned, for process $old"$'\n'"process $old has exec'd"$'\n'"handed 1 area back to process $old, 2M pinned$" \
		"$mode: and says what it did"
	is "$err" "" "$mode: without complaint"
	is "$(areas)" "$ioas:0x0=$elsewhere@$old:live" "$mode: it was handed back, to where the new program has it"
	is "$(charges "$old") $(user_locked 1001)" "$(charged $size $mode) $(user_owes $size)" "$mode: with the charges"
	ask driver dma-report "$driver_dev"; at=${reply%% *}
	eventually more_rounds_than $((at + 1))
	ask driver dma-stop "$driver_dev"
	like "$reply" '^[1-9][0-9]* rounds 0 errors$' "$mode: every byte arrived meanwhile: $reply"
	ask old unmap "$ctx" "$ioas" all
	is "$(areas) $(charges "$old") $(user_locked 1001)" " 0 0 0" "$mode: nothing is left in the end"
	stop driver
	stop old
done

# --- with a command
mode=user limit=$size
vmm old "${edus[0]}" $size user 1001
cat >"$scratch/upgrade" <<-'END'
	id -u; ulimit -l; cat /proc/self/oom_score_adj
	grep -c memfd /proc/self/maps; find /proc/self/fd -lname '*iommu*' -o -lname '*vfio*' | wc -l
	grep ^SigBlk /proc/self/status
	while [ ! -e "$1" ]; do sleep 0.1; done
	exit 7
END
ulimit -l 4096
hold "$old" -- bash "$scratch/upgrade" "$scratch/go"
ask old exec-from-thread
ask old mmap "$ram" $size shared rw $base
is "$(owners)" $hold "as long as the command runs, hold is the owner"
kill -0 $hold
is $? 0 "exec or not"
touch "$scratch/go"
held
is "$status" 7 "the exit status is the command's"
is "$(sed -n 2,7p <<<"$out" | paste -sd ,)" "0,4096,0,0,0,SigBlk:	0000000000000000" \
	"which ran as it would have without: user, limit, OOM, and no memory, descriptors or blocked signals"
like "$out" "handed 1 area back to process $old" "and then it was handed back"
is "$(areas) $(charges "$old")" "$ioas:0x0=$base@$old:live $size 0" "to the same address"

rm "$scratch/go"
hold "$old" --quiet -- sleep 1000
kill -TERM $hold
held
is "$status $(areas)" "143 $ioas:0x0=$base@$old:live" "a signal is passed on to the command, and everything handed back"
is "$out$err" "" "quietly"
run dmaownctl hold "$old" -- "$scratch/nothing"
is "$status $(areas)" "127 $ioas:0x0=$base@$old:live" "a command that does not exist"
run dmaownctl hold "$old" --until-exec -- "$scratch"
is "$status $(areas)" "126 $ioas:0x0=$base@$old:live" "with one that cannot be run no exec is waited for"
ignoring=(env "--ignore-signal=CHLD,USR1")
run "${ignoring[@]}" dmaownctl hold "$old" --quiet -- grep ^SigIgn /proc/self/status
is "$status $out" "0 $("${ignoring[@]}" grep ^SigIgn /proc/self/status)" "what was ignored is ignored by the command, SIGCHLD too"
for signal in INT TERM HUP QUIT; do
	hold "$old"
	for ignored in USR1 ALRM PIPE TSTP; do kill -$ignored $hold; done
	kill -$signal $hold
	held
	is "$status $(areas)" "0 $ioas:0x0=$base@$old:live" "without a command it waits for a signal: $signal"
done
is "$(charges "$old") $(user_locked 1001)" "$size 0 $size" "charges are as before"

# --- hold cannot hand back: the new program does not have the memory
hold "$old" --until-exec --timeout 1
ask old exec
says 'to do it by hand' || broken "hold says nothing"
err=$(<"$scratch/hold.err")
like "$err" "auto does not find this memory anywhere" "the new program has not mapped the memory: it says so"
like "$err" "process $hold stays the owner, and keeps memory and descriptors" "and stays the owner"
like "$err" "to let it try again: kill -HUP $hold" "and says how to let it try again"
is "$(areas | sed 's/=.*@/ /') $(charges $hold)" "$ioas:0x0 $hold:live $size 0" "which it is"
: >"$scratch/hold.err"
kill -TERM $hold
says 'to do it by hand'
pass "it does not end at a signal, but tries again"
hand=$(sed -n 's/.*to do it by hand: //p' "$scratch/hold.err")
is "$hand" "dmaownctl transfer --to $old --from $hold --context $(context_of "$old") --remap auto" "the command is told"
ask old mmap "$ram" $size shared rw $elsewhere
run bash -c "$hand"
is "$status $(areas)" "0 $ioas:0x0=$elsewhere@$old:live" "and works by hand"
held
is "$status" 0 "then hold ends"
like "$out" "nothing is left to hold" "since it owns nothing any more"

hold "$old" --until-exec --timeout 0
ask old exec
says 'to do it by hand'
ask old mmap "$ram" $size shared rw $base
kill -HUP $hold
held
is "$status $(areas)" "0 $ioas:0x0=$base@$old:live" "it tries again at SIGHUP, with success"

# The new program has closed one of two contexts: hold hands back all or nothing.
start opener
ask opener open /dev/iommu
hand_over opener old "$reply"; ctx2=$reply
stop opener
ask old ioas "$ctx2"; ioas2=$reply
ask old map "$ctx2" "$ioas2" $base $page 0x1000000 rw
hold "$old" --until-exec --timeout 1
ask old close "$ctx2"
ask old exec
ask old mmap "$ram" $size shared rw $base
says 'to do it by hand'
like "$(<"$scratch/hold.err")" "does not hold the context" "one of two contexts is not held any more: that is the reason"
is "$(owners)" $hold "and nothing is handed back"
kill -KILL $hold
wait $hold 2>/dev/null
run dmaownctl transfer --to "$old" --adopt --quiet
is "$status $(areas)" "0 $ioas:0x0=$base@$old:live" "what is left of a hold that was killed can be adopted"

# --- to another process
successor new old $size 1001
ask new munmap $base $size
ask new mmap "$new_ram" $size shared rw $elsewhere
hold "$old" --to "$new"
stop old
is "$(owners)" $hold "the old process has ended, and hold is the owner"
kill -TERM $hold
held
is "$status $(areas)" "0 $ioas:0x0=$elsewhere@$new:live" "handed over to the new one"
like "$out" "handed 1 area over to process $new" "which it says"
is "$(charges "$new") $(user_locked 1001)" "$size 0 $size" "with the charges"

# --- the process ends, and no other process was named
old=$new
start third
hand_over new third "$new_ctx" "$new_dev" "$new_ram"
read -r third_ctx _ third_ram <<<"$reply"
ask third setuid 1001
ask third mmap "$third_ram" $size shared rw $base
hold "$old"
stop new
says 'to do it by hand' || broken "hold says nothing"
like "$(<"$scratch/hold.err")" "process $old has exited: nothing can be handed back to it" "the process has ended: it says so"
hand=$(sed -n 's/.*to do it by hand: //p' "$scratch/hold.err")
is "$(owners) $hand" "$hold dmaownctl transfer --to PID --from $hold --context $(context_of $hold) --remap auto" "and what to do"
run bash -c "${hand/--to PID/--to $third}"
is "$status $(areas)" "0 $ioas:0x0=$base@$third:live" "which works"
held
is "$status" 0 "then hold ends"
ask third unmap "$third_ctx" "$ioas" all
is "$(charges "$third") $(user_locked 1001)" "0 0 0" "nothing is left"
stop third

# --- all kinds of memory: two contexts; areas that share a pages object, are huge, anonymous, or in pieces
limit=$((5 * size)) vmm old "${edus[0]}" $size mm 1001
ask old ioas "$ctx"; ioas2=$reply
ask old copy "$ctx" "$ioas2" "$ioas" $page 0x3000000 $((size - page)) r
ask old copy "$ctx" "$ioas2" "$ioas" $page 0x4000000 $page rw
ask old unmap "$ctx" "$ioas" all
ask old memfd second $size; second=$reply
ask old mmap "$second" $size shared rw 0x12000000000
ask old mmap "$ram" $size shared r 0x12000200000
start opener
ask opener open /dev/iommu; ctx2=$reply
ask opener mode-mm "$ctx2"
ask opener device "${edus[1]}"; dev2=$reply
ask opener bind "$dev2" "$ctx2"
ask opener ioas "$ctx2"; ioas3=$reply
ask opener attach "$dev2" "$ioas3"
hand_over opener old "$ctx2" "$dev2"
read -r ctx2 dev2 <<<"$reply"
stop opener
ask old map "$ctx2" "$ioas3" 0x12000001000 $((size * 2 - 8192)) 0x1000000 r
ask old mmap anon $size shared rw 0x13000000000
ask old map "$ctx2" "$ioas3" 0x13000000000 $size 0x5000000 rw
huge_pages 4
ask old memfd huge $size hugetlb; huge=$reply
ask old mmap "$huge" $size shared rw 0x14000000000
ask old map "$ctx2" "$ioas3" 0x14000000000 $size 0x6000000 rw
# Map an address at which programs lie if addresses are not randomized: it is not free in hold.
taken=0x555555400000
ask old mmap "$ram" $size shared rw $taken
ask old map "$ctx2" "$ioas3" $taken $size 0x7000000 rw
before=$(areas) charged=$(charges "$old")
prefix=(setarch -R)
hold "$old"
is "$(areas | wc -w) $(charges $hold) $(charges "$old")" "6 $charged 0 0" "six areas of all kinds are held"
is "$(areas | tr ' ' '\n' | grep -c "=$taken@$hold")" 0 "one of them elsewhere"
kill -HUP $hold
held
is "$status $(areas)" "0 $before" "and given back, to where they were"
prefix=(env "--default-signal=INT,QUIT")
is "$(charges "$old")" "$charged" "with the charges"

# --- refusals: nothing changes
ask old munmap 0x13000000000 $size
ask old mmap anon $size private rw 0x13000000000
run dmaownctl hold "$old"
is "$status $(areas) $(charges "$old")" "12 $before $charged" "private memory in the place of an area's"
like "$err" "iova 0x5000000-0x51fffff: private memory of the old owner" "which it says"
ask old unmap "$ctx2" "$ioas3" 0x5000000 $size
ask old exec
run dmaownctl hold "$old"
is "$status" 10 "a process that has exec'd already"
like "$err" "dmaownctl transfer --to $old --from $old --adopt" "and what to do first"
stop old
huge_pages 0

limit=$size vmm old "${edus[0]}" $size mm 1001
prlimit --pid "$old" --memlock=$((size - page))
before=$(areas)
run dmaownctl hold "$old"
is "$status $(areas) $(charges "$old")" "11 $before $size $size" "a limit that has been lowered: it could not be handed back"
like "$err" "limit of process $old: raise it first, or the memory could not be handed back" "which it says"
start other
ask other setuid 1002
hand_over old other "$ctx"
run dmaownctl hold "$old"
is "$status" 11 "of several reasons the first counts"
prlimit --pid "$old" --memlock=$size
run dmaownctl hold "$old"
is "$status $(areas)" "15 $before" "another user's process holds the context"
hold "$old" --force "untrusted-holder=$other"
kill -INT $hold
held
is "$status $(areas)" "0 $before" "but that may be accepted"
run dmaownctl hold $$
is "$status" 3 "a process that owns nothing"
run dmaownctl hold 4194303
is "$status" 10 "a process that does not exist"
run dmaownctl hold "$old" --to 4194303
is "$status $(areas)" "10 $before" "nor one that is to get it"
for words in "" "x" "$old sleep 1" "$old --to x" "$old --timeout x" "$old --force x"; do
	# shellcheck disable=SC2086 # arguments
	run dmaownctl hold $words
	is "$status" 64 "usage: hold $words"
done
ask old unmap "$ctx" "$ioas" all
is "$(areas) $(charges "$old") $(user_locked 1001)" " 0 0 0" "nothing is left in the end"
finish
