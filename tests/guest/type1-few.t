#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The search for holders in a few processes, with VFIO containers: runs few.t.
kind=type1
# shellcheck source=few.t
. "$(dirname "$0")/few.t"
