# TAP for the shell scripts among the tests on the host; sourced, not run. $n counts the tests, $failures those that
# failed.
# shellcheck shell=bash

n=0 failures=0

# is GOT EXPECTED NAME: one test. If it fails and $log is set, print the end of that file as well.
is() {
	n=$((n + 1))
	if [ "$1" = "$2" ]; then echo "ok $n - $3"; return; fi
	failures=$((failures + 1))
	echo "not ok $n - $3"
	printf 'failed: %s\ngot:      %s\nexpected: %s\n' "$3" "$1" "$2" | sed 's/^/# /' >&2
	[ -z "${log:-}" ] || tail -n 30 "$log" | sed 's/^/# /' >&2
}

bail() { echo "Bail out! $*"; exit 1; }

# Prints the plan. Return: the exit status of the test script.
done_testing() {
	echo "1..$n"
	[ "$failures" -eq 0 ]
}
