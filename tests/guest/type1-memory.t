#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 5 for VFIO containers: runs memory.t.
kind=type1
# shellcheck source=memory.t
. "$(dirname "$0")/memory.t"
