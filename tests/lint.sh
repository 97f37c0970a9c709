# SPDX-License-Identifier: GPL-2.0-only
# Checks of how sources are written, for tests/static; sourced, not run.
#
# Each check prints FILE:LINE: and the fault, a line each, and prints nothing if there is none.
# tests/unit/static.t shows that each of them finds its faults.
# shellcheck shell=bash

# Prints the files below the current folder, without those that a build has made.
tree_files() {
	find . \( -name build -o -name .git \) -prune -o -type f -print | sed 's|^\./||' | LC_ALL=C sort
}

c_files() { tree_files | grep '\.[ch]$'; }

# Prints the shell scripts: files that name their shell in the first line, and files to be sourced, which name it in a
# comment for shellcheck.
shell_scripts() {
	local file line

	tree_files | grep -vE '\.([ch]|md|scd|py)$' | while read -r file; do
		IFS= read -r line <"$file" 2>/dev/null || [ "$line" ] || continue
		if [[ $line =~ ^'#!'.*[/\ ](ba)?sh( |$) ]] ||
			head -n 12 "$file" | grep -qE '^# shellcheck shell=(ba)?sh'; then
			echo "$file"
		fi
	done
}

# The folders and files of cli/ from the top down, a level a word.
cli_levels='main cmd hold health transfer options query output channel host exit_status|command'

# includes ROOT: prints "FILE LINE INCLUDED" for each file of the tree in ROOT that another one includes. The paths are
# relative to ROOT. A file is looked for beside the one that includes it first, then from ROOT.
includes() {
	(
		cd "$1" || exit
		{
			find . -name build -prune -o -name '*.[ch]' -print | sed 's|^\./||'
			echo
			find . -name build -prune -o -name '*.[ch]' -print | sed 's|^\./||' | LC_ALL=C sort |
				xargs grep -nE '^#[[:blank:]]*include "' /dev/null
		} | awk -F '[:"]' '
			NF == 0 { listed = 1 }
			!listed { exists[$0]; next }
			NF > 3 {
				beside = $1
				sub(/[^\/]*$/, "", beside)
				path = beside $4
				if (!(path in exists)) path = $4
				if (path in exists) print $1, $2, path
			}'
	)
}

