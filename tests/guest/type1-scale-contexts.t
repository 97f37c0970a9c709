#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Scaling, with VFIO containers: very many containers. Runs scale-contexts.t.
kind=type1
# shellcheck source=scale-contexts.t
. "$(dirname "$0")/scale-contexts.t"
