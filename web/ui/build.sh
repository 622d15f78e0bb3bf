#!/bin/sh
# Rebuilds the committed bundle web/ui/dist from the sources beside it. Needs node 18 or later and npm.
#   web/ui/build.sh           builds into dist
#   web/ui/build.sh --check   fails when dist is not what the sources give
set -eu
cd "$(dirname "$0")"

out=dist
[ "${1:-}" = --check ] && out=.cache/check

npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
npm run --silent check
npm run --silent test
npm run --silent build -- --logLevel warn

rm -rf "$out"
mkdir -p "$out"
for file in index.html app.js app.css favicon.svg; do
  # -n leaves out name and time: the same bytes on every machine.
  gzip -9 -n -c "build/$file" > "$out/$file.gz"
done
wc -c "$out"/*.gz

if [ "$out" != dist ]; then
  for file in "$out"/*.gz; do
    cmp "$file" "dist/$(basename "$file")" || {
      echo "web/ui/dist is not what the sources give; run web/ui/build.sh and commit dist" >&2
      exit 1
    }
  done
  echo "web/ui/dist is what the sources give"
fi
