#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests the Debian packages: make deb, the installation, the loaded module, the removal. They are installed in a fresh
# Debian that has a test kernel with its headers, and two more kernels that the module cannot be built for. TAP.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=vm/lib.sh
. tests/vm/lib.sh
kernel=${1:-7.3}
# Build as users do who make and install packages, without WERROR.
unset WERROR
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' kmod/dkms.conf)

# shellcheck source=tap.sh
. tests/tap.sh

folder=$(tests/vm/kernel "$kernel") || bail "no kernel $kernel"
make deb >&2 || bail "make deb failed"
packages=(build/dmaownctl_*.deb build/dmaown-dkms_*.deb)
is ${#packages[@]} 2 "two packages"
archive=$(tests/vm/chroot "${packages[@]}") || bail "cannot make a fresh Debian"

# Do not work below /tmp: the machine has a /tmp of its own.
work=$(mktemp -d "$PWD/build/deb.XXXXXX") || exit 1
root=$work/root log=$work/log
mounted=
cleanup() {
	[ -z "$mounted" ] || umount "$root/proc" || exit 1
	rm -rf "$work"
}
trap cleanup EXIT
{ mkdir "$root" && tar -C "$root" -xf "$archive"; } || bail "cannot unpack $archive"

# add_kernel RELEASE: install a kernel and its headers, as their packages would.
add_kernel() {
	local release=$1 headers=/usr/src/linux-headers-$1

	mkdir -p "$root/boot" "$root/lib/modules/$release"
	cp -L "$folder/bzImage" "$root/boot/vmlinuz-$release"
	cp -r "$folder/root/lib/modules/$tested/." "$root/lib/modules/$release"
	make -s -C "$folder/build" run-command KBUILD_RUN_COMMAND="$folder/source/scripts/package/install-extmod-build \
		$root$headers" >>"$log" 2>&1 || bail "cannot install headers: $(tail "$log")"
	cp "$folder/build/.config" "$root$headers"
	ln -sfn "$headers" "$root/lib/modules/$release/build"
}

in_root() { chroot "$root" env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
installs() { in_root "$@" >>"$log" 2>&1 </dev/null; }

# Lists all files, except those that dpkg, apt and ldconfig keep for themselves.
everything() {
	(cd "$root" && find . -path ./proc -prune -o -path ./var/log -prune -o -path ./var/cache -prune -o \
		-path ./var/lib/dpkg -prune -o -path ./var/lib/apt -prune -o -printf '%p %y %l\n' | sort)
}

tested=$(release_of "$folder/build")
add_kernel "$tested"
# Add a kernel without any kind of context, and one of a series that nobody has checked: the module must not be built
# for them.
add_kernel "$tested-without"
sed -i '/^CONFIG_IOMMUFD=/d; /^CONFIG_VFIO_IOMMU_TYPE1=/d' "$root/usr/src/linux-headers-$tested-without/.config"
add_kernel 5.4.0
mount -t proc proc "$root/proc" && mounted=yes

# Install the dependencies first, to leave them out of the comparison.
depends=$(for package in "${packages[@]}"; do dpkg-deb -f "$package" Depends; done | paste -sd ,)
installs apt-get -q satisfy -y --no-install-recommends --no-download "$depends" ||
	bail "cannot install the dependencies of the packages: $(tail "$log")"
everything >"$work/before"
mkdir "$root/packages" && cp "${packages[@]}" "$root/packages"
installs apt-get -q install -y --no-install-recommends "${packages[@]/#build//packages}"
is $? 0 "both are installed"
rm -r "$root/packages"

is "$(in_root dkms status)" "dmaown/$version, $tested, x86_64: installed" "DKMS has built it for the kernel that fits, and for no other"
for release in "$tested-without" 5.4.0; do
	installs /etc/kernel/header_postinst.d/dkms "$release"
	is $? 0 "kernel $release is skipped, and can be installed"
done
is "$(in_root dkms status)" "dmaown/$version, $tested, x86_64: installed" "nothing was built for them"
installs dkms unbuild "dmaown/$version" -k "$tested"
for release in "$tested-without" 5.4.0 "$tested"; do
	installs /etc/kernel/header_postinst.d/dkms "$release"
	is $? 0 "with no other kernel, $release can be installed, too"
done
is "$(in_root dkms status)" "dmaown/$version, $tested, x86_64: installed" "and the one that fits has the module again"
is "$(in_root modinfo -F version -k "$tested" dmaown)" "$version" "modprobe finds it"
is "$(in_root stat -c %a /usr/lib/udev/rules.d/70-dmaown.rules)" 644 "there is a rule for udev"
is "$(in_root ls /usr/share/man/man8/dmaownctl.8.gz)" /usr/share/man/man8/dmaownctl.8.gz "and a manual page"

# Use the installed tool and the installed module in the machine.
# shellcheck disable=SC2016 # the machine's shell expands these
DMAOWN_NO_MODULE=1 tests/vm/run -k "$kernel" -- sh -c 'mount --rbind /proc "$1/proc" && mount --rbind /dev "$1/dev" &&
	mount --rbind /sys "$1/sys" && chroot "$1" /usr/sbin/modprobe dmaown &&
	exec 3<>/dev/iommu && echo $$ 0 &&
	chroot "$1" /usr/sbin/dmaownctl list --raw --noheadings --output HOLDERS,AREAS 3>&-' \
	sh "$root" >"$work/listed" 2>>"$log"
is $? 0 "in the machine the module is loaded"
is "$(sed -n 2p "$work/listed")" "$(sed -n 1p "$work/listed")" "and dmaownctl lists a context, with its holder"

installs apt-get -q purge -y dmaownctl dmaown-dkms
is $? 0 "both are removed"
everything >"$work/after"
is "$(diff "$work/before" "$work/after")" "" "and have left nothing"
is "$(grep -l dmaown -r "$root/etc" "$root/lib/modules" "$root/var/lib/dkms")" "" "nor does any file name them"
done_testing
