#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# --remap auto for VFIO containers: runs remap-auto.t.
kind=type1
# shellcheck source=remap-auto.t
. "$(dirname "$0")/remap-auto.t"
