#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Who may, where there are VFIO containers: the story of access.t.
kind=type1
# shellcheck source=access.t
. "$(dirname "$0")/access.t"
