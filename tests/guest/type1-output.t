#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Output that cannot be written, with VFIO containers: runs output.t.
kind=type1
# shellcheck source=output.t
. "$(dirname "$0")/output.t"
