# Functions that the scripts of this folder, and other tests on the host, share; sourced, not run.
# shellcheck shell=bash

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top_dir=$(cd "$vm_dir/../.." && pwd)
cache_dir=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/dmaown

prog=${0##*/}

say() { printf '%s: %s\n' "$prog" "$*" >&2; }
die() { say "$@"; exit 1; }

# Sets kernel_package, kernel_suite and kernel_fragments from the row for kernel $1 in the table `kernels`.
# Return: 0, or 1 if there is no such row.
# shellcheck disable=SC2034 # the scripts that source this file use these variables
kernel_row() {
	local name package suite fragments

	while read -r name package suite fragments; do
		[ "$name" = "$1" ] || continue
		kernel_package=$package
		kernel_suite=$suite
		kernel_fragments=$fragments
		return 0
	done < <(grep -v '^#' "$vm_dir/kernels")
	return 1
}

# Prints the name of the row without fragments for package $1 of suite $2: Debian's kernel, unchanged.
stock_row() {
	awk -v package="$1" -v suite="$2" '!/^#/ && $2 == package && $3 == suite && NF == 3 { print $1; exit }' \
		"$vm_dir/kernels"
}

kernel_names() { awk '!/^#/ && NF { print $1 }' "$vm_dir/kernels"; }

# Does kernel $1 exist? A kernel is a row of the table, or a folder: the name of a folder has a slash in it.
kernel_exists() { if [[ $1 == */* ]]; then [ -d "$1" ]; else kernel_row "$1"; fi; }
no_kernel() { echo "no kernel '$1': the kernels are $(kernel_names | paste -sd ' '); the name of a folder needs a slash: ./linux"; }

# Prints the name that kernel $1, whose folder is $2, has below build/.
kernel_id() { if [[ $1 == */* ]]; then echo "${2##*/}"; else echo "$1"; fi; }

# build_for KERNEL FOLDER: build all that a machine with this kernel needs of the checkout. Never while another machine
# has the files: it would see them change.
build_for() {
	local build=$top_dir/build

	mkdir -p "$build" || return
	(
		flock -n 9 || { say "waiting for another build of the checkout"; flock 9; }
		WERROR=${WERROR-1} make -s -C "$top_dir" vm-artifacts KERNEL="$(kernel_id "$1" "$2")" FOLDER="$2" >&2
	) 9>"$build/.vm-artifacts.lock" || { say "the checkout does not build for kernel $1"; return 1; }
}

# Prints the modules that the machine needs to see the host's file system, in the order of loading: paths below folder
# $1, in which the modules of release $2 are installed.
early_modules() {
	modprobe -d "$1" -S "$2" -a --show-depends virtio_pci 9pnet_virtio 9p |
		sed -n "s|^insmod $1/*||p" | sed 's/ *$//' | awk '!seen[$0]++'
}

# Prints the kinds of context that the kernel in folder $1 has.
kinds_of() {
	local config=$1/build/.config

	! grep -q '^CONFIG_IOMMUFD=[ym]' "$config" || echo iommufd
	! grep -q '^CONFIG_VFIO_IOMMU_TYPE1=[ym]' "$config" || echo type1
}

# Print the names of all tests; of all except those of scaling; of the tests in the conformance selection; and of the
# tests in it that are quick on any kernel.
all_tests() { (cd "$top_dir/tests/guest" && printf '%s\n' *.t) | sed 's/\.t$//'; }
daily_tests() { all_tests | grep -vE '^(type1-)?scale-'; }
conformance_tests() { sed 's/#.*//; s/^slow://' "$top_dir/tests/conformance" | xargs -n 1; }
quick_tests() { sed 's/#.*//; /^slow:/d' "$top_dir/tests/conformance" | xargs -n 1; }

# release_of BUILD: print the release of the kernel whose build tree or headers are BUILD.
release_of() { sed -n 's/^#define UTS_RELEASE "\(.*\)"/\1/p' "$1/include/generated/utsrelease.h"; }

# what_test_lacks CONFIG TEST: print the first option that the test needs and that is missing in the kernel's config.
what_test_lacks() {
	local needs option

	case $2 in
	nogroup) needs='IOMMUFD VFIO_DEVICE_CDEV' ;;
	later | unseen) needs='VFIO_GROUP' ;;
	kvm) needs='IOMMUFD VFIO_DEVICE_CDEV KVM_VFIO KVM_AMD' ;;
	type1-kvm) needs='VFIO_IOMMU_TYPE1 KVM_VFIO KVM_AMD' ;;
	viommu) needs='IOMMUFD VFIO_DEVICE_CDEV VFIO_GROUP IOMMUFD_TEST' ;;
	type1-faults) needs='VFIO_IOMMU_TYPE1 FAILSLAB FAULT_INJECTION_DEBUG_FS' ;;
	emulated | type1*) needs='VFIO_IOMMU_TYPE1' ;;
	group | kinds | idle) needs='IOMMUFD VFIO_DEVICE_CDEV VFIO_IOMMU_TYPE1' ;;
	faults) needs='IOMMUFD VFIO_DEVICE_CDEV VFIO_GROUP FAILSLAB FAULT_INJECTION_DEBUG_FS' ;;
	*) needs='IOMMUFD VFIO_DEVICE_CDEV VFIO_GROUP' ;;
	esac
	for option in $needs; do
		grep -q "^CONFIG_$option=[ym]" "$1" || { echo "CONFIG_$option"; return; }
	done
	if [ "$2" = nogroup ] && grep -q '^CONFIG_VFIO_GROUP=y' "$1"; then echo 'CONFIG_VFIO_GROUP=n'; fi
}

