#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Allocation failures, one after the other, with VFIO containers: a program in C.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

program faults_test -t
finish
