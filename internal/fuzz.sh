#!/bin/sh
# Runs every fuzz target of the module for a bounded time each:
#   sh internal/fuzz.sh 15s
# Little of the time goes into shortening inputs that only reach new code. A run
# that ends while a worker is at that fails with "context deadline exceeded" and
# without a failing input; it is made once more.
set -eu
time=${1:-15s}
ran=0

fuzz() {
	${GO:-go} test -run '^$' -fuzz "^$2\$" -fuzztime "$time" -fuzzminimizetime 20x "$1" 2>&1
}

for file in $(git ls-files '*_test.go'); do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		folder=./$(dirname "$file")
		echo "fuzz $folder $target for $time"
		if ! said=$(fuzz "$folder" "$target"); then
			case $said in
			*"Failing input"*) echo "$said" && exit 1 ;;
			*"context deadline exceeded"*) fuzz "$folder" "$target" ;;
			*) echo "$said" && exit 1 ;;
			esac
		fi
		ran=$((ran + 1))
	done
done
test "$ran" -gt 0 || { echo "no fuzz target found" >&2; exit 1; }
echo "$ran fuzz targets ran"
