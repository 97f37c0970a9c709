#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# dmaownctl verify: it is silent when all is well; it reports what is not.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
counters=/sys/module/counters/parameters

findings() { json '[.verify.findings[].finding] | join(" ")'; }
well() {
	run dmaownctl verify
	is "$status $out$err" "0 " "$1"
}

well "with nothing there, all is well"
limit=$((size * 2)) vmm old "${edus[0]}" $size user 1001
vmm mm "${edus[1]}" $size mm 1002
id=$(context_of "$old")
well "in modes user and mm, with half of the limit left, all is well"
run dmaownctl verify --json
is "$status $(json_in_order -c .)" '0 {"verify":{"ok":true,"findings":[]}}' "in JSON too"

# --- limits
run dmaownctl verify --headroom 51 --json
is "$status $(findings)" "2 near-limit" "half of the limit is less than 51 % of it"
is "$(json -c '.verify.findings[0] | [.pid, .limit, .headroom]')" "[$old,$((size * 2)),$size]" "whose, and how much is left"
# Prints both limits of process $1, in bytes.
both_limits() { prlimit --pid "$1" --memlock --raw --noheadings --output SOFT,HARD; }
command=$(json '.verify.findings[0].command')
run bash -c "$command"
is "$status" 0 "the command that is named works"
# shellcheck disable=SC2001 # a part of the command
wanted=$(sed 's/.*--memlock=\([0-9]*\)$/\1/' <<<"$command")
is "$(both_limits "$old")" "$wanted $wanted" "and raises both limits, since the hard one was too low"
run dmaownctl verify --headroom 51
is "$status" 0 "and mends it"
for hard in unlimited $wanted; do
	prlimit --pid "$old" --memlock="$((size * 2)):$hard"
	run dmaownctl verify --headroom 51 --json
	run bash -c "$(json '.verify.findings[0].command')"
	is "$status $(both_limits "$old")" "0 $wanted $hard" "a hard limit that is high enough stays: $hard"
	run dmaownctl verify --headroom 51
	is "$status" 0 "and that mends it, too: $hard"
done
run dmaownctl verify --headroom 101
is "$status" 64 "more than all cannot be left"

# --- an owner that holds nothing
start keeper
hand_over old keeper "$ctx" "$dev" "$ram"; read -r _ _ keeper_ram <<<"$reply"
ask keeper mmap "$keeper_ram" $size shared rw $base
ask old close "$ctx"
ask old close "$dev"
run dmaownctl verify --json
is "$status $(findings)" "2 not-holder" "an owner that holds nothing"
is "$(json -c '.verify.findings[0] | [.context, .pid, .areas, .pinned]')" "[\"$id\",$old,1,$size]" "whose, where, how much"
is "$(json '.verify.findings[0].command')" "dmaownctl transfer --to $keeper --from $(dmaownctl owners -rn -p "$old" -o OWNER) --context $id" \
	"and who could have it"
over_netlink=$out
run dmaownctl --channel debugfs verify --json
is "$status" 2 "over debugfs"
is "$out" "$over_netlink" "it is the same"

# --- stale and dead
ask old exec
run dmaownctl verify --json
is "$status $(findings)" "2 stale-owner" "an owner that has exec'd"
like "$(json '.verify.findings[0].command')" "^dmaownctl transfer --to $keeper .* --adopt$" "what is mapped by address needs --adopt"
stop old
run dmaownctl verify --json
is "$status $(findings)" "2 dead-owner" "an owner that is dead"
is "$(json '.verify.findings[0].areas')" 1 "with its area"
run dmaownctl verify
like "$out" "^dead-owner: 1 area in context $id, 1M pinned" "in words"
stop keeper
well "with the context gone, all is well"

# --- counters that make no sense
[ -d $counters ] || broken "the module that spoils counters is not loaded"
for spoil in "pinned_vm VmPin" "locked_vm VmLck" "user_locked_vm locked_vm"; do
	read -r parameter counter <<<"$spoil"
	who=mm
	if [ "$counter" = locked_vm ]; then
		ask mm detach "$dev"
		vmm user "${edus[0]}" $size user 1003
		who=user
	fi
	pid=${!who}
	# Make the counter one page less than what is pinned, then less than zero.
	for pages in -1 -257; do
		echo "$pid $pages" >"$counters/$parameter"
		run dmaownctl verify --json
		is "$status $(findings)" "2 corrupt" "$counter $pages pages: corrupt"
		value=$((pages == -1 ? size - page : -1))
		[ $value -ge 0 ] || value=null
		is "$(json -c '.verify.findings[0] | [.counter, .value, .expected]')" "[\"$counter\",$value,$size]" "$counter: what it is and what it should be"
		run dmaownctl verify
		like "$out" "^corrupt: " "$counter: in words"
		[ $pages = -1 ] || like "$out" "underflowed to -$page bytes" "$counter: it has underflowed"
		run dmaownctl --channel debugfs verify
		is "$status" 2 "$counter: over debugfs too"
		run dmaownctl owners -rn -o PID,MARK
		like "$out" "(^|"$'\n'")$pid corrupt" "$counter: owners marks it"
		run dmaownctl metrics
		like "$out" 'dmaown_findings\{unit="[^"]*",finding="corrupt"\} 1' "$counter: metrics count it"
		echo "$pid $((-pages))" >"$counters/$parameter"
		well "$counter: mended, all is well"
	done
done

# --- a holder that owns nothing
start other
ask other open /dev/iommu
echo "$other -1" >$counters/pinned_vm
run dmaownctl verify --json
is "$status $(findings)" "2 corrupt" "a holder that owns nothing"
is "$(json -c '.verify.findings[0] | [.counter, .pid]')" "[\"VmPin\",$other]" "has VmPin below nothing"
echo "$other 1" >$counters/pinned_vm
well "and is well again"
stop other
stop user
stop mm

# --- the kernel's own transfer, if the kernel has one, does not move memory that mode none has pinned
start first
ask first open /dev/iommu; ctx=$reply
try first change-process "$ctx"
if ! uapi_has IOMMU_IOAS_CHANGE_PROCESS; then
	is "$answer" "error ENOTTY change-process" "this kernel has no transfer of its own that could spoil a counter"
else
	ask first ioas "$ctx"; ioas=$reply
	ask first device "${edus[0]}"; dev=$reply
	ask first bind "$dev" "$ctx"
	ask first memfd ram $size; ram=$reply
	ask first map-file "$ctx" "$ioas" "$ram" 0 $size 0 rw
	ask first attach "$dev" "$ioas"
	well "before the kernel's own transfer"
	start second
	hand_over first second "$ctx" "$dev"; read -r ctx2 _ <<<"$reply"
	ask second change-process "$ctx2"
	run dmaownctl verify --json
	is "$status $(findings)" "2 corrupt" "after it, in mode none"
	is "$(json -c '.verify.findings[0] | [.counter, .pid, .value, .expected]')" "[\"VmPin\",$second,0,$size]" "the new owner's VmPin lacks what is pinned"
	ask second unmap "$ctx2" "$ioas" all
	run dmaownctl verify --json
	is "$status $(findings)" "2 corrupt" "and after the unmap"
	is "$(json -c '.verify.findings[0] | [.counter, .pid]')" "[\"VmPin\",$second]" "it has underflowed"
fi
finish
