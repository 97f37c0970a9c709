#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# --raise-limit with VFIO containers: runs raise.t.
kind=type1
# shellcheck source=raise.t
. "$(dirname "$0")/raise.t"
