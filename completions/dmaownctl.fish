# SPDX-License-Identifier: GPL-2.0-only
# fish completion for dmaownctl(8)
#
# What there is, the tool says itself: commands, options and what they take stand in its --help, columns
# in --list-columns, processes, contexts and areas in its listings.

# The help of a command, or of the tool, with each option in one line.
function __dmaownctl_help
    ARGP_HELP_FMT=rmargin=9999 dmaownctl $argv --help 2>/dev/null
end

# Commands and what they show or do, separated by a tab.
function __dmaownctl_commands
    __dmaownctl_help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\)  *\(.*\)/\1\t\2/p'
end

# The options of a command, likewise.
function __dmaownctl_options
    __dmaownctl_help $argv | sed -nE 's/^  (    |-.?, )(--[a-z-]+)(=[^ ]+)? *(.*)/\2\t\4/p'
end

# What the option $argv[1], long or short, takes: LIST, for instance.
function __dmaownctl_kind
    string match -q -- '-?*' $argv[1]; or return
    __dmaownctl_help $argv[2..] |
        sed -nE "s/^  (    |-.?, )--/ \1--/; / $argv[1][=,]/s/^.*--[a-z-]+=([^ ]+).*/\1/p"
end

# What a command takes besides options: CONTEXT of "[CONTEXT]".
function __dmaownctl_argument
    __dmaownctl_help $argv | sed -nE '1s/.*\[OPTION\.\.\.\] *\[?([A-Z]*).*/\1/p'
end

# What stands in columns of a listing, one word a line; nothing when it cannot be had.
function __dmaownctl_listed
    dmaownctl $argv[1] --raw --noheadings --output $argv[2] 2>/dev/null | string split ' ' | string split , |
        string match -v -- -
end

# Those that own something, as --from names them: the living by PID, the dead by owner ID.
function __dmaownctl_owners
    dmaownctl owners --raw --noheadings --output STATE,PID,OWNER,COMMAND 2>/dev/null |
        awk '{ print ($1 != "dead" && $2 != "-" ? $2 : $3) "\t" ($1 == "dead" ? "dead" : $4) }'
end

# How an entry begins, for each area that is mapped by address.
function __dmaownctl_remaps
    dmaownctl areas --raw --noheadings --output SOURCE,IOAS,IOVA 2>/dev/null |
        awk '$1 == "address" { print $2 ":" $3 "=" }'
end

# The columns of a command that do not stand in the list $argv[1] yet.
function __dmaownctl_columns
    set -l taken (string trim -l -c + -- $argv[1] | string split ,)
    dmaownctl $argv[2] --list-columns --raw --noheadings 2>/dev/null | while read -l name type description
        contains -- $name $taken; or printf '%s\t%s\n' $name (string replace -a '\x20' ' ' -- $description)
    end
end

# The value of an option, or an argument, by what the help calls it. What stands there in small letters is
# meant literally, as "auto" in auto|IOAS:IOVA=ADDR. $argv: option, kind, what has been typed, command.
function __dmaownctl_offer_kind
    string split '|' -- $argv[2] | string match -r '^[a-z].*'
    switch $argv[1]:$argv[2]
        case '*:LIST'
            # What stands before the last name
            set -l before (string match -r -- '^\+?(?:.*,)?' $argv[3])
            __dmaownctl_columns $before $argv[4] | string replace -r -- '^' $before
        case '*:CONTEXT'
            __dmaownctl_listed list ID,DEVICES,HOLDERS,FILES
        case '--to:PID'
            __dmaownctl_listed list HOLDERS
        case '*:PID'
            __dmaownctl_listed list HOLDERS
            __dmaownctl_owners | string match -rv '^0x'
        case '*:*OWNER'
            __dmaownctl_owners
        case '*:REASON*'
            printf '%s\n' would-reset untrusted-holder
            __dmaownctl_listed devices DEVICE | string replace -r '^' would-reset=
            __dmaownctl_listed list HOLDERS | string replace -r '^' untrusted-holder=
        case '*:*IOAS:IOVA=ADDR'
            __dmaownctl_remaps
    end
end

# The first word that is neither --channel nor what that takes; options stand for list.
function __dmaownctl_command
    set -l words $argv
    while set -q words[1]
        switch $words[1]
            case --channel
                set -e words[1]
            case '--channel=*'
            case '-*'
                echo list
                return
            case '*'
                echo $words[1]
                return
        end
        set -e words[1]
    end
end

# All that could stand at the cursor.
function __dmaownctl_complete
    set -l words (commandline -opc)[2..]
    set -l current (commandline -ct)
    set -l option $words[-1]
    set -l before ''
    set -l command (__dmaownctl_command $words)

    string match -q -- '-*' $current; and test -z "$command"; and not string match -q -- '--channel=*' $current
    and set command list
    # What another command takes, which this one is to run, is for that to say.
    set -l end (contains -i -- -- $words)
    if test -n "$end"; and __dmaownctl_help $command | string match -q -- '*-- COMMAND*'
        set -e words[1..$end]
        complete -C "$words $current"
        return
    end
    if string match -qr -- '^--.*=' $current
        set before (string match -r -- '^--[^=]*=' $current)
        set option (string trim -r -c = -- $before)
        set current (string replace -- $before '' $current)
    else if string match -qr -- '^-[^-]' $option
        # -rno LIST is -r -n -o LIST
        set option -(string sub -s -1 -- $option)
    end

    set -l kind (__dmaownctl_kind "$option" $command)
    if test -n "$kind"
        __dmaownctl_offer_kind $option $kind "$current" $command | string replace -r -- '^' "$before"
    else if string match -q -- '-*' $current
        __dmaownctl_options $command
    else if test -z "$command"
        __dmaownctl_commands
    else
        set kind (__dmaownctl_argument $command)
        if test -n "$kind"
            __dmaownctl_offer_kind '' $kind "$current" $command
        else
            __dmaownctl_options $command
        end
    end
end

complete -c dmaownctl -f -k -a '(__dmaownctl_complete)'
