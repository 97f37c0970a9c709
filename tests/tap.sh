# TAP, for the tests on the host that are shell scripts; sourced, not run. $n tests so far, $failures of them.
# shellcheck shell=bash

n=0 failures=0

# is GOT EXPECTED NAME; with $log set, the end of that file is shown as well when it fails
is() {
	n=$((n + 1))
	if [ "$1" = "$2" ]; then echo "ok $n - $3"; return; fi
	failures=$((failures + 1))
	echo "not ok $n - $3"
	printf 'failed: %s\ngot:      %s\nexpected: %s\n' "$3" "$1" "$2" | sed 's/^/# /' >&2
	[ -z "${log:-}" ] || tail -n 30 "$log" | sed 's/^/# /' >&2
}

bail() { echo "Bail out! $*"; exit 1; }

# The plan; the exit status to end with.
done_testing() {
	echo "1..$n"
	[ "$failures" -eq 0 ]
}
