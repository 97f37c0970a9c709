#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Processes that cannot be read, for VFIO containers: runs unread.t.
kind=type1
# shellcheck source=unread.t
. "$(dirname "$0")/unread.t"
