#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Remap lists for VFIO containers: runs remap.t.
kind=type1
# shellcheck source=remap.t
. "$(dirname "$0")/remap.t"
