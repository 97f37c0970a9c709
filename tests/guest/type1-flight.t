#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# VFIO containers whose files are all in flight: runs flight.t.
kind=type1
# shellcheck source=flight.t
. "$(dirname "$0")/flight.t"
