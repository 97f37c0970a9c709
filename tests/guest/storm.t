#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Transfers in a storm, for DMAOWN_STORM_SECONDS: a program in C.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

program storm_test
finish
