#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The repairs that verify and can-exit suggest for VFIO containers: runs mend.t.
kind=type1
# shellcheck source=mend.t
. "$(dirname "$0")/mend.t"
