# Shared by the scripts of this folder; sourced, not run.
# shellcheck shell=bash

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top_dir=$(cd "$vm_dir/../.." && pwd)
cache_dir=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/dmaown

prog=${0##*/}

say() { printf '%s: %s\n' "$prog" "$*" >&2; }
die() { say "$@"; exit 1; }

# Sets kernel_package, kernel_suite and kernel_fragments from the table's row for kernel $1.
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

kernel_names() { awk '!/^#/ && NF { print $1 }' "$vm_dir/kernels"; }

# Runs the rest of the arguments with output in the log file $2, showing that it is alive:
# on a terminal one line that counts, elsewhere a line now and then. $1 says what it is.
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
