# Presses keys at interactive shells, for tests of their completion; sourced, not run.
#
#	shell_begin bash	start an interactive shell on a terminal, with the completion of the checkout
#	press $'dmaownctl tr\t'	press keys; sets $line to the command line after them
#	offered 'dmaownctl tr'	set $offers to all words that completion offers for the last word: sorted, in one
#				line, each as the shell inserts it
#	shell_end		end the shell
#
# The shells are bash, bash-completion (bash with that package, which finds the completion itself), zsh and fish.
# The caller sets $scratch to a folder; $scratch/terminal is what the shells write to their terminal.
#
# shellcheck shell=bash

completions_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../completions" && pwd)
# Timeout of an answer of a shell, in seconds.
shell_timeout=300

# Keys that the tests press. They are not special keys of the terminal, so none is lost while the shell starts.
shell_clear=$'\001\013' shell_report=$'\033=' shell_all=$'\033*'

# The *_start functions print the start-up file of a shell. The file binds two keys: one writes the command line into
# the file $1, the other inserts all words that completion offers into the command line.
bash_start() {
	cat <<-END
	PS1='$ '
	unset HISTFILE
	bind 'set bell-style none'
	bind -x '"\e=": printf "%s\n" "\$READLINE_LINE" >"$1"'
	bind '"\e*": insert-completions'
	. "$completions_dir/dmaownctl"
	${shell_extra:-}
	echo ready >"$1"
	END
}

bash_completion_start() {
	bash_start "$1" | sed '/^\. /d; /^echo ready/d'
	cat <<-END
	BASH_COMPLETION_USER_DIR=${completions_dir%/*}
	. /usr/share/bash-completion/bash_completion
	echo ready >"$1"
	END
}

zsh_start() {
	cat <<-END
	PS1='%% '
	bindkey -e
	unsetopt beep
	report() { print -r -- "\$BUFFER" >"$1" }
	zle -N report
	bindkey '\e=' report
	all() { compstate[insert]=all; compstate[list]= }
	offer() { comppostfuncs=(all); zle complete-word }
	zle -N offer
	bindkey '\e*' offer
	# Leave out the completions for other systems: compinit reads all files each time.
	fpath=("$completions_dir" \${(M)fpath:#*/Completion(|/Base|/Unix|/Zsh)})
	autoload -Uz compinit
	compinit -u -D
	echo ready >"$1"
	END
}

fish_start() {
	cat <<-END
	function fish_greeting; end
	function fish_prompt; echo '> '; end
	set fish_complete_path "$completions_dir" \$__fish_data_dir/completions
	bind \e= 'commandline >"$1"'
	bind \e\* 'commandline -t -- (complete -C (commandline -cp) | string replace -r "\t.*" "" | string join " ")'
	echo ready >"$1"
	END
}

shell_begin() {
	# shellcheck disable=SC2154 # the caller sets $scratch
	local answers=$scratch/answers command

	shell_home=$scratch/$1
	mkdir -p "$shell_home"
	rm -f "$answers" "$shell_home/keys"
	mkfifo "$answers" "$shell_home/keys"
	exec {shell_answers}<>"$answers" {shell_keys}<>"$shell_home/keys"
	case $1 in
	bash)
		bash_start "$answers" >"$shell_home/rc"
		command="exec bash --noprofile --rcfile $shell_home/rc -i"
		;;
	bash-completion)
		bash_completion_start "$answers" >"$shell_home/rc"
		command="exec bash --noprofile --rcfile $shell_home/rc -i"
		;;
	zsh)
		zsh_start "$answers" >"$shell_home/.zshrc"
		command="ZDOTDIR=$shell_home exec zsh -d -i"
		;;
	fish)
		fish_start "$answers" >"$shell_home/config.fish"
		command="HOME=$shell_home exec fish --private --no-config -i -C 'source $shell_home/config.fish'"
		;;
	esac
	TERM=xterm script -qc "$command" /dev/null <"$shell_home/keys" >"$scratch/terminal" 2>&1 &
	shell_pid=$!
	shell_read_line && [ "$line" = ready ]
}

# Reads into $line what the shell reports.
shell_read_line() {
	line=
	IFS= read -r -t "$shell_timeout" -u "$shell_answers" line
}

press() {
	printf '%s%s%s' "$shell_clear" "$1" "$shell_report" >&"$shell_keys"
	shell_read_line
}

offered() {
	press "$1$shell_all"
	offers=${line#"${1% *} "}
	offers=$(tr ' ' '\n' <<<"$offers" | sed '/^$/d' | LC_ALL=C sort | paste -sd ' ')
}

shell_end() {
	# End the shell by the end of its input: killing script(1) would take seconds.
	printf '%s\004' "$shell_clear" >&"$shell_keys"
	wait "$shell_pid" 2>/dev/null
	exec {shell_answers}>&- {shell_keys}>&-
}
