#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Access rights, with VFIO containers: runs access.t.
kind=type1
# shellcheck source=access.t
. "$(dirname "$0")/access.t"
