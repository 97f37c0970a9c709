#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests the choice of tests by the options of a kernel, and the record of passed tests (tests/vm/lib.sh). On the host.
# TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
export XDG_CACHE_HOME=$scratch/cache
# shellcheck source=../vm/lib.sh
. tests/vm/lib.sh
# shellcheck source=../tap.sh
. tests/tap.sh

# kernel OPTION...: make the folder of a kernel whose config has these options.
kernel() {
	rm -rf "$scratch/kernel"
	mkdir -p "$scratch/kernel/build"
	printf 'CONFIG_%s\n' "$@" >"$scratch/kernel/build/.config"
}
# Prints the tests that the kernel has the options for.
fit() {
	local test

	for test in $(all_tests); do
		[ "$(what_test_lacks "$scratch/kernel/build/.config" "$test")" ] || echo "$test"
	done
}

usual=(IOMMUFD=m VFIO_DEVICE_CDEV=y VFIO_GROUP=y VFIO_IOMMU_TYPE1=m)
others=(FAILSLAB=y FAULT_INJECTION_DEBUG_FS=y KVM_VFIO=y KVM_AMD=m IOMMUFD_TEST=y)
kernel "${usual[@]}" "${others[@]}"
is "$(fit)" "$(all_tests | grep -vx nogroup)" "a kernel with everything: all tests, except the one for a kernel without groups"
is "$(kinds_of "$scratch/kernel" | paste -sd ' ')" "iommufd type1" "and both kinds"
kernel "${usual[@]}" "${others[@]:2}"
is "$(fit)" "$(all_tests | grep -vxE 'nogroup|(type1-)?faults')" "one that cannot make allocations fail"
kernel "${usual[@]}" "${others[@]:0:2}"
is "$(fit)" "$(all_tests | grep -vxE 'nogroup|(type1-)?kvm|viommu')" "one without KVM and the selftest of iommufd"
kernel VFIO_GROUP=y VFIO_IOMMU_TYPE1=m
is "$(fit)" "$(all_tests | grep -E '^(type1.*|emulated|later|unseen)$' | grep -vxE 'type1-(faults|kvm)')" "one without iommufd"
is "$(kinds_of "$scratch/kernel")" type1 "has one kind"
kernel IOMMUFD=y VFIO_DEVICE_CDEV=y
is "$(fit)" nogroup "one without groups"
kernel NOTHING=y
is "$(fit)" "" "one without any of it: none"
is "$(what_test_lacks "$scratch/kernel/build/.config" keep)" CONFIG_IOMMUFD "the option that a test lacks is named"

for name in $(conformance_tests) $(quick_tests); do
	[ -e "tests/guest/$name.t" ] || echo "$name"
done >"$scratch/missing"
is "$(cat "$scratch/missing")" "" "the conformance selection has only tests that exist"
is "$(quick_tests | grep -vxF -f <(conformance_tests))" "" "the quick one is a part of it"

first=$(passed_folder "$scratch/kernel")
is "$(passed_folder "$scratch/kernel")" "$first" "passed tests are recorded for tree and kernel"
is "$(DMAOWN_DIRTY_DMESG=1 passed_folder "$scratch/kernel" | grep -cxF "$first")" 0 "and for the settings"
mkdir "$scratch/other"
is "$(passed_folder "$scratch/other" | grep -cxF "$first")" 0 "another kernel has passed nothing"
done_testing
