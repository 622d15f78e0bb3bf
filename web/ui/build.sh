#!/bin/sh
# Rebuilds the committed bundle web/ui/dist from the sources beside it. Needs node 18 or later and npm.
#   web/ui/build.sh           builds into dist
#   web/ui/build.sh --check   changes nothing; fails when dist is not what the sources give
set -eu
cd "$(dirname "$0")"

npm ci --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error || exit 3 # no network, perhaps
npm run --silent check
npm run --silent test
npm run --silent build -- --logLevel warn

files="index.html app.js app.css favicon.svg"
if [ "${1:-}" = --check ]; then
  for file in $files; do
    gzip -dc "dist/$file.gz" | cmp - "build/$file" || {
      echo "web/ui/dist/$file.gz is not what the sources give; run web/ui/build.sh and commit dist" >&2
      exit 1
    }
  done
  echo "web/ui/dist is what the sources give"
else
  mkdir -p dist
  for file in $files; do
    # -n leaves out name and time: the same bytes on every machine.
    gzip -9 -n -c "build/$file" > "dist/$file.gz"
  done
  wc -c dist/*.gz
fi
