#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests that the tool's --help, its manual page and the completion of each shell have the same names: none has a name
# that another one lacks. Runs on the host, where the module is not loaded, with the dmaownctl in PATH.
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

# Prints its input lines as one line of words, sorted, each once.
words() { LC_ALL=C sort -u | paste -sd ' '; }

# --- the help

commands=$(dmaownctl --help | awk '/^Commands:/ { inside = 1; next } /^$/ { inside = 0 } inside && /^  [a-z]/ { print $1 }')
[ -n "$commands" ] || { echo "Bail out! dmaownctl --help names no commands"; exit 1; }
is "$(dmaownctl --help | sed -n '/^Commands:/,/^$/p' | grep -vE '^  [a-z-]+ +[a-z]')" "Commands:" "each has a summary in one line"

options_of() { dmaownctl "$1" --help | grep -oE -- '^ {2,6}(-., )?--[a-z-]+' | grep -oE -- '--.*' | words; }
listings=$(for command in $commands; do dmaownctl "$command" --help | grep -q -- --list-columns && echo "$command"; done)
common=$(options_of metrics)

# Prints the words of $1 that are not in $2.
without() { tr ' ' '\n' <<<"$1" | grep -vxF -f <(tr ' ' '\n' <<<"$2") | words; }

# --- the manual page

# Prints section $1 as plain text, without font marks.
section() { sed -n "/^# $1\$/,/^# /p" "$manual" | sed '1d; s/\\\(.\)/\1/g; s/[*]//g; s/\b_\([^_]*\)_/\1/g'; }

# Prints each paragraph of the synopsis in one line, for example "dmaownctl can-exit PID [--json]".
synopsis() { section SYNOPSIS | awk -v RS= '/^dmaownctl/ { gsub(/\n/, " "); sub(/^dmaownctl \[--channel[^]]*\]/, "dmaownctl"); print }'; }

# Prints the synopsis of command $1, for example "[CONTEXT] [OPTION...]".
synopsis_of() {
	synopsis | while read -r _ names rest; do
		[[ "|$(tr -d '[]' <<<"$names")|" != *"|$1|"* ]] || echo "$rest"
	done
}

is "$(synopsis | while read -r _ names _; do tr -d '[]' <<<"$names" | tr '|' '\n'; done | words)" "$(words <<<"$commands")" \
	"the synopsis has all commands"
is "$(section COMMANDS | sed -nE 's/^([a-z-]+).*/\1/p' | words)" "$(words <<<"$commands")" "each command is described"
is "$(sed -nE 's/^# dmaownctl ([a-z-]+).*/\1/p' "$manual" | words)" "$(words <<<"$commands")" \
	"each command is shown with its output"
for command in $commands; do
	case $(synopsis_of "$command") in
	*OPTION...*)
		expected=$(without "$(options_of list)" "$common")
		# A tree refuses --filter, and does not show it.
		[ "$command" != tree ] || expected=$(without "$expected" --filter)
		;;
	*)
		expected=$(synopsis_of "$command" | grep -oE -- '--[a-z-]+' | words)
		;;
	esac
	is "$(without "$(options_of "$command")" "$common")" "$expected" "$command: its options are in the synopsis"
done

# Print each option that has a paragraph of its own in the manual page, and each option in the help: "-o --output".
described() { sed -nE 's/^(\*(-.)\*, )?\*(--[a-z-]+)\*.*/\2 \3/p' "$manual" | words; }
helped() {
	for command in $commands; do
		dmaownctl "$command" --help | sed -nE 's/^ {2,6}((-.), )?(--[a-z-]+).*/\2 \3/p'
	done | words
}
is "$(described)" "$(helped)" "each option is described, with its short form"

is "$(section 'EXIT STATUS' | grep -xE '[0-9]+' | words)" "$(grep -oE 'EXIT_[A-Z_]+\s+= [0-9]+' cli/exit_status.h | grep -oE '[0-9]+$' | words)" \
	"the exit statuses are those of the source"
environment=$(grep -hoE 'getenv\("[A-Z_]+' cli/*/*.c | grep -oE '[A-Z_]+$')
# Add the variables that setlocale() reads; libsmartcols depends on them.
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

# Prints the reasons that can be forced, according to the error message for an unknown one.
forces() {
	dmaownctl check --to 1 --force '' 2>&1 |
		sed -n 's/.*the reason must be //p' | sed 's/\[=[A-Z]*\]//g; s/,\| or / /g' | tr -s ' ' '\n' | words
}

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
	# Without the module there is nothing to offer, and no error.
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

# Completes a tool that has one more command: the completions have no names of their own, so they offer it.
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

# Prints the error messages that are in $scratch/terminal: text that was neither typed nor offered.
noise() { grep -aoE '(dmaownctl|bash|zsh|fish|[a-z_]*:[0-9]+|line [0-9]+|sed|awk): .*' "$scratch/terminal"; }

# try SHELL FUNCTION: run the tests in FUNCTION in a shell.
try() {
	shell=$1
	shell_begin "$1" || { echo "Bail out! $1 does not start: $line"; exit 1; }
	"$2"
	shell_end
	is "$(noise)" "" "$shell: nothing else is written"
}

for shell in bash bash-completion zsh fish; do
	try "$shell" completes
	PATH=$scratch/bin:$PATH try "$shell" after_an_upgrade
done
# Some users set COMP_WORDBREAKS like this.
# shellcheck disable=SC2016 # bash expands it
shell_extra='COMP_WORDBREAKS=${COMP_WORDBREAKS//[:=]/}' try bash completes

echo "1..$tests"
[ "$failures" -eq 0 ]
