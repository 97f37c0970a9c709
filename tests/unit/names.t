#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What the tool's --help names, its manual page names too, and each shell completes; and the other way
# round. On the host, where the module is not loaded. dmaownctl is the one in PATH.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../shells.sh
. tests/shells.sh
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
manual=man/dmaownctl.8.scd
tests=0 failures=0

is() {
	tests=$((tests + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $tests - $3"
	else
		failures=$((failures + 1))
		echo "not ok $tests - $3"
		printf '# got:      %s\n# expected: %s\n' "$1" "$2" >&2
	fi
}

# Lines as one line of words, sorted.
words() { LC_ALL=C sort -u | paste -sd ' '; }

# --- what the help says

commands=$(dmaownctl --help | awk '/^Commands:/ { inside = 1; next } /^$/ { inside = 0 } inside && /^  [a-z]/ { print $1 }')
[ -n "$commands" ] || { echo "Bail out! dmaownctl --help names no commands"; exit 1; }

options_of() { dmaownctl "$1" --help | grep -oE -- '^ {2,6}(-., )?--[a-z-]+' | grep -oE -- '--.*' | words; }
listings=$(for command in $commands; do dmaownctl "$command" --help | grep -q -- --list-columns && echo "$command"; done)
common=$(options_of metrics)

# Those words of $1 that are not in $2.
without() { tr ' ' '\n' <<<"$1" | grep -vxF -f <(tr ' ' '\n' <<<"$2") | words; }

# --- the manual page

# A section as plain text: without marks of fonts.
section() { sed -n "/^# $1\$/,/^# /p" "$manual" | sed '1d; s/\\\(.\)/\1/g; s/[*]//g; s/\b_\([^_]*\)_/\1/g'; }

# Paragraphs of the synopsis, each in a line: "dmaownctl can-exit PID [--json]".
synopsis() { section SYNOPSIS | awk -v RS= '/^dmaownctl/ { gsub(/\n/, " "); sub(/^dmaownctl \[--channel[^]]*\]/, "dmaownctl"); print }'; }

# The synopsis of a command: "[CONTEXT] [OPTION...]".
synopsis_of() {
	synopsis | while read -r _ names rest; do
		[[ "|$(tr -d '[]' <<<"$names")|" != *"|$1|"* ]] || echo "$rest"
	done
}

is "$(synopsis | while read -r _ names _; do tr -d '[]' <<<"$names" | tr '|' '\n'; done | words)" "$(words <<<"$commands")" \
	"the synopsis has all commands"
is "$(section COMMANDS | sed -nE 's/^([a-z-]+).*/\1/p' | words)" "$(words <<<"$commands")" "each command is described"
is "$(sed -nE 's/^# dmaownctl ([a-z-]+).*/\1/p' "$manual" | words)" "$(words <<<"$commands")" \
	"each command is shown with what it writes"
for command in $commands; do
	case $(synopsis_of "$command") in
	*OPTION...*)
		expected=$(without "$(options_of list)" "$common")
		;;
	*)
		expected=$(synopsis_of "$command" | grep -oE -- '--[a-z-]+' | words)
		;;
	esac
	is "$(without "$(options_of "$command")" "$common")" "$expected" "$command: its options stand in the synopsis"
done

# "-o --output" of each option that has a paragraph of its own.
described() { sed -nE 's/^(\*(-.)\*, )?\*(--[a-z-]+)\*.*/\2 \3/p' "$manual" | words; }
helped() {
	for command in $commands; do
		dmaownctl "$command" --help | sed -nE 's/^ {2,6}((-.), )?(--[a-z-]+).*/\2 \3/p'
	done | words
}
is "$(described)" "$(helped)" "each option is described, with its short form"

is "$(section 'EXIT STATUS' | grep -xE '[0-9]+' | words)" "$(grep -oE 'EXIT_[A-Z_]+\s+= [0-9]+' cli/exits.h | grep -oE '[0-9]+$' | words)" \
	"the exit statuses are those of the source"
