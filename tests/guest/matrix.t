#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Every case of a transfer that can exist: a program in C. Its output is very long, so its plan is used as the test's.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

matrix_test
status=$?
complaints=$(kernel_log "$begin" | grep -vE "$harmless")
[ -z "$complaints" ] || { diag "the kernel log: $complaints"; status=1; }
exit $status
