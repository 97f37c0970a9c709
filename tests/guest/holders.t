#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Holders of a context, by any file.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))
holders() { dmaownctl list --json -o HOLDERS | jq -c '[.contexts[].holders]'; }

is "$(holders)" "[]" "at first there is no context"
start plain
ask plain open /dev/iommu
is "$(holders)" "[[$plain]]" "an open /dev/iommu is a context, with nothing in it"
ask plain threads 5
is "$(holders)" "[[$plain]]" "threads share a file table: one holder"
ask plain leave-leader
is "$(holders)" "[[$plain]]" "also when the leader has ended"
stop plain
is "$(holders)" "[]" "it ends with its last holder"

vmm old "${edus[0]}" $size
fork old kid
is "$(holders)" "[$(jq -nc "[$old,$kid] | sort")]" "a fork makes another holder of the same context"
run dmaownctl list --json -o NHOLDERS
is "$(json '.contexts[0].nholders')" 2 "two holders"

# A VMM may close /dev/iommu: the device's file holds the context.
ask kid close "$ctx"
is "$(holders)" "[$(jq -nc "[$old,$kid] | sort")]" "the device's file alone holds the context"
run dmaownctl areas --json -o IOVA,PID --pid "$old"
is "$(json -c '.areas')" "[{\"iova\":\"0x0\",\"pid\":$old}]" "its areas are listed"
ask old close "$ctx"
is "$(holders)" "[$(jq -nc "[$old,$kid] | sort")]" "also when nobody has /dev/iommu open"
run dmaownctl devices --json -o DEVICE,HOLDERS,IOAS
is "$(json -c '.devices')" \
	"[{\"device\":\"${edus[0]}\",\"holders\":$(jq -nc "[$old,$kid] | sort"),\"ioas\":$ioas}]" \
	"devices: who has the device's file open"

# Such a holder can be made the owner; memory is shared over the fork.
run dmaownctl transfer --to "$kid" --json
is "$status" 0 "a holder by device alone becomes the owner"
is "$(charges "$old") $(charges "$kid")" "0 0 $size 0" "and is charged"
run dmaownctl transfer --to "$old" --context "$kid/$dev" --json
is "$status" 0 "a context named by a device's descriptor"
is "$(charges "$old") $(charges "$kid")" "$size 0 0 0" "and back"

stop kid
is "$(holders)" "[[$old]]" "one holder is left"
ask old close "$dev"
is "$(holders)" "[]" "without any file there is no context"
is "$(charges "$old")" "0 0" "and nothing pinned"
stop old

# One process has two devices and two contexts.
start both
ask both open /dev/iommu; ctx1=$reply
ask both open /dev/iommu; ctx2=$reply
ask both device "${edus[0]}"; dev1=$reply
ask both device "${edus[1]}"; dev2=$reply
ask both bind "$dev1" "$ctx1"
ask both bind "$dev2" "$ctx2"
is "$(holders)" "[[$both],[$both]]" "one process with two contexts"
run dmaownctl devices --json -o DEVICE,CONTEXT,IOAS,HWPT
is "$(json '[.devices[].context] | unique | length')" 2 "each device is in its own context"
is "$(json -c '[.devices[] | [.ioas, .hwpt]] | unique')" "[[null,null]]" "and not attached"
run dmaownctl list --context "$both" --json
isnt "$status" 0 "a PID with two contexts is ambiguous"
run dmaownctl list --context "$both/$ctx2" --json -o DEVICES
is "$(json -c '.contexts[0].devices')" "[\"${edus[1]}\"]" "PID/FD is not"
run dmaownctl list --context "${edus[0]}" --json -o DEVICES
is "$(json -c '[.contexts[].devices]')" "[[\"${edus[0]}\"]]" "nor is a device"
finish