environment=$(grep -hoE 'getenv\("[A-Z_]+' cli/*.c | grep -oE '[A-Z_]+$')
# What setlocale() reads, and libsmartcols goes by.
environment+=" LC_ALL LC_CTYPE LANG"
is "$(section ENVIRONMENT | grep -xE '[A-Z_, ]+' | tr -d ',' | tr ' ' '\n' | grep . | words)" "$(tr ' ' '\n' <<<"$environment" | words)" \
	"and so is the environment"

# --- the shells

offer() {
	offered "dmaownctl $1"
	is "$offers" "$2" "$shell: what is offered for: $1"
}

tab() {
	press "dmaownctl $1"$'\t'
	is "${line% }" "dmaownctl $2" "$shell: $1<Tab>"
}

columns_of() { dmaownctl "$1" --list-columns --raw --noheadings | cut -d ' ' -f 1 | words; }

# What a refusal says can be forced.
forces() { dmaownctl check --to 1 --force '' 2>&1 | grep -oE '[a-z-]+\[=' | tr -d '[=' | words; }

completes() {
	local command

	offer "" "$(words <<<"$commands")"
	for command in $commands; do
		offer "$command --" "$(options_of "$command")"
	done
	offer "--" "$(options_of list)"
	for command in $listings; do
		offer "$command -o " "$(columns_of "$command")"
	done
	offer "--output " "$(columns_of list)"
	offer "--channel " "debugfs netlink"
	offer "check --force " "$(forces)"
	# Without the module there is nothing to name, and no error.
	offer "tree " ""
	offer "transfer --to " ""
	offer "transfer --timeout " ""
	tab "can" "can-exit"
	tab "areas --channel=deb" "areas --channel=debugfs"
	tab "check --force=untr" "check --force=untrusted-holder"
	tab "areas -o CONTEXT,OFF" "areas -o CONTEXT,OFFSET"
	tab "areas -o +CONTEXT,OFF" "areas -o +CONTEXT,OFFSET"
	tab "areas -o +OFF" "areas -o +OFFSET"
	tab "areas -o off" "areas -o OFFSET"
	tab "areas --output=CONTEXT,OFF" "areas --output=CONTEXT,OFFSET"
	tab "areas -rno CONTEXT,OFF" "areas -rno CONTEXT,OFFSET"
	tab "areas -o OFFSET,OFF" "areas -o OFFSET,OFF"
	tab "-o ID,KI" "-o ID,KIND"
	tab "--channel netlink owners -o HEA" "--channel netlink owners -o HEADROOM"
	tab "list; dmaownctl owners -o HEA" "list; dmaownctl owners -o HEADROOM"
}

# No shell knows the names: a tool with one command more is completed with that.
after_an_upgrade() {
	tab "fut" "future"
	offer "future --" "--channel --colour --help --onto"
	offer "future --colour " "green red"
	tab "future --colour=gr" "future --colour=green"
	tab "future -cgr" "future -cgr"
	tab "future -c gr" "future -c green"
	tab "future 1 -- mkfif" "future 1 -- mkfifo"
	tab "future 1 -- cat $scratch/a-fi" "future 1 -- cat $scratch/a-file"
}

mkdir "$scratch/bin" && touch "$scratch/a-file"
real=$(command -v dmaownctl)
cat >"$scratch/bin/dmaownctl" <<END
#!/bin/sh
case \$1 in
--help)
	"$real" --help | sed '/^Commands:/a\\  future     what is to come'
	;;
future)
	echo "Usage: dmaownctl future [OPTION...] PID [-- COMMAND...]
What is to come.

  -c, --colour=red|green     In this colour
      --onto=CONTEXT         There
      --channel=netlink|debugfs   So
  -h, --help                 Show this help"
	;;
*)
	exec "$real" "\$@"
	;;
esac
END
chmod +x "$scratch/bin/dmaownctl"

# What is neither what was typed nor what was offered.
noise() { grep -aoE '(dmaownctl|bash|zsh|fish|[a-z_]*:[0-9]+|line [0-9]+|sed|awk): .*' "$scratch/terminal"; }

# try SHELL FUNCTION
try() {
	shell=$1
	shell_begin "$1" || { echo "Bail out! $1 does not come up: $line"; exit 1; }
	"$2"
	shell_end
	is "$(noise)" "" "$shell: nothing else is written"
}

for shell in bash bash-completion zsh fish; do
	try $shell completes
	PATH=$scratch/bin:$PATH try $shell after_an_upgrade
done
# Some have it so.
shell_extra='COMP_WORDBREAKS=${COMP_WORDBREAKS//[:=]/}' try bash completes

echo "1..$tests"
[ "$failures" -eq 0 ]
