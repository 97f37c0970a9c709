#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The way back with VFIO containers: the story of back.t.
kind=type1
# shellcheck source=back.t
. "$(dirname "$0")/back.t"
