#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# can-exit and check of VFIO containers: runs leave.t.
kind=type1
# shellcheck source=leave.t
. "$(dirname "$0")/leave.t"
