#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Transfers in a storm, with VFIO containers, for DMAOWN_STORM_SECONDS: a program in C.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

program type1_storm_test
finish
