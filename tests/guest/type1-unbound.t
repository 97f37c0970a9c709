#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Devices in VFIO containers that are being unbound: runs unbound.t.
kind=type1
# shellcheck source=unbound.t
. "$(dirname "$0")/unbound.t"
