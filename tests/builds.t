#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests builds of the module for kernels that no test runs, and the causes that make a build fail. TAP.
set -u
cd "$(dirname "$0")/.." || exit 1
# Build as users do, without WERROR. A test that needs WERROR sets it.
unset WERROR
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# shellcheck source=tap.sh
. tests/tap.sh
# shellcheck source=vm/lib.sh
. tests/vm/lib.sh
log=$scratch/log
cp -r kmod cli "$scratch" || bail "cannot copy the sources to $scratch"

# succeeds COMMAND...: print "yes" or "no"; the output of the command is in $log.
succeeds() { if "$@" >"$log" 2>&1 </dev/null; then echo yes; else echo no; fi; }

# skip COUNT REASON
skip() {
	local i

	for ((i = 0; i < $1; i++)); do
		n=$((n + 1))
		echo "ok $n # SKIP $2"
	done
}

# THE RELEASE, of a distribution with kernel names of its own (Debian's 6.1)

kdir=$scratch/kdir
mkdir -p "$kdir/include/generated" "$kdir/include/config"
echo '#define UTS_RELEASE "6.1.0-50-amd64"' >"$kdir/include/generated/utsrelease.h"
echo 6.1.176 >"$kdir/include/config/kernel.release"
succeeds make -C "$scratch/kmod" KDIR="$kdir" >"$scratch/answer"
is "$(cat "$scratch/answer") $(grep -o '^layout: kernel [^ ]*' "$log")" "no layout: kernel 6.1.0-50-amd64:" \
	"the release is the one that the headers have"

# OPTIONS AGAINST SPECULATION, which a build has left out

# shellcheck disable=SC2016 # make expands these
printf 'modules:\n\t@touch $(M)/dmaown.ko; echo "$(SAYS)" >&2\n' >"$kdir/Makefile"
without() { make -o dmaown_layout.h -C "$scratch/kmod" KDIR="$kdir" SAYS="$1"; }
succeeds without "dmaown.o: warning: objtool: f+0x1: indirect call found in MITIGATION_RETPOLINE build" >"$scratch/answer"
is "$(cat "$scratch/answer") $(grep -c 'build it again' "$log") $(ls "$scratch/kmod/dmaown.ko" 2>/dev/null)" "no 1 " \
	"an indirect call without a retpoline: no module"
succeeds without "dmaown.o: warning: objtool: f+0x1: 'naked' return found in MITIGATION_RETHUNK build" >"$scratch/answer"
is "$(cat "$scratch/answer")" no "nor with a return without its thunk"
succeeds without "dmaown.o: warning: objtool: f+0x1: unreachable instruction" >"$scratch/answer"
is "$(cat "$scratch/answer") $(grep -c unreachable "$log")" "yes 1" "other warnings of objtool are shown, and do not fail the build"
rm "$kdir/Makefile" "$scratch/kmod/dmaown.ko"

# WARNINGS

# warned COMMAND...: print "yes" or "no" twice: does the command succeed for users, and with warnings as errors?
warned() { echo "$(succeeds env "$@") $(succeeds env "$@" WERROR=1)"; }

echo 'static int unused;' | tee -a "$scratch/kmod/layout/note.c" >>"$scratch/cli/output/size.c"
is "$(warned make -C "$scratch/kmod/layout" OUT="$scratch" -W note.c "$scratch/note.o")" "yes no" \
	"a warning fails the build of the layout program in tests alone"
is "$(warned make -C "$scratch/cli" OUT="$scratch" "$scratch/obj/output/size.o")" "yes no" "and that of the tool"
cp kmod/layout/note.c "$scratch/kmod/layout"

# 6.18: this kernel has areas by file, and no dma-bufs; its type1 has been checked, its iommufd has not

of_6_18=10
folder=$(tests/vm/compile 6.18)
status=$?
case $status in
0) ;;
3)
	skip $of_6_18 "the archive no longer has the source of 6.18"
	done_testing
	exit
	;;
*) bail "the kernel 6.18 does not compile" ;;
esac
release=$(release_of "$folder/build")
module=$scratch/kmod/dmaown.ko

# build ARG...: build the module; its standard error is in $scratch/said, all output in $log.
build() {
	make -s -j"$(nproc)" -C "$scratch/kmod" KDIR="$folder/build" VMLINUX="$folder/base" MODULES=/nonexistent \
		KBUILD_MODPOST_WARN=1 "$@" 2>&1 >"$log" </dev/null | tee "$scratch/said" >>"$log"
	return "${PIPESTATUS[0]}"
}
# Prints the kinds of context that the module was built for.
kinds() { nm "$module" | sed -n 's/.* [a-z] dmaown_\(iommufd\|type1\)_backend$/\1/ip' | sort | paste -sd ' '; }

build WERROR=1
is "$? $(kinds)" "0 type1" "6.18: type1 alone is built"
left_out="layout: kernel $release: iommufd is left out: nobody has checked the locking of iommufd in 6.18"
is "$(grep -c '^layout: ' "$scratch/said") $(grep -cF "$left_out" "$scratch/said")" "1 1" \
	"6.18: and one sentence says so"
is "$(modinfo -F vermagic "$module" | cut -d ' ' -f 1)" "$release" "6.18: it is for that kernel"
build WERROR=1 UNTESTED=1
is "$? $(kinds)" "0 iommufd type1" "6.18: with UNTESTED=1 all of it is built"
is "$(grep '^layout: ' "$scratch/said")" "" "6.18: and nothing is left out"

echo 'static int unused;' >>"$scratch/kmod/id.c"
one=(make -C "$folder/build" M="$scratch/kmod" id.o)
is "$(warned "${one[@]}")" "yes no" "6.18: a warning fails the build of the module in tests alone"
is "$(succeeds "${one[@]}" KCFLAGS=-Werror)" yes \
	"6.18: not for users, even if the kernel was built with CONFIG_WERROR"

# refused ARG...: run the layout program alone, and print its message.
refused() { "$scratch/kmod/layout/build/layout" --release "$release" "$@" 2>&1 >"$log" | sed 's/^layout: kernel [^ ]* //'; }

ld -r --build-id=sha1 -o "$scratch/iommufd" "$folder/build/drivers/iommu/iommufd/iommufd.o" &&
	LLVM_OBJCOPY=objcopy pahole -J "$scratch/iommufd"
is "$(refused --base "$scratch/iommufd")" \
	"nobody has checked the locking of iommufd in 6.18 (checked: 6.12, 7.3), and there is no VFIO type1; to build for it anyway: make UNTESTED=1" \
	"6.18: refused where there is nothing but an iommufd that nobody has read"
is "$(refused --untested --base "$scratch/iommufd")" "" "6.18: which UNTESTED=1 builds"
echo CONFIG_RANDSTRUCT=y >"$kdir/include/config/auto.conf"
is "$(refused --kdir "$kdir" --base "$folder/base" | grep -o 'CONFIG_RANDSTRUCT in ')" "CONFIG_RANDSTRUCT in " \
	"refused if the members of structs are in random order"
done_testing
