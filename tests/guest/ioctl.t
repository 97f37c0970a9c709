#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The ioctls, as programs use them: a program in C.
exec ioctl_test
