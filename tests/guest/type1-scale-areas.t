#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Scaling, with VFIO containers: very many areas. Runs scale-areas.t.
kind=type1
# shellcheck source=scale-areas.t
. "$(dirname "$0")/scale-areas.t"
