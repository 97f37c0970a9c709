#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rule 5 for VFIO containers and memory in many mappings: runs scattered.t.
kind=type1
# shellcheck source=scattered.t
. "$(dirname "$0")/scattered.t"
