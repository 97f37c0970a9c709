#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 10: check answers what transfer would, with every reason, and changes nothing.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
witness 1001
witness 1002

# answer prints the last command's output without the lines that differ between a dry run and a transfer; verdict prints
# these lines. (jq is slow in the machine.)
answer() { grep -vE '^   "(result|changed|undo|retries)":' <<<"$out"; }
verdict() { grep -E '^   "(result|changed|undo)":' <<<"$out" | tr -d ' "\n'; }

# Prints everything that a transfer could change.
everything() {
	local pid files=()

	for pid in "${actor_pid[@]}"; do
		files+=("/proc/$pid/status" "/proc/$pid/limits")
	done
	dmaownctl areas --raw -n -b -o CONTEXT,IOAS,IOVA,LENGTH,ADDR,OWNER,STATE,UID,PINNED
	awk '/^(VmPin|VmLck):|^Max locked memory/ { print FILENAME, $0 }' "${files[@]}"
	dmaownctl owners --raw -n -b -o UID,USER_LOCKED | sort -u
}

# refused "STATUS REASON..." NAME OPTION...: check, transfer --dry-run and transfer must all report this and change
# nothing. Give the reasons in alphabetical order.
refused() {
	local expected=$1 name=$2 before first
	shift 2

	before=$(everything)
	run dmaownctl check "$@" --json
	is "$status $(reasons)" "$expected" "$name: check: exit status and reasons"
	is "$(verdict)" "result:refused,changed:false,undo:null," "$name: check: nothing is said to change"
	first=$(answer)
	run dmaownctl transfer --dry-run "$@" --json
	is "$status $(answer)" "${expected%% *} $first" "$name: transfer --dry-run says the same"
	run dmaownctl transfer "$@" --json
	is "$status $(answer)" "${expected%% *} $first" "$name: transfer says the same"
	is "$(everything)" "$before" "$name: none of them changes anything"
}

# accepted NAME OPTION...: check must announce what transfer then does.
accepted() {
	local name=$1 before first
	shift

	before=$(everything)
	run dmaownctl check "$@" --json
	is "$status $(verdict)" "0 result:would-move,changed:false,undo:null," "$name: check: it would be moved"
	first=$(answer)
	is "$(everything)" "$before" "$name: which changes nothing"
	run dmaownctl transfer "$@" --json
	like "$status $(verdict)" '^0 result:moved,changed:true,' "$name: transfer: it is"
	is "$(answer)" "$first" "$name: and as much of it as check said"
}

# --- old owner and new owner
vmm old "${edus[0]}" $size "$limit_mode" 1001
successor new old $size 1002
id=$(context_of "$old")
start nobody
gone=$nobody
stop nobody
refused "10 no-process" "TO does not exist" --to "$gone"
refused "10 no-process" "FROM does not exist" --to "$new" --from "$gone"
refused "3 nothing" "FROM owns nothing" --to "$old" --from "$new" --context "$id"
refused "3 nothing" "FROM is an owner that nobody is" --to "$new" --from 0x123456789

