#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The ioctls as programs call them: a program in C.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

program ioctl_test
finish
