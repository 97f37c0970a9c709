#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Events about VFIO containers: runs events.t.
kind=type1
# shellcheck source=events.t
. "$(dirname "$0")/events.t"
