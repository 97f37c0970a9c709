#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Debian's packages, from make deb to a module that is loaded, and away again: in a fresh Debian that has
# a test kernel with its headers, and another one for which the module cannot be built. TAP.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=vm/lib.sh
. tests/vm/lib.sh
kernel=${1:-6.12}
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' kmod/dkms.conf)

# shellcheck source=tap.sh
. tests/tap.sh

folder=$(tests/vm/kernel "$kernel") || bail "no kernel $kernel"
make deb >&2 || bail "make deb fails"
packages=(build/dmaownctl_*.deb build/dmaown-dkms_*.deb)
is ${#packages[@]} 2 "two packages"
archive=$(tests/vm/chroot "${packages[@]}") || bail "no chroot"

# Not below /tmp, of which the machine has its own.
work=$(mktemp -d "$PWD/build/deb.XXXXXX") || exit 1
root=$work/root log=$work/log
mounted=
cleanup() {
	[ -z "$mounted" ] || umount "$root/proc" || exit 1
	rm -rf "$work"
}
trap cleanup EXIT
mkdir "$root" && tar -C "$root" -xf "$archive" || bail "cannot unpack $archive"

# As the packages of a kernel and its headers would leave it.
add_kernel() {
	local release=$1 headers=/usr/src/linux-headers-$1

	mkdir -p "$root/boot" "$root/lib/modules/$release"
	cp -L "$folder/bzImage" "$root/boot/vmlinuz-$release"
	cp -r "$folder/root/lib/modules/$tested/." "$root/lib/modules/$release"
	make -s -C "$folder/build" run-command KBUILD_RUN_COMMAND="$folder/source/scripts/package/install-extmod-build \
		$root$headers" >>"$log" 2>&1 || bail "no headers: $(tail "$log")"
	cp "$folder/build/.config" "$root$headers"
	ln -sfn "$headers" "$root/lib/modules/$release/build"
}

in_root() { chroot "$root" env DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
installs() { in_root "$@" >>"$log" 2>&1 </dev/null; }

# What there is, but for what dpkg, apt and ldconfig keep for themselves.
everything() {
	(cd "$root" && find . -path ./proc -prune -o -path ./var/log -prune -o -path ./var/cache -prune -o \
		-path ./var/lib/dpkg -prune -o -path ./var/lib/apt -prune -o -printf '%p %y %l\n' | sort)
}

tested=$(cat "$folder/build/include/config/kernel.release")
add_kernel "$tested"
# One without any kind of context, and one whose series nobody has looked at: the module must not be built
# for them.
add_kernel "$tested-without"
sed -i '/^CONFIG_IOMMUFD=/d; /^CONFIG_VFIO_IOMMU_TYPE1=/d' "$root/usr/src/linux-headers-$tested-without/.config"
add_kernel 5.4.0
mount -t proc proc "$root/proc" && mounted=yes

# What they depend on comes first, and is no part of what is compared.
depends=$(for package in "${packages[@]}"; do dpkg-deb -f "$package" Depends; done | paste -sd ,)
installs apt-get -q satisfy -y --no-install-recommends --no-download "$depends" ||
	bail "what the packages depend on cannot be installed: $(tail "$log")"
everything >"$work/before"
mkdir "$root/packages" && cp "${packages[@]}" "$root/packages"
installs apt-get -q install -y --no-install-recommends "${packages[@]/#build//packages}"
is $? 0 "both are installed"
rm -r "$root/packages"

is "$(in_root dkms status)" "dmaown/$version, $tested, x86_64: installed" "DKMS has built it for the kernel that fits alone"
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

# In the machine, the tool and the module are those that were installed.
# shellcheck disable=SC2016
DMAOWN_NO_MODULE=1 tests/vm/run -k "$kernel" -- sh -c 'mount --rbind /proc "$1/proc" && mount --rbind /dev "$1/dev" &&
	mount --rbind /sys "$1/sys" && chroot "$1" /usr/sbin/modprobe dmaown &&
	exec 3<>/dev/iommu && echo $$ 0 &&
	chroot "$1" /usr/sbin/dmaownctl list --raw --noheadings --output HOLDERS,AREAS 3>&-' \
	sh "$root" >"$work/listed" 2>>"$log"
is $? 0 "in the machine the module is loaded"
is "$(sed -n 2p "$work/listed")" "$(sed -n 1p "$work/listed")" "and dmaownctl lists a context, with who holds it"

installs apt-get -q purge -y dmaownctl dmaown-dkms
is $? 0 "both are removed"
everything >"$work/after"
is "$(diff "$work/before" "$work/after")" "" "and have left nothing"
is "$(grep -l dmaown -r "$root/etc" "$root/lib/modules" "$root/var/lib/dkms")" "" "nor does any file know of them"
done_testing
