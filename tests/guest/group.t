#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# VFIO devices that are opened through a group: a program in C.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

program group_test
finish
