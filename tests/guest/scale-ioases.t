#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Scaling: a context of 10,000 IOASes.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scale.sh
. "$(dirname "$0")/scale.sh"

things=IOASes
sizes 10000 10000
beside
big_vmm

# The last of them has an area, too.
made=0
crowd() {
	[ "$1" -gt 0 ] || return 0
	bring_back big
	ask big ioas-many "$ctx" $(($1 - made)); made=$1
	dma_map big "$ctx" "$reply" $base $page 0 rw
}

checked() {
	case $1 in
	list)
		both_listed
		is "$(dmaownctl list --raw -n -c "$big_id" -o IOASES)" $((size + 1)) "$size $things: with their number"
		;;
	ioas) is "$(wc -l <"$scratch/out")" $((size + 2)) "$size $things: each is listed" ;;
	esac
}

across list ioas owners areas dry-run check transfer small-check
killed list
killed ioas
bring_back big
killed dry-run
killed check
killed transfer
finish_beside
