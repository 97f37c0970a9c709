#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Completion of objects that exist in the machine, tested by pressing keys in each shell. (unit/names.t tests the words
# that do not depend on the machine: commands, options and columns.)
# shellcheck disable=SC2154 # start() sets a variable for each actor
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=../shells.sh
. "$guest_dir/../shells.sh"

size=$((1 << 20))
one=${edus[0]} two=${edus[1]}

# Create two contexts: old holds and owns one, which new holds as well; heir holds the other, whose owner is dead.
vmm old "$one" $size user 1001
old_ioas=$ioas old_ctx=$ctx old_dev=$dev
successor new old $size 1001
next_ctx=$new_ctx next_dev=$new_dev
vmm gone "$two" $size none
successor heir gone $size
heir_ctx=$new_ctx heir_dev=$new_dev gone_ioas=$ioas
stop gone
old_id=$(context_of "$old") heir_id=$(context_of "$heir")
dead=$(dmaownctl owners -rn -o STATE,OWNER | awk '$1 == "dead" { print $2 }')
like "$dead" '^0x[0-9a-f]+$' "there is a dead owner"

sorted() { printf '%s\n' "$@" | LC_ALL=C sort -u | paste -sd ' '; }

# tab KEYS LINE: after "dmaownctl ", the keys and Tab the line must be LINE. (Some shells add a blank after a word that
# can be continued.)
tab() {
	press "dmaownctl $1"$'\t'
	is "${line% }" "dmaownctl $2" "$shell: $1<Tab>"
}

# offer LINE WORD...: the shell must offer these words for the last word of the line.
offer() {
	local what=$1
	shift

	offered "dmaownctl $what"
	is "$offers" "$(sorted "$@")" "$shell: what is offered for: $what"
}

contexts=("$old_id" "$heir_id" "$one" "$two" "$old" "$new" "$heir" "$old/$old_ctx" "$old/$old_dev"
	"$new/$next_ctx" "$new/$next_dev" "$heir/$heir_ctx" "$heir/$heir_dev")

# All shells have these completions.
names() {
	offer "areas --context " "${contexts[@]}"
	offer "tree " "${contexts[@]}"
	# shellcheck disable=SC2046 # words
	offer "who " "$old_id" "$heir_id" "$one" "$two" $(find /dev/iommu /dev/vfio -type c)
	offer "transfer --to 1 -c " "${contexts[@]}"
	offer "owners -p " "$old" "$new" "$heir"
	offer "can-exit " "$old" "$new" "$heir"
	offer "transfer --to " "$old" "$new" "$heir"
	offer "transfer --from " "$old" "$dead"
	# shellcheck disable=SC2046 # words
	offer "check --remap " "$old_ioas:0x0=" "$gone_ioas:0x0=" $(remap_words)
	offer "check --force " would-reset "would-reset=$one" "would-reset=$two" untrusted-holder \
		"untrusted-holder=$old" "untrusted-holder=$new" "untrusted-holder=$heir" \
		unknown-holder "unknown-holder=$one" "unknown-holder=$two" \
		unread "unread=$old" "unread=$new" "unread=$heir" unseen taken-back
	tab "areas -c ${old_id:0:10}" "areas -c $old_id"
	tab "areas --context=${old_id:0:10}" "areas --context=$old_id"
	tab "tree ${one%.*}" "tree $one"
	tab "tree ${two%.*}." "tree $two"
	tab "areas --context ${one%.*}" "areas --context $one"
	tab "areas --context=${one%.*}" "areas --context=$one"
	tab "list -c ${one%:*}:" "list -c ${one%:*}:0"
	tab "tree $old/$old_ctx" "tree $old/$old_ctx"
	tab "check --force would-reset=${one%.*}" "check --force would-reset=$one"
	tab "check --force=untrusted-holder=$heir" "check --force=untrusted-holder=$heir"
	tab "transfer --remap $old_ioas:" "transfer --remap $old_ioas:0x0="
	tab "transfer --remap=$old_ioas:0" "transfer --remap=$old_ioas:0x0="
	tab "--channel=debugfs areas -o CONTEXT,PINN" "--channel=debugfs areas -o CONTEXT,PINNED"
	tab "transfer --from ${dead:0:8}" "transfer --from $dead"
}

# Prints the words that --remap takes literally, according to the help.
remap_words() { dmaownctl check --help | sed -n 's/^ *--remap=\([a-z]*\)|.*/\1/p'; }

for shell in bash bash-completion zsh fish; do
	shell_begin $shell || broken "$shell does not come up: $line $(cat "$scratch/terminal")"
	names
	shell_end
done
finish
