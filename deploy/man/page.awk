# Makes a manual page of what a program says of itself: awk -f page.awk -v program= -v summary= -v version= -v date=
# reads the output of --help (or --help-long), and what stands after it as it is.
function text(line) {
  gsub(/\\/, "\\e", line)
  gsub(/-/, "\\-", line)
  return line ~ /^[.']/ ? "\\&" line : line
}
function heading(line) { print line; body = gap = 0 }
function indent(line) { match(line, /^ */); return RLENGTH }
BEGIN {
  printf ".TH %s 1 %s \"%s %s\" \"User Commands\"\n", toupper(program), date, "hearth", version
  print ".ad l\n.SH NAME\n" program " \\- " summary
}
FNR != NR { print; next }  # the end of the page
FNR == 1 {
  sub(/^usage: [^ ]+ ?/, "")
  print ".SH SYNOPSIS\n.B " program "\n" text($0)
  print ".SH DESCRIPTION"
  next
}
/^Flags:/ { heading(".SH OPTIONS"); next }
/^Commands:/ { heading(".SH COMMANDS"); commands = 1; next }
/^ *$/ { gap = body; next }
commands && /^[^ ]/ { heading(".SS " text($0)); next }
/^ +(-[a-zA-Z], )?--/ {
  line = substr($0, indent($0) + 1)
  end = match(line, /  /)  # two spaces end the flag
  print ".TP\n.B " text(end ? substr(line, 1, end - 1) : line)
  line = end ? substr(line, end + indent(substr(line, end))) : ""
  if (line != "") print text(line)
  body = gap = 0
  next
}
{
  line = substr($0, indent($0) + 1)
  if (gap) print ".PP"
  gap = 0
  print text(line)
  body = indent($0) < 5  # not of a flag's text
}
