# SPDX-License-Identifier: GPL-2.0-only
# fish completion for dmaownctl(8)
#
# All names come from the tool itself: commands, options and their arguments from --help, columns from
# --list-columns, processes, contexts and areas from listings.

# Print the help of a command, or of the tool if none is given, with each option on one line.
function __dmaownctl_help
    ARGP_HELP_FMT=rmargin=9999 dmaownctl $argv --help 2>/dev/null
end

# Print the commands and their descriptions, separated by a tab.
function __dmaownctl_commands
    __dmaownctl_help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\)  *\(.*\)/\1\t\2/p'
end

# Print the options of a command in the same form.
function __dmaownctl_options
    __dmaownctl_help $argv | sed -nE 's/^  (    |-.?, )(--[a-z-]+)(=[^ ]+)? *(.*)/\2\t\4/p'
end

# Print the name of the argument of option $argv[1], long or short, such as LIST.
function __dmaownctl_kind
    string match -q -- '-?*' $argv[1]; or return
    __dmaownctl_help $argv[2..] |
        sed -nE "s/^  (    |-.?, )--/ \1--/; / $argv[1][=,]/s/^.*--[a-z-]+=([^ ]+).*/\1/p"
end

# Print the argument of a command besides options: CONTEXT of "[CONTEXT]".
function __dmaownctl_argument
    __dmaownctl_help $argv | sed -nE '1s/.*\[OPTION\.\.\.\] *\[?([A-Z]*).*/\1/p'
end

# Print the values of columns of a listing, one word a line. Print nothing if the listing fails, and no unknown value.
function __dmaownctl_listed
    dmaownctl $argv[1] --raw --noheadings --output $argv[2] 2>/dev/null | string split ' ' | string split , |
        string match -rv '^[-?]$'
end

# Print what processes can hold: contexts, devices, and device files of VFIO and iommufd.
function __dmaownctl_names
    __dmaownctl_listed list ID
    __dmaownctl_listed devices DEVICE
    find /dev/iommu /dev/vfio -type c 2>/dev/null
end

# Print the owners in the form that --from takes: the living by PID, the dead by owner ID.
function __dmaownctl_owners
    dmaownctl owners --raw --noheadings --output STATE,PID,OWNER,COMMAND 2>/dev/null |
        awk '{ print ($1 != "dead" && $2 != "-" ? $2 : $3) "\t" ($1 == "dead" ? "dead" : $4) }'
end

# Print the beginning of a remap entry for each area that is mapped by address.
function __dmaownctl_remaps
    dmaownctl areas --raw --noheadings --output SOURCE,IOAS,IOVA 2>/dev/null |
        awk '$1 == "address" { print $2 ":" $3 "=" }'
end

# Print the columns of command $argv[2] that are not in the list $argv[1] yet.
function __dmaownctl_columns
    set -l taken (string trim -l -c + -- $argv[1] | string split ,)
    dmaownctl $argv[2] --list-columns --raw --noheadings 2>/dev/null | while read -l name type description
        contains -- $name $taken; or printf '%s\t%s\n' $name (string replace -a '\x20' ' ' -- $description)
    end
end

# Offer values of an option, or an argument, by its name in the help. A name in small letters is a literal
# value, such as "auto" in auto|IOAS:IOVA=ADDR. $argv: option, kind, typed text, command.
function __dmaownctl_offer_kind
    string split '|' -- $argv[2] | string match -r '^[a-z].*'
    switch $argv[1]:$argv[2]
        case '*:LIST'
            # The list without its last name
            set -l before (string match -r -- '^\+?(?:.*,)?' $argv[3])
            __dmaownctl_columns $before $argv[4] | string replace -r -- '^' $before
        case '*:CONTEXT'
            __dmaownctl_listed list ID,DEVICES,HOLDERS,FILES
        case '*:NAME'
            __dmaownctl_names
        case '--to:PID'
            __dmaownctl_listed list HOLDERS
        case '*:PID'
            __dmaownctl_listed list HOLDERS
            __dmaownctl_owners | string match -rv '^0x'
        case '*:*OWNER'
            __dmaownctl_owners
        case '*:REASON*'
            printf '%s\n' would-reset untrusted-holder unknown-holder unread unseen taken-back
            __dmaownctl_listed devices DEVICE | string replace -r '^' would-reset=
            __dmaownctl_listed devices DEVICE | string replace -r '^' unknown-holder=
            __dmaownctl_listed list HOLDERS | string replace -r '^' untrusted-holder=
            __dmaownctl_listed list HOLDERS | string replace -r '^' unread=
        case '*:*IOAS:IOVA=ADDR'
            __dmaownctl_remaps
    end
end

# Print the command: the first word that is neither --channel nor its value. If an option comes first, it is list.
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

# Print all words that are possible at the cursor.
function __dmaownctl_complete
    set -l words (commandline -opc)[2..]
    set -l current (commandline -ct)
    set -l option $words[-1]
    set -l before ''
    set -l command (__dmaownctl_command $words)

    string match -q -- '-*' $current; and test -z "$command"; and not string match -q -- '--channel=*' $current
    and set command list
    # After "--", complete the command line of the command that dmaownctl is to run.
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
