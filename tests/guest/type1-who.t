#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# `who`, for VFIO containers: runs who.t.
kind=type1
# shellcheck source=who.t
. "$(dirname "$0")/who.t"
