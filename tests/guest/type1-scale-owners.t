#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Scaling, with VFIO containers: very many owners. Runs scale-owners.t.
kind=type1
# shellcheck source=scale-owners.t
. "$(dirname "$0")/scale-owners.t"
