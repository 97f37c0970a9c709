#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Owners' states in VFIO containers: runs states.t.
kind=type1
# shellcheck source=states.t
. "$(dirname "$0")/states.t"
