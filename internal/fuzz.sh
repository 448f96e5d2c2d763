#!/bin/sh
# Runs every fuzz target of the module for a bounded time each:
#   sh internal/fuzz.sh 15s
set -eu
time=${1:-15s}
ran=0
for file in $(git ls-files '*_test.go'); do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		echo "fuzz ./$(dirname "$file") $target for $time"
		${GO:-go} test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "./$(dirname "$file")"
		ran=$((ran + 1))
	done
done
test "$ran" -gt 0 || { echo "no fuzz target found" >&2; exit 1; }
echo "$ran fuzz targets ran"
