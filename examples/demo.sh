#!/bin/sh
# Shows lint, status and explain on the manifests beside this script. The tool is
# the grpcroute that PATH finds. An exit code other than the one a command is
# meant to have here ends the demo with an error.
set -u
cd "$(dirname "$0")/.."

show() {
	want=$1
	shift
	printf '\n$ %s\n' "$*"
	sh -c "$*"
	got=$?
	if [ "$got" -ne "$want" ]; then
		echo "demo: exit code $got, expected $want" >&2
		exit 1
	fi
}

show 1 "grpcroute lint examples/shop"
show 0 "grpcroute status examples/shop"
show 0 "grpcroute explain -f examples/shop shop.example.com/shop.catalog.v1.Catalog/GetItem"
show 0 "grpcroute explain -f examples/shop -H 'x-canary: always' shop.example.com/shop.catalog.v1.Catalog/GetItem"
show 1 "grpcroute explain -f examples/shop shop.example.com/shop.catalog.v1.catalog/GetItem"
echo
echo "That was lint, status and explain; \`grpcroute --help\` lists the rest."
