#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Calls that are wrong somewhere, for DMAOWN_FUZZ_SECONDS: a program in C.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# What the kernel says of messages with something behind their attributes, whoever gets them.
harmless+="|netlink: [0-9]+ bytes leftover after parsing|netlink: 'fuzz_test': attribute type|callbacks suppressed"
program fuzz_test
finish
