#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Holders through a mapping, with VFIO containers: runs mapped.t.
kind=type1
# shellcheck source=mapped.t
. "$(dirname "$0")/mapped.t"
