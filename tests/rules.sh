# SPDX-License-Identifier: GPL-2.0-only
# Reads and checks the table of HACKING.md that names the source and the test of each rule; sourced, not run. Each check
# prints FILE:LINE: and the fault, a line each, and prints nothing if there is none.
# shellcheck shell=bash

# rule_rows FILE: prints the rows of the table of rules in HACKING.md, which is FILE: line, rule, what it says, sources,
# proofs of iommufd and of VFIO type1, and how many cells there are, with tabs between them. An empty cell is (none).
rule_rows() {
	awk -F ' *[|] *' -v OFS='\t' '
		/^## / { inside = /[Rr]ule, source, test$/ }
		inside && /^\|/ && $2 != "rule" && $2 !~ /^-+$/ {
			for (i = 2; i <= 6; i++) if ($i == "") $i = "(none)"
			print FNR, $2, $3, $4, $5, $6, NF - 2
		}' "$1"
}

# rules_are_whole FILE: each row of the table has all cells: sources that exist, and of each kind of context a proof, or
# words that say why there is none.
rules_are_whole() {
	local line rule says sources iommufd type1 cells source rows=0

	while IFS=$'\t' read -r line rule says sources iommufd type1 cells; do
		rows=$((rows + 1))
		if [ "$cells" -ne 5 ] || [[ $rule$says$sources$iommufd$type1 == *'(none)'* ]]; then
			echo "$1:$line: a row has five cells, and none of them is empty"
			continue
		fi
		[[ "$iommufd $type1" =~ \`[a-z0-9-]+\.t\` ]] || echo "$1:$line: no test: $says"
		[[ $sources == *\`* ]] || echo "$1:$line: no source file: $says"
		# shellcheck disable=SC2016
		while read -r source; do
			[ -f "$source" ] || echo "$1:$line: there is no file $source"
		done < <(grep -oE '`[^`]+`' <<<"$sources" | tr -d '`')
	done < <(rule_rows "$1")
	[ $rows -gt 0 ] || echo "$1:1: there is no table of rules"
}

# proofs FILE: prints which test has which name as a proof, by the table in FILE: TEST, NAME, with a tab between them.
# In a cell the names follow their test: `TEST.t` "NAME" "NAME"; ...
proofs() {
	rule_rows "$1" | cut -f 5,6 | tr '\t' '\n' | awk '{
		while (match($0, /`[a-z0-9-]+\.t`|"[^"]+"/)) {
			word = substr($0, RSTART + 1, RLENGTH - 2)
			if (substr($0, RSTART, 1) == "`") file = word; else print file "\t" word
			$0 = substr($0, RSTART + RLENGTH)
		}
	}'
}

# parts_of TEST: prints what a test consists of: itself, the test that it sources, and its program in C.
parts_of() {
	local file=tests/guest/$1 program=${1%.t} sourced part

	[ -e "$file" ] || return
	# shellcheck disable=SC2016
	sourced=$(sed -n 's|^\. "$(dirname "$0")/\(.*\.t\)"$|tests/guest/\1|p' "$file")
	program=tests/guest/${program//-/_}
	for part in "$file" $sourced "$program.c" "${program}_test.c"; do
		[ ! -e "$part" ] || cat "$part"
	done
}

# proofs_exist FILE: the tests that the table in FILE names exist, and have the names that it quotes.
proofs_exist() {
	local test name

	while IFS=$'\t' read -r test name; do
		parts_of "$test" | grep -qF -- "$name" || echo "$1:1: tests/guest/$test has no \"$name\""
	done < <(proofs "$1")
}

# conformance_is_whole FILE SELECTION: the conformance selection, which is the file SELECTION, has a proof of each rule
# of the table in FILE, for each kind of context that the rule is about.
conformance_is_whole() {
	local names name

	names=$(sed 's/#.*//; s/^slow://' "$2" | xargs)
	for name in $names; do
		[ -e "tests/guest/$name.t" ] || echo "$2:1: there is no test $name"
	done
	rule_rows "$1" | awk -F '\t' -v names=" $names " -v selection="$2" -v table="$1" '
		function touched(cell,    file) {
			if (cell !~ /`[a-z0-9-]+\.t`/) return 1
			while (match(cell, /`[a-z0-9-]+\.t`/)) {
				file = substr(cell, RSTART + 1, RLENGTH - 4)
				if (index(names, " " file " ")) return 1
				cell = substr(cell, RSTART + RLENGTH)
			}
			return 0
		}
		!touched($5) || !touched($6) { print table ":" $1 ": " selection " touches nothing of: " $3 }'
}
