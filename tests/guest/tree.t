#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# dmaownctl tree: the contents of a context, over both channels.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))

run dmaownctl tree --json
is "$status $(json -c .)" '0 {"contexts":[]}' "with no context there is an empty array"
run dmaownctl tree
is "$status $out" "0 " "and no table"

vmm old "${edus[0]}" $size user 1001
ask old ioas "$ctx"; ioas2=$reply
ask old copy "$ctx" "$ioas2" "$ioas" $((size / 2)) 0x3000000 0 r
id=$(context_of "$old")
limit=unlimited vmm other "${edus[1]}" $size mm 1002
ask other detach "$dev"

run dmaownctl tree --json
is "$status" 0 "tree --json"
is "$(json '.contexts | length')" 2 "two contexts"
tree=$(json -c ".contexts[] | select(.id == \"$id\")")
is "$(jq -c '[.areas, .pinned, .mode, .busy, .devices]' <<<"$tree")" "[2,$size,\"user\",0,[]]" "the context's own figures"
is "$(jq -c '[.holders[] | [.pid, .via]] | sort' <<<"$tree")" "[[$old,\"context\"],[$old,\"device\"]]" "its holders"
is "$(jq -c '[.ioases[] | [.ioas, .areas, .pinned]]' <<<"$tree")" "[[$ioas,1,$size],[$ioas2,1,0]]" "its IOASes; what they share is pinned once"
is "$(jq -c '[.ioases[].hwpts[] | [.type, .auto_domain, [.devices[].device]]]' <<<"$tree")" \
	"[[\"paging\",true,[\"${edus[0]}\"]]]" "the HWPT with its device is in its IOAS"
is "$(jq -c '[.ioases[].owners[] | [.pid, .command, .state, .mode, .areas, .mapped, .pinned]]' <<<"$tree")" \
	"[[$old,\"actor\",\"live\",\"user\",1,$size,$size],[$old,\"actor\",\"live\",\"user\",1,$((size / 2)),0]]" \
	"the areas of each are summed by owner"
is "$(json -c "[.contexts[] | select(.id != \"$id\") | .devices[] | [.device, .hwpt]]")" "[[\"${edus[1]}\",null]]" \
	"a device that is attached to nothing is in the context"
over_netlink=$out
run dmaownctl --channel debugfs tree --json
is "$out" "$over_netlink" "over debugfs it is the same"

LC_ALL=C run dmaownctl tree "$id"
like "$out" "NODE +KIND +AREAS +MAPPED +PINNED +MODE +STATE" "the table has headings"
like "$out" $'\n'"$id +iommufd +2 +1.5M +1M user" "the context is the root"
like "$out" $'\n'"\\|-ioas $ioas +1 +1M +1M" "its IOASes are below"
like "$out" $'\n'"\\| \\|-hwpt [0-9]+" "the HWPT below that"
like "$out" $'\n'"\\| \\| \`-${edus[0]}" "the device below that"
like "$out" $'\n'"\\| \`-owner $old +1 +1M +1M user +live +actor" "and the owner beside the HWPT"
is "$(grep -c '^0x' <<<"$out")" 1 "of a context that is named only that is shown"
LC_ALL=C.UTF-8 run dmaownctl tree "$id"
like "$out" $'\n'"├─ioas $ioas" "in UTF-8 it is drawn with lines"
run dmaownctl tree --raw -n -b -o TYPE,CONTEXT,IOAS,PID,PINNED -p "$old"
is "$(awk '{ print NF }' <<<"$out" | sort -u)" 5 "raw lines have a word for each column"
is "$(grep -c "^owner $id" <<<"$out")" 2 "and name the context and what they are"
is "$(grep -c "^context" <<<"$out")" 1 "--pid: only what this process holds or owns"
run dmaownctl tree -o NODE,NIX
is "$status" 64 "an unknown column is a usage error"
run dmaownctl tree 0x0123456789abcdef
is "$status" 1 "so is no context"
run dmaownctl tree "$id" surplus
is "$status" 64 "and a surplus argument"

# --- a PID namespace hides processes
run unshare --pid --fork --mount-proc dmaownctl tree --json "$id"
is "$status" 0 "in another PID namespace"
is "$(json -c '[.contexts[0].ioases[0].owners[0] | .pid, .command, .unit, .areas]')" "[null,null,null,1]" "an owner has no PID, and no name"
run unshare --pid --fork --mount-proc dmaownctl list --json -c "$id"
is "$(json -c '.contexts[0] | [.holders, .unit]')" "[[null],null]" "a holder is unknown, and not nobody"

# --- an IOAS that is locked: an attach waits for memory while it holds the lock
ask other open /dev/stall; stall=$reply
ask other mmap "$stall" 64K shared rw; at=$reply
ask other map "$ctx" "$ioas" "$at" 64K any rw
ask other background attach "$dev" "$ioas"; job=$reply
# shellcheck disable=SC2317 # called by eventually
locked() { dmaownctl tree --json 2>/dev/null | jq -e '[.contexts[].ioases[].busy] | any' >/dev/null; }
eventually locked
run dmaownctl tree --json
is "$status" 0 "with a locked IOAS"
is "$(json -c '[.contexts[].ioases[] | select(.busy) | .areas, .pinned, .owners]')" "[null,null,[]]" "what is in it is unknown"
like "$err" "busy" "which is said"
run dmaownctl verify
is "$status" 14 "verify does not say that all is well"
like "$out" "^unknown: .*locked" "but that it does not know"
run dmaownctl can-exit "$old"
is "$status" 2 "can-exit tells what it has found"
like "$out" "unknown: .*locked" "and what it could not see"
ask other write "$stall" go
ask other job "$job" $((20000 * slow))
run dmaownctl verify
is "$status $out" "0 " "all is well again"

finish
