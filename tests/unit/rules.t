#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests the verdict of tests/vm/rules on results that are made up. On the host. TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
# shellcheck source=../tap.sh
. tests/tap.sh
# shellcheck source=../rules.sh
. tests/rules.sh

# all_pass FOLDER: fills the folder with the TAP of every test that HACKING.md names as a proof: each passes.
all_pass() {
	rm -rf "$1" && mkdir "$1"
	# shellcheck disable=SC2016
	{
		proofs HACKING.md
		rule_rows HACKING.md | grep -oE '`[a-z0-9-]+\.t`' | tr -d '`' | sed 's/$/\tit begins/'
	} | sort -u | while IFS=$'\t' read -r file name; do
		n=$(($(grep -c . "$1/$file" 2>/dev/null) + 1))
		echo "ok $n - $name" >>"$1/$file"
	done
	for file in "$1"/*; do echo "1..$(grep -c '^ok' "$file")" >>"$file"; done
}

verdict() {
	out=$(tests/vm/rules "$@" 2>&1)
	status=$?
}

all_pass "$scratch/all"
verdict "$scratch/all"
is "$status $(grep -c '^holds ' <<<"$out") $(grep -cE '^(BROKEN|not proven|FAILED)' <<<"$out")" \
	"0 $(sed -n 's/ rules hold.*//p' <<<"$out") 0" "all tests pass: all rules hold"
verdict "$scratch/all" type1
is "$status $(grep -c ' iommufd ' <<<"$out") $(($(grep -c ' type1 ' <<<"$out") > 10))" "0 0 1" "of one kind alone"

sed -i 's/^ok \([0-9]*\) - exactly the limit: the transfer$/not &/' "$scratch/all/limits.t"
verdict "$scratch/all"
is "$status" 1 "a proof fails"
is "$(grep -A 1 '^BROKEN' <<<"$out")" "BROKEN     iommufd  4       limits, exact to the page
           limits.t: exactly the limit: the transfer" "its rule is broken, for its kind, and the test is named"

all_pass "$scratch/all"
sed -i '1s/^/ok 1 - another test\nnot ok 2 - no proof of any rule\n/; s/^1\.\..*/1..9/' "$scratch/all/limits.t"
sed -i "s/^1\.\.9/1..$(grep -c 'ok ' "$scratch/all/limits.t")/" "$scratch/all/limits.t"
verdict "$scratch/all"
is "$status $(grep '^FAILED' <<<"$out") $(grep -c '^BROKEN' <<<"$out")" \
	"1 FAILED     limits.t: no proof of any rule 0" "what fails without being a proof is named, too"

all_pass "$scratch/all"
sed -i '$d' "$scratch/all/flux.t"
verdict "$scratch/all"
is "$status $(grep -A 1 '^BROKEN  *iommufd  9 ' <<<"$out" | tail -n 1)" "1            flux.t: it has not come to its end" \
	"a test that ended early breaks its rules"

all_pass "$scratch/all"
rm "$scratch/all/flux.t" "$scratch/all/dryrun.t"
verdict "$scratch/all"
is "$status $(grep -c '^not proven iommufd  9 ' <<<"$out")" "1 1" "a rule that no test was about is not proven"

echo "flux CONFIG_THAT" >"$scratch/all/left-out"
verdict "$scratch/all"
is "$(grep -A 1 '^not here  *iommufd  9 ' <<<"$out" | tail -n 1)" "           cannot be tried: CONFIG_THAT" \
	"one whose test was left out for something that the kernel lacks cannot be tried"

all_pass "$scratch/all"
for test in flux dryrun; do rm "$scratch/all/$test.t"; done
printf '%s\n' 'ok 1 - this kernel has no such thing' 1..1 | tee "$scratch/all/files.t" >"$scratch/all/flux.t"
echo "dryrun CONFIG_THIS" >"$scratch/all/left-out"
verdict "$scratch/all"
is "$status $(grep -c '^not here' <<<"$out") $(grep -c '^not proven' <<<"$out")" "0 $(grep -c 'cannot be tried: ' <<<"$out") 0" \
	"nothing else is wrong then"

all_pass "$scratch/all"
sed -i "s/^ok \([0-9]*\) - owner after .*/not ok \1 - owner after kernel's/" "$scratch/all/kernel.t"
sed -i "s/^ok \([0-9]*\) - charges after .*/ok \1 - charges after kernel's/" "$scratch/all/kernel.t"
verdict "$scratch/all"
is "$(grep -A 9 '^BROKEN' <<<"$out" | grep -c "kernel.t: owner after kernel's")" 1 "a name with a variable in it is found by its parts"
is "$(grep -c "kernel.t: charges" <<<"$out")" 0 "and no other one is taken for it"

rm "$scratch/all"/*
verdict "$scratch/all"
is "$status $(grep -c '^holds' <<<"$out")" "1 0" "no test at all: nothing holds"
verdict "$scratch/none"
is "$status" 64 "no folder: usage"
done_testing
