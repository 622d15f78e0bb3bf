# Completion for hearth and hearthtool, also under their links prometheus and promtool: what --help says.

_hearth() {
  local word=${COMP_WORDS[COMP_CWORD]} command=() i help
  for ((i = 1; i < COMP_CWORD; ++i)); do
    [[ ${COMP_WORDS[i]} == [a-z]* && ${COMP_WORDS[i - 1]} != --* ]] && command+=("${COMP_WORDS[i]}")
  done
  help=$("${COMP_WORDS[0]}" "${command[@]:0:3}" --help 2>&1) || help=$("${COMP_WORDS[0]}" --help 2>&1)
  if [[ $word == -* ]]; then
    local flags
    flags=$(grep -oE '^ +(-[a-z], )?--(\[no-\])?[a-z][a-z0-9._-]*' <<<"$help" | sed 's/.*--/--/; s/\[no-\]//')
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$word")
    return
  fi
  local commands
  commands=$(sed -n '/^Commands:/,$p' <<<"$help" | grep -E '^ {0,2}[a-z]' | sed -E 's/ *(\[<|<|--).*//; s/^ +//' |
    awk -v depth=${#command[@]} '{ print $(depth + 1) }' | sort -u)
  [[ $help == usage:*" <command>"* || $help == usage:*"<command> "* ]] &&
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word")
  [ ${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "$word")
}
complete -o filenames -F _hearth hearth hearthtool
