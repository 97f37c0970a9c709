#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 4: charges are net; limits are exact to the page.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((4 << 20))
witness 1001
witness 1002

# Checks that the new owner's limit and headroom are those that the last transfer reported, and that the headroom is $2.
# $1 names the case.
headroom_as_told() {
	local told real

	told=$(json -c '.moves[] | [.to, .mode, .limit, .headroom]')
	real=$(dmaownctl owners --json -o PID,MODE,LIMIT,HEADROOM | jq -c ".owners[] | select(.pid == $new) |
		[.pid, .mode, .limit, .headroom]")
	is "$told" "$real" "$1: limit and headroom are as they were told"
	is "$(jq -c '.[3]' <<<"$told")" "$2" "$1: headroom"
}

# --- mode user, the same user: the limit does not matter, nothing new is charged
for new_limit in $((size + page)) $size $((size - page)) 0; do
	limit=$size vmm old "${edus[0]}" $size user 1001
	limit=$new_limit successor new old $size 1001
	run dmaownctl transfer --to "$new" --json
	is "$status" 0 "same user, limit of the new process $new_limit: the transfer"
	headroom_as_told "same user, limit $new_limit" $((new_limit > size ? page : 0))
	is "$(user_locked 1001)" $size "same user, limit $new_limit: the user is charged once"
	is "$(charges "$old") $(charges "$new")" "0 0 $size 0" "same user, limit $new_limit: VmPin moves"
	ask new unmap "$new_ctx" "$ioas" all
	is "$(user_locked 1001)" 0 "same user, limit $new_limit: nothing left"
	stop old; stop new
done

# --- mode user, another user
vmm old "${edus[0]}" $size user 1001
limit=$((size - page)) successor new old $size 1002
before=$(charges "$old")
run dmaownctl transfer --to "$new" --json
is "$status" 11 "other user, one page short: refused with exit 11"
is "$(reasons)" "limit-user" "for the user's limit"
is "$(json .errno)" "ENOMEM" "ENOMEM"
is "$(json .changed)" false "nothing is said to have changed"
is "$(charges "$old") $(charges "$new")" "$before 0 0" "and nothing has: counters of the processes"
is "$(user_locked 1001) $(user_locked 1002)" "$size 0" "counters of the users"
is "$(areas_of "$old")" "$ioas:0x0=$old" "owner"
stop new
limit=$size successor new old $size 1002
run dmaownctl transfer --to "$new" --dry-run --json
is "$status" 0 "exactly the limit: the dry run"
is "$(user_locked 1001) $(user_locked 1002)" "$size 0" "it charges nobody"
is "$(json -c '.moves[] | [.account, .limit, .headroom]')" "[\"1002\",$size,0]" "and says who would be charged, and what is left"
run dmaownctl transfer --to "$new" --json
is "$status" 0 "exactly the limit: the transfer"
headroom_as_told "exactly the limit" 0
is "$(user_locked 1001) $(user_locked 1002)" "0 $size" "the charge moves"

# Charges by other parts of the kernel count as well: io_uring's buffers are charged to the user too.
run dmaownctl transfer --to "$old" --json
is "$status" 0 "and back"
start uring
ask uring setuid 1002
ask uring mmap anon 64K private rw; at=$reply
ask uring uring-lock "$at" 64K
is "$(user_locked 1002)" $((64 << 10)) "io_uring locks 64 KiB for the user"
run dmaownctl owners --json -o UID,USER_LOCKED,USER_OTHER
is "$(json '[.owners[] | select(.uid == 1002) | .user_other] | first')" $((64 << 10)) "owners: none of it is iommufd's"
is "$(json '[.owners[] | select(.uid == 1001) | .user_other] | first')" 0 "owners: of the other user's all is"
run dmaownctl transfer --to "$new" --json
is "$status" 11 "with that there is no room any more"
is "$(user_locked 1001) $(user_locked 1002)" "$size $((64 << 10))" "and nothing changed"
stop uring
# shellcheck disable=SC2317 # called by eventually
has_locked() { [ "$(user_locked "$1")" = "$2" ]; }
eventually has_locked 1002 0
run dmaownctl transfer --to "$new" --json
is "$status" 0 "when io_uring is gone there is"
run dmaownctl transfer --to "$old" --json
stop new
limit=$((2 * size)) successor new old $size
run dmaownctl transfer --to "$new" --json
is "$status" 0 "to a process that has CAP_IPC_LOCK: what is in mode user stays so"
headroom_as_told "CAP_IPC_LOCK" $size
stop old; stop new

# --- mode mm: locked_vm of the address space
vmm old "${edus[0]}" $size mm 1001
limit=$((size - page)) successor new old $size 1001
run dmaownctl transfer --to "$new" --json
is "$status" 11 "mode mm, same user, one page short: refused with exit 11"
is "$(reasons)" "limit-mm" "for the process's limit"
is "$(charges "$old") $(charges "$new")" "$size $size 0 0" "nothing changed"
stop new
limit=$size successor new old $size 1002
ask new mmap anon $page private rw; at=$reply
ask new mlock "$at" $page
is "$(vm_lck "$new")" $page "the new process has a page locked"
run dmaownctl transfer --to "$new" --json
is "$status" 11 "which is one too many"
is "$(charges "$old") $(charges "$new")" "$size $size 0 $page" "nothing changed"
ask new munmap "$at" $page
run dmaownctl transfer --to "$new" --json
is "$status" 0 "exactly the limit: the transfer"
headroom_as_told "mode mm, exactly the limit" 0
is "$(charges "$old") $(charges "$new")" "0 0 $size $size" "the charge moves"
is "$(user_locked 1001) $(user_locked 1002)" "0 0" "no user is charged in mode mm"
run dmaownctl owners --json -o PID,LIMIT,USED,HEADROOM,CHARGED
is "$(json -c ".owners[] | select(.pid == $new) | [.limit, .used, .headroom, .charged]")" \
	"[$size,$size,0,$size]" "owners: nothing is left of the limit"
ask new unmap "$new_ctx" "$ioas" all
is "$(charges "$new")" "0 0" "nothing is left"
stop old; stop new

# --- mode none: no limit at all
vmm old "${edus[0]}" $size none
limit=0 successor new old $size 1002
run dmaownctl transfer --to "$new" --json
is "$status" 0 "mode none: a limit of nothing does not matter"
headroom_as_told "mode none" null
is "$(charges "$old") $(charges "$new")" "0 0 $size 0" "VmPin moves"
is "$(user_locked 1002)" 0 "no user is charged"
run dmaownctl owners --json -o PID,LIMIT,CHARGED
is "$(json -c ".owners[] | select(.pid == $new) | [.limit, .charged]")" "[null,0]" "owners: no limit, no charge"
finish
