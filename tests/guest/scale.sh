# Library for the scaling tests: source it after lib.sh.
#
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # this file and the test that sources it use each other's variables
#
# A scaling test makes a crowd, which is very many of something that one process can multiply, and looks at it with
# dmaownctl. A small VMM beside it has nothing to do with it, and must not feel it. Each look happens beside no crowd,
# then a crowd of $few, then one of $many, which is four times as many. Proven of each look:
#
#	its time is linear
#	it never holds up a real-time task on the same processor for long
#	SIGKILL ends it at once
#
# The test sets sizes() and things, calls beside(), and defines two functions:
#
#	crowd SIZE	makes the crowd this large: 0, $few, $many, in this order
#	checked LOOK	checks the output of a look, which is in $scratch/out, with a crowd of $size
#
# Looks: the listings of dmaownctl; check and transfer from $owner of the crowd to $other (names of actors);
# small-check and small-transfer of the VMM beside it; of the kernel alone, without the tool: debugfs/FILE, which is a
# listing, and dry-run, which is a check. SIGKILL always finds these in the kernel.
#
# Without DMAOWN_SCALE=full the crowds are only as large as the time of a usual run allows. Each look prints its time.
#
# Longest time for which a real-time task may be held up, and for which a process may survive SIGKILL, in microseconds.
most=$((50000 * slow))
small_size=$((1 << 20))
# Options of check and transfer.
options=()
# Least time of each look, in microseconds. The index is "SIZE LOOK".
declare -A least=()

# Let processes have this many files, threads, and mappings of a container.
set_limit() { [ ! -w "$1" ] || [ "$(<"$1")" -ge "$2" ] || echo "$2" >"$1"; }
set_limit /proc/sys/fs/file-max 4000000
set_limit /proc/sys/fs/nr_open 1048576
set_limit /proc/sys/kernel/threads-max 30000
set_limit /sys/module/vfio_iommu_type1/parameters/dma_entry_limit 1000000

# Choose the kernel's least preemptible mode: there only a loop that reschedules makes way for a real-time task.
preemption=/sys/kernel/debug/sched/preempt
harmless+='|Dynamic Preempt: '
if [ -w $preemption ]; then
	preemption_was=$(sed 's/.*(\(.*\)).*/\1/' $preemption)
	for mode in none voluntary lazy; do
		! echo $mode >$preemption || break
	done 2>/dev/null
	echo "# preemption: $(<$preemption)"
fi

# sizes USUAL FULL: set $many and $few.
sizes() {
	many=$1
	[ "${DMAOWN_SCALE:-}" != full ] || many=$2
	# Each of them takes ten times as long on such a kernel.
	! configured KASAN || many=$((many / 10))
	few=$((many / 4))
}

small_row() { dmaownctl list --raw -n -b -c "$small_id" -o ID,HOLDERS,DEVICES,AREAS,PINNED,OWNERS; }

# Makes the small VMM, with its successor. Until they move, $small_before is how it is listed.
beside() {
	vmm small "${edus[1]}" $small_size
	successor next small $small_size
	small_owner=small small_other=next
	small_id=$(context_of "$small")
	small_before=$(small_row)
	like "$small_before" "^$small_id .*$small" "a small VMM, beside the others"
}

# Makes the VMM whose crowd grows, and the successor that check and transfer name.
big_vmm() {
	vmm big "${edus[0]}" $small_size
	successor new big $small_size
	big_id=$(context_of "$big")
	owner=big other=new
}

# A list shows the big context as well as the small one.
both_listed() {
	is "$(grep -cE "^($small_id|$big_id) " "$scratch/out")" 2 "$size $things: both contexts are listed"
}

# Sets $words to the command of a look, and $input to what it reads.
words_of() {
	local wait=--timeout=$((60 * slow))

	input=
	case $1 in
	check | transfer) words=(dmaownctl "$1" --to "${!other}" "$wait" "${options[@]}") ;;
	small-check | small-transfer) words=(dmaownctl "${1#small-}" --to "${!small_other}" "$wait") ;;
	dry-run) words=(actor) input="dry-run ${!other} ${options[*]}" ;;
	debugfs/*) words=(cat "/sys/kernel/debug/dmaown/${1#*/}") ;;
	*) words=(dmaownctl "$1" --raw -n) ;;
	esac
}

