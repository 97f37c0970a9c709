#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Calls with something wrong in them, for DMAOWN_FUZZ_SECONDS: a program in C.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# The kernel logs these lines for messages with data after their attributes, whichever family receives them.
harmless+="|netlink: [0-9]+ bytes leftover after parsing|netlink: 'fuzz_test': attribute type|callbacks suppressed"
program fuzz_test
finish
