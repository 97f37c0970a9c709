#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Scaling, with VFIO containers: very many files of one device. Runs scale-files.t.
kind=type1
# shellcheck source=scale-files.t
. "$(dirname "$0")/scale-files.t"
