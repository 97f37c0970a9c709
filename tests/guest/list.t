#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The listings as table, JSON and raw text; their columns and filters; and the status.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# Keep the members of an object in the order of the columns.
json() { json_in_order "$@"; }

size=$((2 << 20))

run dmaownctl --json
is "$(json -c .)" '{"contexts":[]}' "no command is list, and with no context JSON is empty"
for listing in list ioas areas owners devices; do
	run dmaownctl $listing
	is "$status" 0 "$listing: nothing to list is success"
	run dmaownctl $listing --json
	is "$(json -c '[.[]] | flatten')" "[]" "$listing: and an empty array"
done

vmm old "${edus[0]}" $size user 1001
ask old map "$ctx" "$ioas" $base 64K 0x4000000 r

# --- list
run dmaownctl list --json -o ID,HOLDERS,IOASES,DEVICES,AREAS,PINNED,OWNERS,KIND,MODE,MAPPED,BUSY
is "$status" 0 "list --json"
like "$(json '.contexts[0].id')" '^0x[0-9a-f]{1,16}$' "list: the ID is hexadecimal"
is "$(json -c '.contexts[0] | del(.id)')" \
	"$(jq -nc "{holders:[$old],ioases:1,devices:[\"${edus[0]}\"],areas:2,pinned:$((size + 65536)),owners:[$old],kind:\"iommufd\",mode:\"user\",mapped:$((size + 65536)),busy:0}")" \
	"list: what is in it"
id=$(context_of "$old")
is "$(context_of "$old")" "$id" "list: the ID stays the same"
run dmaownctl list --raw -n -o FILES
is "$out" "$old/$ctx,$old/$dev" "list: its open files, by the names that --context takes"
for file in ${out//,/ }; do
	run dmaownctl list --raw -n -o ID --context "$file"
	is "$out" "$id" "list --context $file"
done
run dmaownctl list
like "$out" "^ID +KIND +HOLDERS +IOASES +DEVICES +AREAS +PINNED +OWNERS +UNIT" "list: headings"
like "$out" "${edus[0]}" "list: the device stands in the table"
is "$(wc -l <<<"$out")" 2 "list: a line of headings and one context"

# --- the same switches everywhere
for listing in list ioas areas owners holders devices; do
	run dmaownctl $listing --noheadings
	isnt "$out" "" "$listing --noheadings writes something"
	first=$(head -n 1 <<<"$out")
	run dmaownctl $listing
	is "$(sed -n 2p <<<"$out" | tr -s ' ')" "$(tr -s ' ' <<<"$first")" "$listing --noheadings: the same without the first line"
	columns=$(head -n 1 <<<"$out" | wc -w)
	run dmaownctl $listing --raw
	is "$(awk '{ print NF }' <<<"$out" | sort -u)" "$columns" "$listing --raw: as many words in each line as there are columns"
	run dmaownctl $listing --json
	is "$(json '[.[]][0][0] | keys | length')" "$columns" "$listing --json: the same columns"
	run dmaownctl $listing --list-columns
	is "$status" 0 "$listing --list-columns"
	names=$(awk 'NR > 1 && /^[A-Z_]+ / { print $1 }' <<<"$out")
	run dmaownctl $listing --json -o "$(paste -sd, <<<"$names")"
	is "$(json '[.[]][0][0] | keys_unsorted | join("\n")')" "${names,,}" "$listing: each column can be had, under its own name"
	first=${names%%$'\n'*}
	last=${names##*$'\n'}
	run dmaownctl $listing --raw -o "$last,$first"
	is "$(head -n 1 <<<"$out")" "$last $first" "$listing -o: these columns in this order"
	run dmaownctl $listing --raw -o "+$last"
	is "$(head -n 1 <<<"$out" | awk '{ print $NF }')" "$last" "$listing -o +COLUMN adds one"
	run dmaownctl $listing -o NO_SUCH_COLUMN
	is "$status" 64 "$listing: an unknown column is a usage error"
	run dmaownctl $listing --no-such-option
	is "$status" 64 "$listing: an unknown option is a usage error"
	run dmaownctl $listing surplus
	is "$status" 64 "$listing: a surplus argument is a usage error"
	run dmaownctl $listing --help
	is "$status" 0 "$listing --help"
	like "$out" "--json" "$listing --help names its options"
done

# --- ioas
run dmaownctl ioas --json -o CONTEXT,IOAS,HWPTS,DEVICES,ACCESSES,AREAS,MAPPED,PINNED,BUSY
is "$(json -c '.ioases')" \
	"$(jq -nc "[{context:\"$id\",ioas:$ioas,hwpts:1,devices:1,accesses:0,areas:2,mapped:$((size + 65536)),pinned:$((size + 65536)),busy:false}]")" \
	"ioas: what is in it"

# --- areas
columns=CONTEXT,IOAS,IOVA,LAST,LENGTH,SOURCE,ADDR,OFFSET,PROT,PINNED,MODE,PID,STATE,UID,SHARERS,ACCESSES
run dmaownctl areas --json -o "$columns"
is "$(json '.areas | length')" 2 "areas: two"
is "$(json -c '.areas[0]')" \
	"$(jq -nc "{context:\"$id\",ioas:$ioas,iova:\"0x0\",last:\"0x1fffff\",length:$size,source:\"address\",addr:\"0x10000000000\",offset:null,prot:\"rw\",pinned:$size,mode:\"user\",pid:$old,state:\"live\",uid:1001,sharers:1,accesses:0}")" \
	"areas: the first one"
is "$(json -c '.areas[1] | [.iova, .length, .prot]')" '["0x4000000",65536,"r-"]' "areas: the second one"
run dmaownctl areas --raw --bytes -n -o IOVA,LENGTH
is "$out" $'0x0 2097152\n0x4000000 65536' "areas --raw --bytes: exact numbers"
run dmaownctl areas --raw -n -o IOVA,LENGTH
is "$out" $'0x0 2M\n0x4000000 64K' "areas: sizes for people"

# --- owners
columns=PID,COMMAND,UID,STATE,MODE,CONTEXTS,AREAS,PINNED,CHARGED,LIMIT,HEADROOM,USED,VM_PINNED,VM_LOCKED
run dmaownctl owners --json -o "$columns,USER_LOCKED,USER_OTHER"
is "$(json -c '.owners')" \
	"$(jq -nc "$((size + 65536)) as \$all | [{pid:$old,command:\"actor\",uid:1001,state:\"live\",mode:\"user\",contexts:1,areas:2,pinned:\$all,charged:\$all,limit:null,headroom:null,used:\$all,vm_pinned:\$all,vm_locked:0,user_locked:\$all,user_other:0}]")" \
	"owners: what it owns and is charged with"

# --- devices
run dmaownctl devices --json -o DEVICE,CONTEXT,IOAS,HOLDERS
is "$(json -c '.devices')" "$(jq -nc "[{device:\"${edus[0]}\",context:\"$id\",ioas:$ioas,holders:[$old]}]")" "devices: the one"
run dmaownctl devices --json -o HWPT,ID
like "$(json -c '.devices[0] | [.hwpt, .id]')" '^\[[1-9][0-9]*,[1-9][0-9]*\]$' "devices: HWPT and object ID"
ask old detach "$dev"
run dmaownctl devices --json -o DEVICE,IOAS,HWPT
is "$(json -c '.devices[0] | [.ioas, .hwpt]')" "[null,null]" "devices: detached, it has neither"
ask old attach "$dev" "$ioas"

# --- filters
limit=unlimited vmm other "${edus[1]}" $size mm 1002
# shellcheck disable=SC2086 # option and value
for filter in "--context ${edus[1]}" "--context $(context_of "$other")" "--context $other" "--pid $other"; do
	run dmaownctl areas --json -o PID $filter
	is "$(json -c '[.areas[].pid]')" "[$other]" "areas $filter"
	run dmaownctl owners --json -o PID $filter
	is "$(json -c '[.owners[].pid]')" "[$other]" "owners $filter"
	run dmaownctl list --json -o HOLDERS $filter
	is "$(json -c '[.contexts[].holders]')" "[[$other]]" "list $filter"
	run dmaownctl ioas --json -o CONTEXT $filter
	is "$(json '[.ioases[].context] | join(" ")')" "$(context_of "$other")" "ioas $filter"
	run dmaownctl devices --json -o DEVICE $filter
	is "$(json '[.devices[].device] | join(" ")')" "${edus[1]}" "devices $filter"
done
run dmaownctl areas --context 0x0123456789abcdef
isnt "$status" 0 "a context that there is not"
isnt "$err" "" "is said to be so"
run dmaownctl list --context 0000:77:00.0
isnt "$status" 0 "nor such a device"

# --- status
run dmaownctl status --json
is "$status" 0 "status --json"
before=$(json '.status.transfers // .transfers')
run dmaownctl status
is "$status" 0 "status"
is "$(awk '$1 == "running" { print $2 }' <<<"$out")" "$(uname -r)" "status names the kernel"
successor new other $size 1002
dmaownctl transfer --to "$new" >/dev/null 2>&1
run dmaownctl status --json
is "$(json '.status.transfers // .transfers')" $((before + 1)) "status counts transfers"
is "$(json -c '.status | [.contexts_now, .areas_now]')" "$(dmaownctl list --json | jq -c '[(.contexts | length), ([.contexts[].areas] | add)]')" \
	"and says what there is now"
# Prints the refusals since the module was loaded: the total, the sum over all reasons, and those for "nothing".
refusals() { json -c '.status | [.refusals, ([.refused[].refusals] | add // 0), ([.refused[] | select(.reason == "nothing").refusals] | add // 0)]'; }
expected=$(refusals | jq -c 'map(. + 2)')
for i in 1 2; do dmaownctl transfer --to "$new" --from 1 >/dev/null 2>&1; done
for channel in netlink debugfs; do
	run dmaownctl --channel $channel status --json
	is "$(refusals)" "$expected" "$channel: status counts refusals by reason"
	is "$(json '[.status.refused[] | select(.refusals == 0)] | length')" 0 "$channel: and names those that there were"
done
run dmaownctl status
like "$out" $'\n'"refused +$(jq '.[2]' <<<"$expected") for nothing"$'\n' "and in the text"

# --- the tool itself
run dmaownctl --help
is "$status" 0 "--help"
run dmaownctl --version
is "$status" 0 "--version"
run dmaownctl no-such-command
is "$status" 64 "an unknown command is a usage error"

# --- the output cannot be written
dmaownctl list --json >/dev/full 2>"$scratch/full"
isnt $? 0 "a full disk is not success"
finish