# After a transfer, the next one goes back.
moved() {
	local was

	case $1 in
	transfer) was=$owner owner=$other other=$was ;;
	small-transfer) was=$small_owner small_owner=$small_other small_other=$was ;;
	esac
}

# Runs $words, for at most $1 microseconds, if given, and measures: see delay.c.
timed() {
	rm -f "$scratch/report"
	said="${words[*]}"
	delay "$scratch/report" ${1:+-k "$1"} "${words[@]}" >"$scratch/out" 2>"$scratch/err" <<<"$input"
	read -r took late status ended <"$scratch/report" || broken "delay $said: $(<"$scratch/err")"
	out=$(head -c 2000 "$scratch/out") err=$(head -c 2000 "$scratch/err")
}

# Prints for how long the machine alone holds up a real-time task in $1 microseconds.
machine_late() {
	delay "$scratch/alone" delay spin "$1" && cut -d ' ' -f 2 "$scratch/alone"
}

# Sets $bound to the time that look $1 may take with $many: four times the time with $few, and half of that for the
# caches and the noise. The time without a crowd is constant.
bound_of() {
	local constant=${least[0 $1]:-0} some=${least[$few $1]:-0}

	bound=$((constant + 6 * (some > constant ? some - constant : 0) + 100000 * slow))
}

# Sets $longest to the time after which look $1 is stopped: the test is not to wait for a time that is far from linear.
longest_of() {
	longest=$((120000000 * slow))
	[ "$size" -ne "$many" ] || [ -z "${least[$few $1]:-}" ] || { bound_of "$1"; longest=$((3 * bound)); }
}

keep_least() {
	local index="$size $1"

	[ -n "${least[$index]:-}" ] && [ "${least[$index]}" -le "$took" ] || least[$index]=$took
}

# Looks once, and passes over a measurement in which the host was busy. $1 is the look.
look() {
	local name=$1 round alone=unknown

	for round in 1 2 3; do
		words_of "$name"
		longest_of "$name"
		timed "$longest"
		[ "$status" -eq 0 ] || break
		moved "$name"
		keep_least "$name"
		[ "$late" -gt $most ] || break
		alone=$(machine_late "$took")
	done
	echo "# $size $things: $name: $took us, a real-time task $late us late"
	is "$status" 0 "$size $things: $name"
	[ "$ended" = - ] || diag "stopped after $longest us"
	[ "$late" -le $most ]
	is $? 0 "$size $things: $name: a real-time task is not held up"
	[ "$late" -le $most ] || diag "$late us late in $took us, $round times; the machine alone: $alone us"
	[ "$status" -eq 0 ] || return
	[ "$name" != dry-run ] || like "$out" "^ok [1-9]" "$size $things: the dry run would move something"
	checked "$name"
}

# Checks that the time of look $1 is linear.
linear() {
	local round

	if [ -z "${least[$few $1]:-}" ] || [ -z "${least[$many $1]:-}" ]; then
		fail "$things: $1: linear, if it succeeds"
		return
	fi
	bound_of "$1"
	# A busy host can slow down one measurement, but not three.
	for round in 1 2; do
		[ "${least[$many $1]}" -gt $bound ] || break
		words_of "$1"
		timed
		[ "$status" -ne 0 ] || { moved "$1"; keep_least "$1"; }
	done
	[ "${least[$many $1]}" -le $bound ]
	is $? 0 "$things: $1: linear"
	[ "${least[$many $1]}" -le $bound ] || diag "${least[0 $1]} us for none, ${least[$few $1]} us for $few," \
		"${least[$many $1]} us for $many: more than $bound us"
}

# Does a look that does not count: the first one loads files of the program.
warm_up() {
	words_of "$1"
	timed
	[ "$status" -ne 0 ] || moved "$1"
}

