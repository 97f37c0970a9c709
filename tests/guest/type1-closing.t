#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Files that are closed during a search, for VFIO containers: runs closing.t.
kind=type1
# shellcheck source=closing.t
. "$(dirname "$0")/closing.t"
