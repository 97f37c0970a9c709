#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 11 for devices whose holder is unknown, with VFIO containers: runs unknown.t.
kind=type1
# shellcheck source=unknown.t
. "$(dirname "$0")/unknown.t"
