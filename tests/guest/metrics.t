#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# dmaownctl metrics: figures, labels and format.
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck disable=SC2015 # pass() always succeeds
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

size=$((1 << 20))

# Prints the value of a series, given by its name and labels as they are written.
value() { awk -v series="$1" '$1 == series { print $2 }' <<<"$out"; }

# Checks what a reader of the format relies on: each family is declared once, by HELP and TYPE; its lines stand
# together; each series appears once; every line is a sample with a number.
well_formed() {
	awk '
	/^# HELP dmaown_[a-z_]+ ./ { help = $3; next }
	/^# TYPE dmaown_[a-z_]+ (gauge|counter)$/ {
		if (seen[$3]++ || $3 != help) exit bad = 1
		family = $3
		if (($4 == "counter") != (family ~ /_total$/)) exit bad = 1
		next
	}
	!/^dmaown_[a-z_]+({([a-z_]+="([^"\\]|\\[\\"n])*",?)+})? [0-9]+$/ { exit bad = 1 }
	{
		series = $0; sub(/ [0-9]+$/, "", series)
		name = series; sub(/{.*/, "", name)
		if (name != family || lines[series]++) exit bad = 1
	}
	END { exit bad || !family }' <<<"$out"
}

run dmaownctl metrics
is "$status" 0 "metrics, with nothing there"
well_formed && pass "the format is right" || fail "the format is right"
is "$(value 'dmaown_findings{unit="",finding="dead-owner"}')" 0 "no dead owner is told as 0"
before=$(value dmaown_transfers_total)

# Put the processes into cgroups of their own, one of which has a name that must be escaped.
cgroups=/sys/fs/cgroup
units=('vm-a.service' 'vm "b"\x.service')
for unit in "${units[@]}"; do mkdir -p "$cgroups/$unit"; done
limit=$((size * 20 / 19)) vmm a "${edus[0]}" $size user 1001
echo "$a" >"$cgroups/${units[0]}/cgroup.procs"
ask a map "$ctx" "$ioas" $base 4K 0x4000000 r
vmm b "${edus[1]}" $size mm 1002
echo "$b" >"$cgroups/${units[1]}/cgroup.procs"

run dmaownctl metrics
is "$status" 0 "metrics"
well_formed && pass "the format is right, with a name that needs escaping" || fail "the format is right, with a name that needs escaping"
a='unit="vm-a.service"' b='unit="vm \"b\"\\x.service"'
is "$(value "dmaown_contexts{$a}")" 1 "contexts by unit"
is "$(value "dmaown_devices{$a}")" 1 "devices by unit"
is "$(value "dmaown_areas{$a,mode=\"user\",state=\"live\"}")" 2 "areas by unit, mode and state"
is "$(value "dmaown_pinned_bytes{$a,mode=\"user\",state=\"live\"}")" $((size + page)) "what is pinned"
is "$(grep -cF "dmaown_pinned_bytes{$b,mode=\"mm\",state=\"live\"} $size" <<<"$out")" 1 "of the other unit too, its name escaped"
is "$(value "dmaown_limit_bytes{$a,mode=\"user\"}")" $((size * 20 / 19)) "the limit"
is "$(value "dmaown_headroom_bytes{$a,mode=\"user\"}")" $((size * 20 / 19 / page * page - size - page + size * 20 / 19 % page)) "and what is left of it"
is "$(value "dmaown_findings{$a,finding=\"near-limit\"}")" 1 "which is less than 10 %"
is "$(grep -cE 'pid|0x[0-9a-f]' <<<"$out")" 0 "nothing is labelled by PID or area"
over_netlink=$out
run dmaownctl --channel debugfs metrics
is "$out" "$over_netlink" "over debugfs it is the same"

# --- the number of areas does not change the number of series
lines=$(wc -l <<<"$out")
ask b memfd more 400K; more=$reply
ask b mmap "$more" 400K shared rw; at=$reply
ask b map-many "$ctx" "$ioas" "$at" 100 0x5000000
run dmaownctl metrics
is "$(wc -l <<<"$out")" "$lines" "a hundred areas more make no series more"

# --- a dead owner is counted with the unit that holds the context
successor heir b $size 1002
echo "$heir" >"$cgroups/${units[0]}/cgroup.procs"
stop b
run dmaownctl metrics
is "$(value "dmaown_areas{$a,mode=\"mm\",state=\"dead\"}")" 101 "areas of a dead owner, in the unit of a holder"
is "$(value "dmaown_findings{$a,finding=\"dead-owner\"}")" 1 "found"
refused=$(value 'dmaown_refusals_total{reason="owner-dead"}')
run dmaownctl transfer --to "$heir"
isnt "$status" 0 "a transfer that is refused"
run dmaownctl metrics
is "$(value dmaown_transfers_total)" "$before" "it does not count as a transfer"
is "$(value 'dmaown_refusals_total{reason="owner-dead"}')" $((refused + 1)) "refusals are counted by reason"
is "$(value 'dmaown_refusals_total{reason="changing"}')" 0 "a reason that was never given is told as 0"

run dmaownctl metrics surplus
is "$status" 64 "a surplus argument is a usage error"
dmaownctl metrics >/dev/full 2>/dev/null
isnt $? 0 "a full disk is not success"
finish
