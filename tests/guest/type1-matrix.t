#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Every case of a transfer with a VFIO container, while its device does DMA: a program in C.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

type1_vmm worker "${edus[0]}" 1M
ask worker edu "$dev"
ask worker dma-start "$dev" 0 $base 0x80000 $((base + 0x80000))
program type1_matrix_test "$worker" "$container"
ask worker dma-report "$dev"
# shellcheck disable=SC2034 # read by eval
rounds=${reply%% *}
# shellcheck disable=SC2016 # for eval
eventually eval 'ask worker dma-report "$dev"; [ "${reply%% *}" -gt "$rounds" ]'
ask worker dma-stop "$dev"
like "$reply" "^[1-9][0-9]* rounds 0 errors" "DMA has gone on all the time"
is "$(charges "$worker")" "0 1048576" "and what another one owns in the container has stayed its own"
finish
