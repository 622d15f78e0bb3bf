# Completion for hearth and hearthtool: what --help says.

function __hearth_help
    set -l words (commandline -opc)
    set -l command (string match -r '^[a-z].*' -- $words[2..-1])
    $words[1] $command[1..3] --help 2>&1; or $words[1] --help 2>&1
end

function __hearth_flags
    __hearth_help | string match -rg '^ +(?:-[a-z], )?--(?:\[no-\])?([a-z][a-z0-9._-]*)' | string replace -r '^' -- --
end

function __hearth_commands
    set -l depth (count (string match -r '^[a-z].*' -- (commandline -opc)[2..-1]))
    __hearth_help | sed -n '/^Commands:/,$p' | string match -rg '^ {0,2}([a-z][a-z -]*)' | awk -v d=$depth '{ print $(d + 1) }' | sort -u
end

for program in hearth hearthtool
    complete -c $program -n 'string match -q -- "-*" (commandline -ct)' -a '(__hearth_flags)'
    complete -c $program -n 'not string match -q -- "-*" (commandline -ct)' -a '(__hearth_commands)'
end
