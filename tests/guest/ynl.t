#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The netlink spec, tested with the kernel's own client (tools/net/ynl).
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

spec=$(dirname "$0")/../../kmod/uapi/dmaown.yaml
client=$DMAOWN_SOURCE/tools/net/ynl/pyynl
[ -d "$client" ] || client=$DMAOWN_SOURCE/tools/net/ynl
schema=$DMAOWN_SOURCE/Documentation/netlink/genetlink.yaml

# Make two contexts with a device each, an access, a copied area, a dead owner, and an owner near its limit.
size=$((1 << 20))
vmm old "${edus[0]}" $size user 1001
ask old ioas "$ctx"; ioas2=$reply
ask old copy "$ctx" "$ioas2" "$ioas" $((size / 2)) 0x3000000 0 r
ask old access "$ctx" "$ioas"
vmm other "${edus[1]}" $size mm 1002
successor heir other $size 1002
stop other

program "$(dirname "$0")/ynl_test.py" "$client" "$schema" "$spec"

# Use the command line, as the manual shows it.
run python3 "$client/cli.py" --spec "$spec" --schema "$schema" --dump get-area
is "$status" 0 "the client dumps areas"
like "$out" "'iova': '0x3000000'" "and prints them"
run setpriv --bounding-set=-sys_ptrace \
	python3 "$client/cli.py" --spec "$spec" --schema "$schema" --dump get-context
isnt "$status" 0 "not without CAP_SYS_PTRACE"
like "$out$err" 'Operation not permitted' "and says so"
finish