# --- memory that TO has mapped: the second page is changed step by step; it is in one area with the rest
second=$(printf '0x%x' $((base + page)))
remap_second() {
	ask new munmap "$second" $page
	[ $# -eq 0 ] || ask new mmap "$1" $page "$2" "$3" "$second" "$4"
}
ask new memfd other $size; other=$reply
remap_second
refused "12 not-mapped" "a hole" --to "$new"
like "$(json '.reasons[0].text')" "ioas $ioas iova 0x[0-9a-f]+-0x[0-9a-f]+: .*\(address 0x[0-9a-f]+ of process $new\)" \
	"a hole: in words, with range, address and process"
ask new mmap "$new_ram" $page private rw "$second" $page
refused "12 private" "private memory" --to "$new"
remap_second "$other" shared rw $page
refused "12 other-object" "another file" --to "$new"
remap_second "$new_ram" shared rw 0
refused "12 other-offset" "another part of the file" --to "$new"
remap_second "$new_ram" shared r $page
refused "12 permission" "only to be read" --to "$new"
remap_second "$new_ram" shared rw $page

# --- remap lists
elsewhere=0x30000000000
ask new mmap "$new_ram" $size shared rw $elsewhere
refused "13 remap-unknown" "nothing begins there" --to "$new" --remap "$ioas:0=$elsewhere,$ioas:0x5000=$elsewhere"
refused "13 remap-twice" "the same area twice" --to "$new" --remap "$ioas:0=$elsewhere,$ioas:0=$elsewhere"
refused "13 remap-offset" "elsewhere in its page" --to "$new" --remap "$ioas:0=${elsewhere%?}8"

# --- text output
run dmaownctl check --to "$new"
is "$status" 0 "check without --json"
like "$out" $'\n'"would move 1 of 1 area in 1 context to process $new: 1 pages object, 1M pinned" "it says what would be moved"
like "$out" "would be charged 1M more \(mode $limit_mode\)" "and charged"
run dmaownctl check --to "$new" --quiet
is "$status $out $err" "0  " "check --quiet: nothing, if it would succeed"
run dmaownctl check --to "$gone"
is "$status" 10 "check that finds a reason, without --json"
like "$err" "process $gone: there is no such process" "it says which"
like "$err" "would be refused: No such process" "and that it would be refused"
run setpriv --reuid 1001 --clear-groups dmaownctl check --to "$new" --json
is "$status $(json .errno)" "77 EPERM" "not allowed: check"
run setpriv --reuid 1001 --clear-groups dmaownctl transfer --to "$new" --json
is "$status $(json .errno)" "77 EPERM" "not allowed: transfer"
run dmaownctl check
is "$status" 64 "check without --to: usage"
run dmaownctl check --to "$new" --force "limit-$limit_mode"
is "$status" 64 "what cannot be forced: usage"
like "$err" "the reason must be would-reset\[=DEVICE\], untrusted-holder\[=PID\], unknown-holder\[=DEVICE\], unread\[=PID\], unseen or taken-back" \
	"with what can be"

# --- in flux
ask old open /dev/stall; stall=$reply
# VFIO does not drop mmap_lock while it maps.
[ "$kind" != type1 ] || ask old write "$stall" lock
ask old mmap "$stall" 64K shared rw 0x40000000000
# shellcheck disable=SC2046 # words of a command
ask old background $(to_map "$ctx" "$ioas" 0x40000000000 64K 0x8000000 rw); job=$reply
ask old job "$job" 300
for command in check transfer; do
	run dmaownctl $command --to "$new" --timeout 0.2 --json
	is "$status" 14 "being mapped: $command ends with 14"
	like "$(reasons)" '^(in-flux|locked)$' "being mapped: $command says so"
	run dmaownctl $command --to "$new" --timeout 0.2
	like "$err" "wait longer with: --timeout 10" "being mapped: $command says what to do"
done
ask old write "$stall" go
ask old job "$job" $((10000 * slow))
like "$reply" "^done" "it goes on"
dma_unmap old "$ctx" "$ioas" 0x8000000 64K

# --- several reasons at once: a context that TO does not hold, its limit, and its memory
start opener
ctx1=$ctx ioas1=$ioas group1=$group dev1=$dev
open_context opener
# A container needs a device, which then only the old owner has open; and it pins what it maps.
also=() needed=$size
if [ "$kind" = type1 ]; then
	add_device opener "${edus[1]}"
	also=(--force would-reset) needed=$((size + 65536))
fi
hand_over opener old "$ctx" ${group:+"$group" "$dev"}
read -r ctx2 _ <<<"$reply"
stop opener
ctx=$ctx2
new_ioas old; ioas2=$ioas
ctx=$ctx1 ioas=$ioas1 group=$group1 dev=$dev1
ask old memfd ram2 64K; ram2=$reply
ask old mmap "$ram2" 64K shared rw 0x50000000000
dma_map old "$ctx2" "$ioas2" 0x50000000000 64K 0x1000000 rw
id2=$(contexts_of "$old" | grep -v "$id")
prlimit --pid "$new" --memlock=$((size - page)):
remap_second
refused "11 limit-$limit_mode not-held not-mapped" "limit, context and memory at once" \
	--to "$new" --context "$id" --context "$id2" "${also[@]}"
is "$(json '.reasons_total')" "$(json '.reasons | length')" "all of them are counted"
is "$(json -c '[.reasons[] | select(.reason == "not-held") | .context]')" "[\"$id2\"]" "the context that is not held"
is "$(json -c '.reasons[] | select(.reason == "limit-'"$limit_mode"'") | [.pid, .value, .limit]')" \
	"[$new,$needed,$((size - page))]" "the limit, and what would be needed"
run dmaownctl check --to "$new" --context "$id" --context "$id2" "${also[@]}"
for expected in "make room with --raise-limit, or with: prlimit --pid $new --memlock=$needed:" \
	"let process $new map the same memory" "pass the context's descriptor to process $new first"; do
	like "$err" "$expected" "advice: $expected"
done
prlimit --pid "$new" --memlock=unlimited
ask new mmap "$new_ram" $page shared rw "$second" $page
accepted "with all that put right" --to "$new" --context "$id"
undo=$(json .undo)
# shellcheck disable=SC2086 # words of a command
accepted "and back" ${undo#dmaownctl transfer}

# --- more reasons than there is room for
ask old mmap anon 32M shared rw 0x60000000000
dma_map_many old "$ctx" "$ioas" 0x60000000000 5000 0x4000000
run dmaownctl check --to "$new" --context "$id" --json
is "$status $(json -c '[.reasons_total, (.reasons | length)]')" "12 [5000,4096]" "5000 reasons: it says how many there are"
run dmaownctl transfer --to "$new" --context "$id"
is "$status" 12 "5000 reasons: transfer"
like "$err" "and 904 more reasons, 5000 in all" "5000 reasons: in words"
stop new
stop old

# --- reasons that can be overridden by --force
vmm old "${edus[0]}" $size "$limit_mode" 1001
start new
hand_over old new "$ctx" "$ram" ${group:+"$group"}
read -r new_ctx new_ram _ <<<"$reply"
ask new setuid 1002
ask new mmap "$new_ram" $size shared rw $base
start stranger
hand_over old stranger "$ctx"
ask stranger setuid 1003
refused "15 untrusted-holder would-reset" "a device that only FROM has, and a stranger" --to "$new"
is "$(json -c '.reasons[] | select(.reason == "would-reset") | [.device, .pid]')" "[\"${edus[0]}\",$old]" "the device is named"
is "$(json -c '.reasons[] | select(.reason == "untrusted-holder") | [.device, .pid, .value]')" "[null,$stranger,1003]" \
	"the stranger is named"
run dmaownctl check --to "$new"
like "$err" "accept the reset with: --force would-reset=${edus[0]}" "advice: the option that accepts the reset"
like "$err" "trust it with: --force untrusted-holder=$stranger" "advice: the option that accepts the stranger"
refused "15 untrusted-holder" "the reset is forced" --to "$new" --force "would-reset=${edus[0]}"
refused "15 would-reset" "the stranger is forced" --to "$new" --force "untrusted-holder=$stranger"
refused "15 untrusted-holder would-reset" "others are forced" --to "$new" --force "would-reset=${edus[1]}" \
	--force "untrusted-holder=$old"
refused "15 untrusted-holder would-reset" "one that is gone is forced" --to "$new" --force "untrusted-holder=$gone" \
	--force would-reset=0000:ff:1f.7
accepted "both are forced" --to "$new" --force "would-reset=${edus[0]}" --force "untrusted-holder=$stranger"
undo=$(json .undo)
is "$undo" "dmaownctl transfer --to $old --from $new --context $(context_of "$new") --force untrusted-holder=$stranger" \
	"the way back needs the stranger, and no reset"
# shellcheck disable=SC2086 # words of a command
accepted "and back" ${undo#dmaownctl transfer}
accepted "both are forced, whoever it is" --to "$new" --force would-reset --force untrusted-holder
undo=$(json .undo)
is "$undo" "dmaownctl transfer --to $old --from $new --context $(context_of "$new") --force untrusted-holder" \
	"the way back needs whoever it is"
stop stranger
# shellcheck disable=SC2086 # words of a command
accepted "and back" ${undo#dmaownctl transfer}
stop new

# --- dead owners
successor new old $size 1002
if [ "$kind" = iommufd ]; then
	ask old ioas "$ctx"; ioas2=$reply
	ask old map "$ctx" "$ioas2" $base 64K 0 rw
fi
owner=$(dmaownctl owners --raw -n -o PID,OWNER | awk -v pid="$old" '$1 == pid { print $2 }')
gone=$old
stop old
refused "10 owner-dead" "a dead owner" --to "$new"
run dmaownctl check --to "$new"
like "$err" "with: --adopt; " "advice: --adopt"
refused "10 no-process" "a dead owner named by its PID" --to "$new" --from "$gone" --adopt
run dmaownctl check --to "$new" --from "$gone"
like "$err" "a dead owner is named by its owner ID" "advice: its owner ID"
# A container with a device has pinned everything that it maps.
unpinned=
if [ "$kind" = iommufd ]; then
	unpinned=" not-pinned"
	refused "12 not-pinned" "what is not pinned" --to "$new" --from "$owner" --adopt
	is "$(json -c '[.reasons[] | [.ioas, .iova, .last]]')" "[[$ioas2,\"0x0\",\"0xffff\"]]" "it is named"
fi
remap_second
refused "12 not-mapped$unpinned" "and a hole" --to "$new" --from "$owner" --adopt
ask new mmap "$new_ram" $page shared rw "$second" 0
refused "12${unpinned} other-pages" "and other memory" --to "$new" --from "$owner" --adopt
remap_second "$new_ram" shared rw $page
[ "$kind" != iommufd ] || ask new unmap "$new_ctx" "$ioas2" all
prlimit --pid "$new" --memlock=$((size - page)):
refused "11 limit-$limit_mode" "and a limit" --to "$new" --from "$owner" --adopt
accepted "adopted, with its limit raised" --to "$new" --from "$owner" --adopt --raise-limit
is "$(json -c '[.adopted, .areas, .undo, .limit_raised.to]')" "[1,1,null,$size]" "it says so, and that there is no way back"
stop new

# --- stale owners
vmm old "${edus[0]}" $size "$limit_mode" 1001
ask old exec
ask old mmap "$ram" $size shared rw $base
refused "10 owner-stale" "a stale owner" --to "$old"
run dmaownctl check --to "$old" --adopt
is "$status" 0 "adopted: check in words"
like "$out" "1 of them would be adopted from owners that are dead or stale" "it says how many"
run dmaownctl transfer --to "$old" --adopt
is "$status" 0 "adopted: transfer in words"
like "$out" "1 of them was adopted from owners that are dead or stale" "it says how many"
like "$out" "this cannot be undone: the old owner has exec'd since" "and that there is no way back"
finish
