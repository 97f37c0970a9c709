#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 10 for VFIO containers, in text: runs check.t.
kind=type1
# shellcheck source=check.t
. "$(dirname "$0")/check.t"
