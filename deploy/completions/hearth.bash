# Completion for hearth and hearthtool, also under their links prometheus and promtool: what --help says.

# The words that can follow a command's first words.
_hearth_commands() {
  "$1" --help 2>/dev/null | awk -v words="${*:2}" '
    /^Commands:/ { found = 1; next }
    found && /^[a-z]/ {
      count = split(words, wanted, " ")
      for (i = 1; i <= count; ++i) if ($i != wanted[i]) next
      if ($(count + 1) ~ /^[a-z]/ && !told[$(count + 1)]++) print $(count + 1)
    }'
}

_hearth_flags() {
  "$@" --help 2>/dev/null | grep -oE '^ +(-[a-z], )?--(\[no-\])?[a-z][a-z0-9._-]*' | sed 's/.*--/--/; s/\[no-\]//; s/^ *--no-/--/'
}

_hearth() {
  local word=${COMP_WORDS[COMP_CWORD]} commands=() i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    [[ ${COMP_WORDS[i]} == [a-z]* && ${COMP_WORDS[i - 1]} != [=-]* ]] && commands+=("${COMP_WORDS[i]}")
  done
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_hearth_flags "${COMP_WORDS[0]}" "${commands[@]}")" -- "$word")
    return
  fi
  mapfile -t COMPREPLY < <(compgen -W "$(_hearth_commands "${COMP_WORDS[0]}" "${commands[@]}")" -- "$word")
  [ ${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "${word#=}")
}
complete -o filenames -F _hearth hearth hearthtool
