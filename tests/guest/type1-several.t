#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Several VFIO containers in one transaction: runs several.t.
kind=type1
# shellcheck source=several.t
. "$(dirname "$0")/several.t"
