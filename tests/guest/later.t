#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The module loads neither iommufd nor VFIO. It sees them when they are loaded later, or loaded again.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

module=$DMAOWN_KMOD/dmaown.ko
loaded() { grep -o '^[a-z0-9_]*' /proc/modules; }
kinds() { dmaownctl list --raw -n -o KIND | sort | paste -sd ' '; }
seen() { dmaownctl status --json | jq -r '.status | [.iommufd, .vfio, .type1] | map(tostring) | join(" ")'; }

rmmod dmaown
if ! is_module vfio; then
	insmod "$module"
	is "$(seen)" "true true true" "both are built in, and seen from the start"
	finish
fi

gone=(vfio_pci vfio_pci_core vfio_iommu_type1 vfio)
# These modules are linked to VFIO and iommufd.
helpers=()
for name in accessor emulated; do
	[ ! -d "/sys/module/$name" ] || { rmmod "$name" || broken "rmmod $name"; helpers+=("$name"); }
done
for name in "${gone[@]}" iommufd; do
	[ ! -d "/sys/module/$name" ] || rmmod "$name" || broken "rmmod $name"
done
before=$(loaded | sort)
insmod "$module"
is "$(loaded | grep -vx dmaown | sort)" "$before" "loading the module loads nothing else"
run dmaownctl status --json
is "$status $(seen)" "0 false false false" "status says what is not there"
run dmaownctl list --raw -n
is "$status $out" "0 " "and there is no context"

if modprobe -d "$DMAOWN_MODULES" -n -q iommufd; then
	load iommufd
	start first
	ask first open /dev/iommu
	is "$(kinds) $(seen)" "iommufd true false false" "iommufd comes later: its contexts are seen"
	stop first
fi

load vfio-pci
load vfio_iommu_type1
bind_devices
type1_vmm old "${edus[0]}" 64K
is "$(kinds) $(seen | cut -d ' ' -f 2-)" "type1 true true" "VFIO comes later: its containers are seen"
type1_successor new old 64K
run dmaownctl transfer --to "$new"
is "$status $(charges "$new")" "0 0 65536" "and moved"
stop old
stop new

for name in "${gone[@]}"; do rmmod "$name" || broken "rmmod $name"; done
pass "VFIO can go while the module stays"
is "$(kinds) $(seen | cut -d ' ' -f 2-)" " false false" "and is missed"
load vfio-pci
load vfio_iommu_type1
bind_devices
type1_vmm old "${edus[1]}" 64K
is "$(kinds)" "type1" "and when it comes again, it is seen again"
stop old
for name in "${helpers[@]}"; do
	insmod "${DMAOWN_KMOD%/kmod/*}/tests/kmod/$DMAOWN_KERNEL/$name.ko" || broken "insmod $name"
done
harmless+='|VFIO - User Level meta-driver|(accessor|emulated): '
finish
