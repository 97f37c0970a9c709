#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows that each check of tests/lint.sh and tests/rules.sh finds its faults, in small broken trees. On the host. TAP.
#
# Quoted text goes into files as it is:
# shellcheck disable=SC2016
set -u
cd "$(dirname "$0")/../.." || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
# shellcheck source=../tap.sh
. tests/tap.sh
# shellcheck source=../lint.sh
. tests/lint.sh
# shellcheck source=../rules.sh
. tests/rules.sh
{ cp .clang-format .shellcheckrc "$scratch" && cd "$scratch"; } || bail "no room in $scratch"

# file NAME LINE...: writes a file of these lines.
file() {
	mkdir -p "$(dirname "$1")"
	printf '%s\n' "${@:2}" >"$1"
}

# FILES

file good/script '#!/bin/sh'
file good/bash '#!/usr/bin/env bash'
file good/busybox '#!/bin/busybox sh'
file good/sourced '# To be sourced.' '# shellcheck shell=bash'
file good/python '#!/usr/bin/python3'
file good/text 'no script'
file good/build/script '#!/bin/sh'
is "$(cd good && shell_scripts | xargs)" "bash busybox script sourced" "scripts are known by their first line, or a comment"

# INCLUDES

file cli/main.c '#include <stdio.h>' '#include "cmd/list.h"' '#include "exit_status.h"'
file cli/exit_status.h '#include "uapi.h"'
file cli/cmd/list.h '#include "output/json.h"'
file cli/output/json.h '#include "value.h"'
file cli/output/value.h ''
is "$(include_order cli)$(include_circles cli)" "" "includes that go downwards"

file cli/output/value.c '#include "value.h"' '' '#include "cmd/list.h"' '# include "options.h"'
file cli/options.h ''
file cli/exit_status.c '#include "options.h"'
file cli/attic/old.c '#include "exit_status.h"'
is "$(include_order cli | LC_ALL=C sort)" "cli/attic/old.c:1: attic is not in cli_levels of tests/lint.sh
cli/exit_status.c:1: exit_status includes options.h, which is higher
cli/output/value.c:3: output includes cmd/list.h, which is higher
cli/output/value.c:4: output includes options.h, which is higher" "includes that go upwards, and a folder that is new"

file round/a.c '#include "a.h"' '#include "b.h"'
file round/b.h '#include "deep/c.h"'
file round/deep/c.h ''
is "$(include_circles round)" "" "no circle"
file round/deep/c.c '#include "a.h"'
file round/a.h ''
is "$(include_circles round)" "round/deep/c.c:1: includes in a circle: a b deep/c a" "a circle, by way of sources"
is "$(include_circles round headers)" "" "which headers alone do not make"
file round/deep/c.h '' '#include "b.h"'
is "$(include_circles round headers)" "round/deep/c.h:2: includes in a circle: b deep/c b" "a circle of headers"

# COMMENTS

cat >bad.c <<'END'
// SPDX-License-Identifier: GPL-2.0-only
/* What is wrong */
int what; /* Of others */
/*
 * Fine so far. What follows in a line is fine, too.
 * That goes for its next line.
 *
 * Those begin a paragraph.
 */
const char *text = "/* What a string has is no comment */ \" /* Who */";
char quote = '"'; /* WHO MAY */
// Who
/* Whoever does it, Offset, Whatever */
END
is "$(comment_openings bad.c | sed 's/: a comment begins with:.*//' | xargs)" \
	"bad.c:2 bad.c:3 bad.c:8 bad.c:11 bad.c:12" "comments in C"
file bad.sh '#!/bin/sh' '# SPDX-License-Identifier: GPL-2.0-only' '# What it does' '#' '#	That takes an option.' \
	'true # Fine.' '' '	# Keep it.' '	# Who goes on is fine.' '	#' '	# Of these' 'echo "$#" That'
is "$(comment_openings bad.sh)" "bad.sh:3: a comment begins with: What it does
bad.sh:5: a comment begins with: That takes an option.
bad.sh:11: a comment begins with: Of these" "comments in scripts"
file bad.scd '; Those to come' 'What it does' '# WHAT'
is "$(comment_openings bad.scd)" "bad.scd:1: a comment begins with: Those to come" "comments in manual pages"

# FORM

long=$(printf 'a%.0s' {1..101})
file bad-form.h "$long" "/* \"$long\" */" "const char *s = \"$long\";" 'tail '
file bad-form.sh "# $long aaaaaaaaaaaaaaaaaaaaaaa" "$long" $'\t\t\t'"$long"
printf 'end' >>bad-form.sh
is "$(text_form bad-form.h bad-form.sh)" "bad-form.h:1: 101 columns, at most 100
bad-form.h:2: 109 columns, at most 100
bad-form.h:4: blanks at the end of the line
bad-form.sh:1: 127 columns, at most 120
bad-form.sh:3: 125 columns, at most 120
bad-form.sh:4: no newline at the end of the file" "lines that are too long, blanks at the end, no newline"

