#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests the end of tests/check's output: the result of each part, and what failed in it. Stubs stand for kernels and
# machines.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../tap.sh
. tests/tap.sh
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

mkdir -p "$scratch/tests/vm"
{ cp tests/check "$scratch/tests" && cp tests/vm/lib.sh tests/vm/kernels "$scratch/tests/vm"; } || bail "cannot copy tests/check"

cat >"$scratch/tests/vm/kernel" <<'END'
#!/bin/sh
[ "$1" != gone ] || { echo "kernel: the archive no longer has 'gone'" >&2; exit 3; }
echo /nowhere
END
cat >"$scratch/tests/vm/prove" <<'END'
#!/bin/sh
case "$*" in
*good*) echo "Result: PASS" ;;
*quiet*) echo "the last word"; exit 125 ;;
*)	echo "# failed: moves.t:12: 3 - the table is as wide as the terminal"
	for n in $(seq 100); do echo "[12:00:0$n] tests/guest/x.t .. ok"; done
	echo "tests/guest/moves.t (Wstat: 256 Tests: 30 Failed: 1)"
	echo "# failed: moves.t:12: 3 - the table is as wide as the terminal"
	echo "Result: FAIL"
	exit 1 ;;
esac
END
chmod +x "$scratch/tests/vm/kernel" "$scratch/tests/vm/prove"

# check KERNELS: set $end to the end of the output for these kernels, from the table on, without times; $status is the
# exit status.
check() {
	local said

	said=$(DEBUG_KERNELS=$1 "$scratch/tests/check" debug 2>&1)
	status=$?
	end=$(awk 'NF == 0 { text = ""; next } { text = text $0 "\n" } END { printf "%s", text }' <<<"$said" |
		sed 's/ *[0-9]*:[0-9][0-9]$//')
}

check good
is "$status" 0 "exit status 0 if all has passed"
is "$end" "$(printf '%-48s %s\nin all\n1 passed, 0 failed, 0 skipped' "kernel good, all tests" passed)" \
	"the table, and the closing line last"

check "bad good quiet gone"
is "$status" 1 "exit status 1 if a part has failed"
is "$(grep -c '' <<<"$end")" 11 "a few lines for each part that failed"
is "$(sed -n '6,10p' <<<"$end")" "failed in kernel bad, all tests:
  # failed: moves.t:12: 3 - the table is as wide as the terminal
  tests/guest/moves.t (Wstat: 256 Tests: 30 Failed: 1)
failed in kernel quiet, all tests:
  the last word" "each failure is named once, after the table"
is "$(tail -n 1 <<<"$end")" "1 passed, 2 failed, 1 skipped" "the closing line last"

check gone
is "$status" 1 "exit status 1 if nothing was tested"
done_testing
