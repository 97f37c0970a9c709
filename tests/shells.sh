# Shells at which keys are pressed, for tests of their completion; sourced, not run.
#
#	shell_begin bash	an interactive shell on a terminal, with the completion of the checkout
#	press $'dmaownctl tr\t'	keys; $line is the line as it stands then
#	offered 'dmaownctl tr'	all that completion has to offer for the last word, in $offers: sorted, in one
#				line, each as the shell inserts it
#	shell_end
#
# There is bash, bash-completion (bash with that package, which finds the completion itself), zsh and fish.
# Needs $scratch, a folder; what the shells write to their terminal lies in $scratch/terminal.
#
# shellcheck shell=bash

completions_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../completions" && pwd)
# How long a shell may take for an answer, in seconds.
shell_patience=300

# Keys that begin with these are not the terminal's own, so none is lost while the shell is coming up.
shell_clear=$'\001\013' shell_report=$'\033=' shell_all=$'\033*'

# What the shells read when they start: two keys, one that writes the line into $1, and one that puts all
# there is to offer into it.
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
	# Not what is there for other systems: all files are read each time.
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
	shell_hear && [ "$line" = ready ]
}

# Reads what the shell reports.
shell_hear() {
	line=
	IFS= read -r -t "$shell_patience" -u "$shell_answers" line
}

press() {
	printf '%s%s%s' "$shell_clear" "$1" "$shell_report" >&"$shell_keys"
	shell_hear
}

offered() {
	press "$1$shell_all"
	offers=${line#"${1% *} "}
	offers=$(tr ' ' '\n' <<<"$offers" | sed '/^$/d' | LC_ALL=C sort | paste -sd ' ')
}

shell_end() {
	# The shell ends at the end of its input; script(1), killed, would wait for seconds.
	printf '%s\004' "$shell_clear" >&"$shell_keys"
	wait "$shell_pid" 2>/dev/null
	exec {shell_answers}>&- {shell_keys}>&-
}