file format.c 'int f(int a)' '{' $'\treturn a;' '}'
is "$(formatted format.c)" "" "a file that clang-format leaves as it is"
file format.c 'int f(int a)' '{' $'\treturn  a;' '}'
is "$(formatted format.c | cut -d : -f 1,2)" "format.c:3" "one that it changes"

file script '#!/bin/sh' 'echo "$1"'
is "$(linted script)" "" "a script without a finding"
file script '#!/bin/sh' 'echo $1'
is "$(linted script | cut -d : -f 1,2)" "script:2" "one with a finding of shellcheck"

# SYMBOLS

file module/module.c 'int dmaown_x, init_module, __pfx_dmaown_f, __pfx_init_module, __SCT__tp_func_dmaown_event;' 'static int mine;' \
	'int dmaown_f(void) { return mine; }' '' 'int transfer(void)' '{ return mine; }' 'int __pfx_other;'
file module/module.h 'int transfer(void);'
"${CC:-cc}" -c -o module.o module/module.c || bail "no compiler"
is "$(symbol_names module.o module | LC_ALL=C sort)" "module.o:0: the global symbol __pfx_other lacks the prefix dmaown_
module/module.c:5: the global symbol transfer lacks the prefix dmaown_" "global symbols without the prefix"

# RULES

# rules ROW...: a page with a table of these rows.
rules() {
	file rules.md '# Page' '' '| no | table | of | rules |' '' '## Rule, source, test' '' \
		'| rule | says | source | iommufd | type1 |' '| --- | --- | --- | --- | --- |' "$@" '' '## Else' '| a |'
}
file kmod/plan.c ''
file tests/guest/limits.t 'echo "to the page"'
file tests/guest/keep.t '. "$(dirname "$0")/limits.t"'
file tests/guest/other.t ''
file selection 'limits # and keep' 'slow:keep'
rules '| 4 | limits | `kmod/plan.c` | `limits.t` "to the page" | `keep.t` "to the" |' \
	'| 5 | same | `kmod/plan.c` | `limits.t` "to" "page" | there is no such thing |'
is "$(rules_are_whole rules.md; proofs_exist rules.md; conformance_is_whole rules.md selection)" "" "a table that is whole"
is "$(rule_rows rules.md | wc -l) $(proofs rules.md | wc -l)" "2 4" "and all of it was read"
rules '| 4 | limits | `kmod/gone.c`, `kmod/plan.c` | `limits.t` "x" | `keep.t` "no such" |' \
	'| 5 | same | plan.c | `none.t` "x" | `limits.t` |' '| 6 | few | `kmod/plan.c` | `limits.t` |' \
	'| 7 | no test | `kmod/plan.c` | none | none |' '| 8 | no cell | | `limits.t` | none |' \
	'| 9 | left out | `kmod/plan.c` | `other.t` | none |'
is "$(rules_are_whole rules.md)" "rules.md:9: there is no file kmod/gone.c
rules.md:10: no source file: same
rules.md:11: a row has five cells, and none of them is empty
rules.md:12: no test: no test
rules.md:13: a row has five cells, and none of them is empty" "rules without a source, a test or a cell"
is "$(proofs_exist rules.md)" 'rules.md:1: tests/guest/limits.t has no "x"
rules.md:1: tests/guest/keep.t has no "no such"
rules.md:1: tests/guest/none.t has no "x"' "proofs that do not exist"
is "$(conformance_is_whole rules.md selection)" "rules.md:10: selection touches nothing of: same
rules.md:14: selection touches nothing of: left out" "rules that the conformance selection leaves out"
echo gone >>selection
is "$(conformance_is_whole rules.md selection | head -n 1)" "selection:1: there is no test gone" "and a test that is gone"
file rules.md '# Page'
is "$(rules_are_whole rules.md)" "rules.md:1: there is no table of rules" "no table at all"

# THE MAP

file map.md '## The map' '' '    kmod/         module' '      plan        what moves' '      gone        it' '' \
	'    tests/        tests' '      guest       in the machine' '' '## Words' '      word        no file'
rm -r cli
file kmod/new.h ''
is "$(map_is_whole map.md)" "map.md:1: the map has kmod/gone, which does not exist
map.md:1: the map lacks kmod/new" "files that the map lacks, or has too many"
done_testing
