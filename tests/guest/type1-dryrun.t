#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 10 for VFIO containers: runs dryrun.t.
kind=type1
# shellcheck source=dryrun.t
. "$(dirname "$0")/dryrun.t"
