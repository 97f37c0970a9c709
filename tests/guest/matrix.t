#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Every case of a transfer that can exist: a program in C.
exec matrix_test
