#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The allowance of holders, for VFIO containers: runs allowance.t.
kind=type1
# shellcheck source=allowance.t
. "$(dirname "$0")/allowance.t"
