#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 6 for VFIO containers: runs adopt.t.
kind=type1
# shellcheck source=adopt.t
. "$(dirname "$0")/adopt.t"
