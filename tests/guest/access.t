#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Who may: CAP_SYS_ADMIN and CAP_SYS_PTRACE in the initial user namespace, on every channel.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

vmm old "${edus[0]}" 1M
successor new old 1M

as_user() { setpriv --reuid 1001 --regid 1001 --clear-groups "$@"; }
without() { local cap=$1; shift; setpriv --bounding-set "-$cap" --inh-caps "-$cap" "$@"; }
in_userns() { unshare --user --map-root-user --net "$@"; }

for who in as_user "without sys_admin" "without sys_ptrace" in_userns; do
	for listing in list ioas areas owners devices status; do
		run $who dmaownctl $listing --json
		is "$status" 77 "$who: $listing is not allowed"
		[[ $out != *"0x"* ]] && pass "$who: $listing tells nothing" || fail "$who: $listing tells nothing"
		like "$err$out" "not allowed" "$who: $listing says why"
	done
	run $who dmaownctl --channel debugfs list
	is "$status" 77 "$who: debugfs is not allowed either"
	run $who dmaownctl transfer --to "$new" --json
	is "$status" 77 "$who: nor is a transfer"
	is "$(areas_of "$old")" "$ioas:0x0=$old" "$who: nothing has moved"
	for file in /sys/kernel/debug/dmaown/*; do
		run $who cat "$file"
		isnt "$status" 0 "$who: cannot read ${file##*/} in debugfs"
		is "$out" "" "$who: not a byte of it"
	done
	run $who cat /dev/dmaown
	isnt "$status" 0 "$who: cannot open the device"
done

# What is opened by one who may does not serve one who may not: checked again at each use.
exec {file}</sys/kernel/debug/dmaown/areas
run as_user sh -c "cat <&$file"
isnt "$status" 0 "an open file of debugfs does not serve an ordinary user"
is "$out" "" "with not a byte"
exec {file}<&-

run dmaownctl list --json
is "$status" 0 "root may"
finish
