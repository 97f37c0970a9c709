#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# VFIO devices that are opened through a group: a program in C.
exec group_test