# Makes and prints the folder that records which tests have passed on the kernel in folder $1, for the current content
# of the tree and the current settings (DMAOWN_*, QEMU_ARGS).
passed_folder() {
	local tree folder name

	tree=$({
		cd "$top_dir" &&
		find . \( -path ./build -o -path ./.git \) -prune -o -type f -print0 | sort -z | xargs -0 sha256sum
		for name in "${!DMAOWN_@}" ${QEMU_ARGS+QEMU_ARGS}; do echo "$name=${!name}"; done
	} | sha256sum | cut -c1-16)
	folder=$cache_dir/passed/$tree/$(basename "$(readlink -f "$1")")
	mkdir -p "$folder" && echo "$folder"
}

# with_progress NAME LOG COMMAND [ARG]...: run a command with its output in a log file, and show progress meanwhile: on
# a terminal one line that is updated every second, otherwise a line every 30 seconds.
with_progress() {
	local what=$1 log=$2 pid start now last=0 status line
	shift 2

	start=$(date +%s)
	"$@" >>"$log" 2>&1 </dev/null &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		now=$(($(date +%s) - start))
		line=$(printf '%s: %s: %d:%02d, %d steps done' "$prog" "$what" $((now / 60)) $((now % 60)) \
			"$(wc -l <"$log")")
		if [ -t 2 ]; then
			printf '\r%s\033[K' "$line" >&2
		elif [ $((now - last)) -ge 30 ]; then
			last=$now
			printf '%s\n' "$line" >&2
		fi
		sleep 1
	done
	[ -t 2 ] && printf '\r\033[K' >&2
	wait "$pid"
	status=$?
	if [ $status -ne 0 ]; then
		tail -n 30 "$log" >&2
		say "$what: failed (exit status $status); the whole log is $log"
	fi
	return $status
}

# Runs a program of apt with package lists of our own, in $work: the sources of the system stay unchanged.
# shellcheck disable=SC2154 # the caller sets $work
archive_apt() {
	"$1" -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$work/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
		-o APT::Sandbox::User=root "${@:2}"
}

# Prints the archive from which the system takes Debian's packages.
archive_of_system() {
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)' 'Created-By: Packages' |
		sed -n 's/^Debian|Debian|main|//p' | head -n 1
}

# archive_open TYPE SUITE: read the list of the suite's packages (TYPE deb) or sources (TYPE deb-src).
archive_open() {
	local archive

	mkdir -p "$work/lists/partial"
	archive=$(archive_of_system)
	if [ -z "$archive" ]; then
		apt-get -q update >>"$work/apt.log" 2>&1
		archive=$(archive_of_system)
	fi
	[ -n "$archive" ] || die "apt has no archive of Debian packages on this host: add one to apt's sources"
	echo "$1 $archive $2 main" >"$work/sources.list"
	archive_apt apt-get -q -o APT::Update::Error-Mode=any update >>"$work/apt.log" 2>&1 || {
		cat "$work/apt.log" >&2
		die "cannot read the package list of $2"
	}
}

# Configures the build tree $build for $source, from the fragments in $fragment_files.
# shellcheck disable=SC2154 # the caller sets these
configure() {
	make -s -C "$source" O="$build" tinyconfig &&
	(cd "$build" && "$source/scripts/kconfig/merge_config.sh" -m .config "${fragment_files[@]}") &&
	make -s -C "$source" O="$build" olddefconfig
}
