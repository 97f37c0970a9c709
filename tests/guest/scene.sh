#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs a command in a scene, so that people can try things by hand: `tests/vm/run --scene` runs this script in the
# machine. $OLD and $NEW are the PIDs of its two processes, which end when the command ends.
#
#	scene.sh vm|vm-type1 COMMAND [ARG]...
#
language=${LC_ALL:-${LANG:-C}}
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh" >/dev/null

scene=$1
shift
size=$((64 << 20))

# In lib.sh, broken() writes TAP.
broken() {
	echo "scene: cannot set up the scene: $*" >&2
	exit 125
}

case $scene in
vm)
	[ -e /dev/iommu ] || broken "this kernel has no iommufd: use the scene vm-type1"
	what="an iommufd context"
	vmm old "${edus[0]}" $size
	successor new old $size
	;;
vm-type1)
	[ -c /dev/vfio/vfio ] || broken "this kernel has no VFIO containers: use the scene vm"
	what="a VFIO container"
	type1_vmm old "${edus[0]}" $size
	limit=unlimited type1_successor new old $size
	;;
esac
ask old edu "$dev"
ask old dma-start "$dev" 0 $base $((size - page)) $((base + size - page))
export OLD=$old NEW=$new LANG=$language
randomize_addresses

cat >&2 <<END
scene: process $OLD (\$OLD), as a VMM, has mapped 64M of memory for device ${edus[0]} through $what.
scene: The device copies through it all the time. Process $NEW (\$NEW) has received the descriptors and has
scene: mapped the same memory: dmaownctl transfer --to $NEW makes it the owner.
END
"$@"
status=$?
exit $status
