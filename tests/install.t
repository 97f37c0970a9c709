#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests make install, with DESTDIR and with other folders, and that make uninstall leaves nothing behind. TAP.
set -u
cd "$(dirname "$0")/.." || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# shellcheck source=tap.sh
. tests/tap.sh
# shellcheck source=vm/lib.sh
. tests/vm/lib.sh

folder=$(tests/vm/kernel 7.3) || bail "no kernel 7.3"
release=$(release_of "$folder/build")
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' kmod/dkms.conf)
kernel=(RELEASE="$release" KDIR="$folder/build" MODULES="$folder/root/lib/modules/$release")

# quietly COMMAND...: run a command, and show the end of its output only if it fails.
quietly() { "$@" >"$scratch/log" 2>&1 || { tail -n 30 "$scratch/log" | sed 's/^/# /' >&2; return 1; }; }
files() { (cd "$1" && find . -type f -printf '%m %P\n' | sort -k 2); }

# wanted PREFIX UDEVDIR: list the files that "make install" must install, each with its mode.
wanted() {
	local file

	{
		echo "755 $1/sbin/dmaownctl"
		echo "644 $1/include/dmaown.h"
		echo "644 $1/share/dmaown/dmaown.yaml"
		echo "644 $1/share/bash-completion/completions/dmaownctl"
		echo "644 $1/share/zsh/site-functions/_dmaownctl"
		echo "644 $1/share/fish/vendor_completions.d/dmaownctl.fish"
		for file in man/*.scd; do
			file=${file#man/}; file=${file%.scd}
			echo "644 $1/share/man/man${file##*.}/$file"
		done
		for file in man/examples/*; do echo "755 $1/share/doc/dmaown/examples/${file##*/}"; done
		echo "644 $2/70-dmaown.rules"
		echo "644 $1/lib/modules-load.d/dmaown.conf"
		echo "644 lib/modules/$release/updates/dmaown.ko"
	} | sort -k 2
}

root=$scratch/root
quietly make install DESTDIR="$root" "${kernel[@]}"
is $? 0 "make install"
is "$(files "$root")" "$(wanted usr/local usr/local/lib/udev/rules.d)" "each file in its place"
is "$("$root/usr/local/sbin/dmaownctl" --version)" "dmaownctl $version" "the tool runs from there"
is "$(modinfo -F vermagic "$root/lib/modules/$release/updates/dmaown.ko" | cut -d ' ' -f 1)" "$release" \
	"the module is for that kernel"
quietly make uninstall DESTDIR="$root" "${kernel[@]}"
is "$? $(files "$root")" "0 " "make uninstall leaves nothing"

folders=(PREFIX=/opt/x UDEVDIR=/etc/udev/rules.d DESTDIR="$root")
quietly make install "${folders[@]}" "${kernel[@]}"
is "$? $(files "$root")" "0 $(wanted opt/x etc/udev/rules.d)" "with other folders"
mkdir -p "$root/opt/x/share/doc/dmaown" && touch "$root/opt/x/share/doc/dmaown/notes"
quietly make uninstall "${folders[@]}" "${kernel[@]}"
is "$? $(files "$root")" "0 644 opt/x/share/doc/dmaown/notes" "a file that somebody else has put there stays"

rm -rf "$root"
quietly make install-dkms DESTDIR="$root"
is "$? $(cd "$root/usr/src/dmaown-$version" && diff -r . "$OLDPWD/kmod" 2>&1)" "0 " "the module's sources, for DKMS"
quietly make uninstall DESTDIR="$root"
is "$? $(files "$root")" "0 " "and they are removed, too"
done_testing
