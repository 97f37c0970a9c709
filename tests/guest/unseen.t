#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A VFIO or iommufd that is loaded after the module and is another build than the module was made for. The module
# recognizes its files and reports that it does not know what they hold. It never reports that all is well.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

has_iommufd() { modprobe -d "$DMAOWN_MODULES" -n -q iommufd; }
states() { dmaownctl status --json | jq -r '.status | [.iommufd, .iommufd_unseen, .vfio, .vfio_unseen] | map(tostring) | join(" ")'; }
# Prints the kinds of files of process $1 that are shown as unseen, each once.
unseen() { sed -n "s/.* pid=$1 .* via=\([a-z]*\) .* unseen=1 .*/\1/p" /sys/kernel/debug/dmaown/holders | sort -u | paste -sd ' '; }
found() { json -c "[.$1.findings[].finding] | unique"; }

gone=(vfio_pci vfio_pci_core vfio_iommu_type1 vfio iommufd)
unload() {
	local name

	for name in dmaown accessor emulated "${gone[@]}"; do
		[ ! -d "/sys/module/$name" ] || rmmod "$name" || broken "rmmod $name"
	done
}

# Loads the module that is made for another build of $1, while neither VFIO nor iommufd is loaded.
wrong() {
	unload
	insmod "$DMAOWN_KMOD/dmaown-wrong$1.ko" || broken "insmod dmaown-wrong$1.ko"
	is "$(states)" "false false false false" "$1: nothing is loaded: nothing is unknown"
	! has_iommufd || load iommufd
	load vfio-pci
	load vfio_iommu_type1
	bind_devices
}

harmless+='|VFIO - User Level meta-driver|(accessor|emulated): |dmaown: built for the '
helpers=()
for name in accessor emulated; do
	[ ! -d "/sys/module/$name" ] || helpers+=("$name")
done

if ! is_module vfio; then
	rmmod dmaown || broken "rmmod dmaown"
	run insmod "$DMAOWN_KMOD/dmaown-wrongvfio.ko"
	isnt "$status" 0 "what is built in is there from the start: the wrong module is refused"
	insmod "$DMAOWN_KMOD/dmaown.ko"
	finish
fi

# --- another VFIO
wrong vfio
type1_vmm old "${edus[0]}" 64K
is "$(dmaownctl list --raw -n)" "" "vfio: its container is not listed"
is "$(unseen "$old")" "context device group" "vfio: all of its files are shown as unseen"
type1_successor new old 64K
run dmaownctl transfer --to "$new" --json
is "$status $(reasons)" "15 not-held unseen" "vfio: a transfer to a process with such files: refused"
run dmaownctl transfer --to "$new" --context "$new/$new_container" --json
is "$status" 1 "vfio: and a container cannot be named"
run dmaownctl can-exit "$old" --json
is "$status $(found can_exit)" '14 ["unknown"]' "vfio: can-exit does not know"
run dmaownctl verify --json
is "$status $(found verify)" '14 ["unknown"]' "vfio: nor does verify"
like "$out" "descriptor $new_container of process $new is of a VFIO or iommufd that the module was not built for" "vfio: and says why"
run dmaownctl status
is "$status" 1 "vfio: status says that it is wrong"
like "$err" "built for another VFIO than the one that is loaded" "vfio: in words"
stop new
stop old

if has_iommufd; then
	vmm old "${edus[0]}" 64K
	successor new old 64K
	is "$(states)" "true false false true" "vfio: iommufd is seen"
	is "$(unseen "$old")" device "vfio: a device's file is not"
	state() { areas_and_charges IOVA,PID,STATE; }
	before=$(state)
	run dmaownctl transfer --to "$new" --json
	refused_as 15 unseen "vfio: a context with a device"
	run dmaownctl transfer --to "$new" --context "$new/$new_ctx" --json
	refused_as 15 unseen "vfio: also one that is named"
	run dmaownctl transfer --to "$new"
	like "$err" "build the module for the VFIO and iommufd that are loaded.*or accept the unknown holders with: --force unseen"$'\n'"dmaownctl: refused" "vfio: with advice"
	run dmaownctl transfer --to "$new" --force unseen --json
	is "$status $(json .result)" "0 moved" "vfio: unless forced"
	stop new
	stop old
	start old
	open_context old
	new_ioas old
	ask old memfd ram 64K; ram=$reply
	ask old mmap "$ram" 64K shared rw $base
	dma_map old "$ctx" "$ioas" $base 64K 0 rw
	start new
	hand_over old new "$ctx" "$ram"
	read -r new_ctx new_ram <<<"$reply"
	ask new mmap "$new_ram" 64K shared rw $base
	before=$(state)
	run dmaownctl transfer --to "$new" --json
	refused_as 15 unseen "vfio: also one without, which a file of VFIO's may hold all the same"
	run dmaownctl transfer --to "$new" --force unseen --json
	is "$status $(json .result)" "0 moved" "vfio: unless forced"
	stop new
	stop old

	# --- another iommufd
	wrong id
	is "$(states)" "false true true false" "id: iommufd is loaded and not seen, VFIO is"
	vmm old "${edus[0]}" 64K
	successor new old 64K
	is "$(dmaownctl list --raw -n)" "" "id: its contexts are not listed"
	is "$(unseen "$old")" "context device" "id: its files are shown as unseen, and those of devices bound to it"
	run dmaownctl transfer --to "$new" --json
	is "$status $(reasons)" "15 not-held unseen" "id: a transfer to a process with such files: refused"
	run dmaownctl can-exit "$old" --json
	is "$status $(found can_exit)" '14 ["unknown"]' "id: can-exit does not know"
	run dmaownctl verify --json
	is "$status $(found verify)" '14 ["unknown"]' "id: nor does verify"
	stop new
	stop old
	type1_vmm old "${edus[0]}" 64K
	type1_successor new old 64K
	run dmaownctl transfer --to "$new" --json
	is "$status $(json .result)" "0 moved" "id: VFIO's containers are seen, and move"
	run dmaownctl can-exit "$old"
	is "$status" 0 "id: and nothing is unknown about them"
	stop new
	stop old
fi

unload
! has_iommufd || load iommufd
load vfio-pci
load vfio_iommu_type1
bind_devices
insmod "$DMAOWN_KMOD/dmaown.ko"
for name in "${helpers[@]}"; do
	insmod "${DMAOWN_KMOD%/kmod/*}/tests/kmod/$DMAOWN_KERNEL/$name.ko" || broken "insmod $name"
done
run dmaownctl verify
is "$status" 0 "the right module knows all there is"
finish