# Looks beside no crowd, few and many. The arguments are the looks.
across() {
	local name

	least=()
	for size in 0 "$few" "$many"; do
		crowd "$size"
		[ "$size" -gt 0 ] || for name; do warm_up "$name"; done
		for name; do look "$name"; done
		is "$(small_row)" "$small_before" "$size $things: the VMM beside them is listed as before"
	done
	for name; do linear "$name"; done
}

# Makes $owner the owner again after a transfer that may have moved everything or nothing. $1 is a look.
settle() {
	case $1 in transfer) ;; *) return ;; esac
	is "$(dmaownctl owners --raw -n -o PID | grep -cxE "${!owner}|${!other}")" 1 "$1 is killed: there is one owner"
	run dmaownctl transfer --to "${!owner}" --quiet --timeout $((60 * slow)) "${options[@]}"
	[ "$status" -eq 0 ] || broken "transfer back to $owner"
}

# Kills look $1 after a quarter, a half and three quarters of its time with $many.
killed() {
	local name=$1 quarter round gone whole=${least[$many $1]:-}

	[ -n "$whole" ] || { fail "$things: $name is killed, if it succeeds"; return; }
	# The memory that it has taken must be freed.
	gone=$((whole / 20 > most ? whole / 20 : most))
	for quarter in 1 2 3; do
		# A busy host can hold up one. If one has ended before, the next signal comes earlier.
		for round in 1 2 3; do
			words_of "$name"
			timed $((whole * quarter * (6 - round) / 20))
			settle "$name"
			{ [ "$ended" = - ] || [ "$ended" -gt $gone ] || [ "$late" -gt $most ]; } || break
		done
		echo "# $size $things: $name is killed after $quarter/4 of $whole us: gone after $ended us, $late us late"
		isnt "$ended" - "$name is killed after $quarter/4 of its time"
		[ "$ended" != - ] && [ "$ended" -le $gone ]
		is $? 0 "$name is killed after $quarter/4 of its time: it ends at once"
		[ "$late" -le $most ]
		is $? 0 "$name is killed after $quarter/4 of its time: a real-time task is not held up"
	done
}

# Makes actor $1 the owner again, if a look has made $other the owner.
bring_back() {
	[ "$owner" != "$1" ] || return 0
	words_of transfer
	run "${words[@]}"
	[ "$status" -eq 0 ] || broken "transfer back to $1"
	moved transfer
}

# Stops actor $1 and waits until nothing of it is left: to close 100,000 files takes a while.
stop_crowd() {
	local pid=${!1}

	stop "$1"
	eventually is_gone "$pid"
}
# shellcheck disable=SC2317 # called by eventually
is_gone() { [ ! -e "/proc/$1" ] || [ "$(state_of "$1")" = Z ]; }

# Prints the number of rows that debugfs/holders, which is in $scratch/out, has for process $1.
rows_of() { grep -c " pid=$1 " "$scratch/out"; }

# Checks that such an output has few rows for process $1, whatever it has multiplied.
few_rows() {
	[ "$(rows_of "$1")" -ge 1 ] && [ "$(rows_of "$1")" -le 8 ]
	is $? 0 "$size $things: few rows for the process that has them"
}

# Does the listing of holders say that process $1 could not be read to the end?
unread() { grep -q " pid=$1 .* via=- fd=- .* busy=1 " /sys/kernel/debug/dmaown/holders; }

# Checks that the VMM beside the crowd can move, and ends the test. Nothing of the crowd is left for the next one.
finish_beside() {
	local name

	look small-transfer
	is "$(small_row | awk '{ print $NF }')" "${!small_owner}" "the VMM beside them has moved"
	[ "$small_owner" = small ] || look small-transfer
	[ "$small_owner" = small ] || look small-transfer
	is "$(small_row)" "$small_before" "and back"
	[ ! -w $preemption ] || echo "$preemption_was" >$preemption
	for name in "${!actor_in[@]}"; do stop_crowd "$name"; done
	finish
}
