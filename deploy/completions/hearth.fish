# Completion for hearth and hearthtool: what --help says.

# The words of the command line that say what is to be done.
function __hearth_words
    string match -r '^[a-z].*' -- (commandline -opc)[2..-1]
end

function __hearth_flags
    set -l program (commandline -opc)[1]
    $program (__hearth_words) --help 2>/dev/null | string match -rg '^ +(?:-[a-z], )?--(?:\[no-\])?([a-z][a-z0-9._-]*)' | string replace -r '^' -- --
end

# Those that can follow.
function __hearth_commands
    set -l program (commandline -opc)[1]
    set -l words (__hearth_words)
    $program --help 2>/dev/null | awk -v words="$words" '
        /^Commands:/ { found = 1; next }
        found && /^[a-z]/ {
          count = split(words, wanted, " ")
          for (i = 1; i <= count; ++i) if ($i != wanted[i]) next
          if ($(count + 1) ~ /^[a-z]/ && !told[$(count + 1)]++) print $(count + 1)
        }'
end

for program in hearth hearthtool
    complete -c $program -n 'string match -qr -- "^-[^=]*\$" (commandline -ct)' -f -a '(__hearth_flags)'
    complete -c $program -n 'not string match -q -- "-*" (commandline -ct)' -a '(__hearth_commands)'
    complete -c $program -n 'not string match -q -- "-*" (commandline -ct); and test -n "$(__hearth_commands)"' -f
end
