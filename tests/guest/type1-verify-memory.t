#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Pages that owners no longer have, for VFIO containers: runs verify-memory.t.
kind=type1
# shellcheck source=verify-memory.t
. "$(dirname "$0")/verify-memory.t"
