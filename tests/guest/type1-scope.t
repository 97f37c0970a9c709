#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rules 1, 2, 7 and 11 for VFIO containers: runs scope.t.
kind=type1
# shellcheck source=scope.t
. "$(dirname "$0")/scope.t"
