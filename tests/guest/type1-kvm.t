#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# VFIO containers whose files KVM holds: runs kvm.t.
kind=type1
# shellcheck source=kvm.t
. "$(dirname "$0")/kvm.t"