# include_order FOLDER: a file of cli/, which is FOLDER, includes files of its own level and of lower ones only.
include_order() {
	includes "$1" | awk -v root="$1" -v levels="$cli_levels" '
		BEGIN {
			count = split(levels, level, " ")
			for (i = 1; i <= count; i++) {
				n = split(level[i], names, "|")
				for (j = 1; j <= n; j++) rank[names[j]] = i
			}
		}
		function part(path) {
			if (path ~ /\//) sub(/\/.*/, "", path); else sub(/\.[ch]$/, "", path)
			return path
		}
		{
			from = part($1)
			to = part($3)
			place = root "/" $1 ":" $2 ": "
			if (!(from in rank)) print place from " is not in cli_levels of tests/lint.sh"
			else if (!(to in rank)) print place to " is not in cli_levels of tests/lint.sh"
			else if (rank[to] < rank[from]) print place from " includes " $3 ", which is higher"
		}'
}

# include_circles FOLDER [headers]: no chain of includes leads back to where it begins. NAME.c and NAME.h count as one;
# with `headers` only headers count.
include_circles() {
	includes "$1" | awk -v root="$1" -v headers="${2:-}" '
		function unit(path) { sub(/\.[ch]$/, "", path); return path }
		headers && $1 !~ /h$/ { next }
		function visit(name, trail,    i, n, next_names) {
			state[name] = 1
			n = split(edges[name], next_names, " ")
			for (i = 1; i <= n; i++) {
				if (state[next_names[i]] == 1)
					print root "/" place[name, next_names[i]] ": includes in a circle: " \
						substr(trail, index(trail " ", next_names[i] " ")) " " next_names[i]
				else if (!state[next_names[i]])
					visit(next_names[i], trail " " next_names[i])
			}
			state[name] = 2
		}
		{
			from = unit($1)
			to = unit($3)
			if (from == to || (from, to) in place) next
			place[from, to] = $1 ":" $2
			edges[from] = edges[from] " " to
			if (!(from in known)) { known[from]; order[++total] = from }
		}
		END { for (i = 1; i <= total; i++) if (!state[order[i]]) visit(order[i], order[i]) }'
}

# comment_openings FILE...: no comment, and no paragraph of one, begins with one of five words that leave the subject of
# the sentence for later.
comment_openings() {
	perl -CSD -e '
		my $riddle = qr/^(?:What|WHAT|Who|WHO|Those|THOSE|That|THAT|Of|OF)\b/;
		for my $file (@ARGV) {
			open my $in, "<", $file or do { print "$file:1: cannot be read\n"; next };
			my $text = do { local $/; <$in> } // "";
			my $opens = 1;
			my $see = sub {
				my ($words, $number) = @_;
				if ($words eq "" || $words =~ /^(?:!|SPDX-|shellcheck )/) { $opens = 1; return }
				print "$file:$number: a comment begins with: ", substr($words, 0, 40), "\n"
					if $opens && $words =~ $riddle;
				$opens = 0;
			};
			if ($file =~ /\.[ch]$/) {
				while ($text =~ m{"(?:\\.|[^"\\\n])*"|\x27(?:\\.|[^\x27\\\n])*\x27|/\*(.*?)\*/|//([^\n]*)}gs) {
					my $body = $1 // $2 // next;
					my $number = 1 + (substr($text, 0, $-[0]) =~ tr/\n//);
					$opens = 1;
					for my $line (split /\n/, $body) {
						$line =~ s/^\s*\**\s*//;
						$see->($line, $number++);
					}
				}
			} else {
				my $sign = $file =~ /\.scd$/ ? ";" : "#";
				my $number = 0;
				for my $line (split /\n/, $text) {
					$number++;
					if ($line =~ /^\s*$sign+\s*(.*)/) { $see->($1, $number) } else { $opens = 1 }
				}
			}
		}' "$@"
}

# text_form FILE...: the rules of .editorconfig that can be seen: no blanks at the end of a line, a newline at the end
# of the file, and lines of at most 100 columns in C and 120 elsewhere. Code with a string in it may be longer, because
# a string is not broken. So may a row of a table, an address on the web, a manual page and verbatim text.
text_form() {
	perl -CSD -e '
		for my $file (@ARGV) {
			open my $in, "<", $file or do { print "$file:1: cannot be read\n"; next };
			my $most = $file =~ /\.[ch]$/ ? 100 : $file =~ /\.(?:scd|yaml)$/ ? 10000 : 120;
			my $whole = 1;
			while (my $line = <$in>) {
				$whole = chomp $line;
				print "$file:$.: blanks at the end of the line\n" if $line =~ /\s$/;
				my $columns = $line;
				1 while $columns =~ s/^([^\t]*)\t/$1 . " " x (8 - length($1) % 8)/e;
				next if length $columns <= $most || $line =~ m{^\||://};
				next if $file =~ /\.md$/ && $line =~ /^    /;
				my $comment = $file =~ /\.[ch]$/ ? $line =~ m{^\s*(?:/\*|\*|//)} : $line =~ /^\s*#/;
				print "$file:$.: ", length $columns, " columns, at most $most\n"
					if $comment || $line !~ /["\x27]/ || $file =~ /\.md$/;
			}
			print "$file:$.: no newline at the end of the file\n" if !$whole;
			close $in;
		}' "$@"
}

# formatted FILE: a C file is as clang-format leaves it.
formatted() {
	local program=clang-format-14

	command -v "$program" >/dev/null || program=clang-format
	"$program" --style=file --dry-run -Werror "$1" 2>&1 | grep -E '^[^ ]+:[0-9]+:.*(error|warning): |: command not found'
	[ "${PIPESTATUS[0]}" -ne 127 ]
}

# linted FILE: shellcheck has nothing to say about a script.
linted() { shellcheck --format=gcc "$1"; }

# symbol_names MODULE SOURCES: each global symbol that a module defines begins with dmaown_. Others are printed with
# the place in the folder SOURCES where they seem to be defined. The kernel's macros define some symbols: these are left
# out, or judged by the name from which they are made.
symbol_names() {
	local name plain place made_by_kernel

	made_by_kernel='^(__(pfx|cfi|kcfi_typeid|tracepoint|traceiter|probestub|bpf_trace)_|__SC[KT]__|tp_func_)(.*)'
	nm --defined-only --extern-only "$1" | awk '{ print $NF }' | while read -r name; do
		case ${name#__pfx_} in
		init_module | cleanup_module | __this_module | __UNIQUE_ID_* | __mod_* | ___srcversion* | __kstrtab* | \
			__ksymtab_* | __crc_* | __start_* | __stop_* | _note_*) continue ;;
		esac
		plain=$name
		while [[ $plain =~ $made_by_kernel ]]; do
			plain=${BASH_REMATCH[3]}
		done
		[[ $plain != dmaown_* ]] || continue
		place=$(grep -rnE --include='*.[ch]' "^[A-Za-z].*[ *]$plain(\(|\[| =|;)" "$2" |
			grep -vE '^[^:]*:[0-9]*:(extern|typedef) |^[^:]*\.h:[0-9]*:[^{]*;$' | head -n 1 | cut -d : -f 1,2)
		echo "${place:-$1:0}: the global symbol $name lacks the prefix dmaown_"
	done
}

# THE MAP

# map_files FILE: prints the files of kmod/ and cli/ that the map in HACKING.md, which is FILE, has, without .c and .h.
# In the map a folder is a line "FOLDER/ ...", and each line "  NAME ..." below it a file.
map_files() {
	awk '
		/^## / { inside = /map$/ }
		!inside { next }
		/^    [a-z]/ { folder = $1 ~ /^(kmod|cli)\/.*$/ ? $1 : "" }
		/^      [a-z0-9_]+ / && folder != "" { print folder $1 }' "$1" | LC_ALL=C sort
}

# map_is_whole FILE: the map in FILE has each C file of kmod/ and cli/, and no other.
map_is_whole() {
	diff <(map_files "$1") <(tree_files | grep -E '^(kmod|cli)/.*\.[ch]$' | sed 's/\.[ch]$//' | LC_ALL=C sort -u) |
		sed -n "s|^< \(.*\)|$1:1: the map has \1, which does not exist|p; s|^> \(.*\)|$1:1: the map lacks \1|p"
}
