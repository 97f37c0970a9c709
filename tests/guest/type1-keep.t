#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 11 for VFIO containers: runs keep.t.
kind=type1
# shellcheck source=keep.t
. "$(dirname "$0")/keep.t"
