#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Undoing a transfer, with VFIO containers: runs back.t.
kind=type1
# shellcheck source=back.t
. "$(dirname "$0")/back.t"
