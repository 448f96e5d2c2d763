#!/bin/sh
# Installs what tests need beside Go: a browser for the admin page, on Debian and
# its like, as root. Elsewhere it says what is missing, and tests skip it.
set -eu

for name in chromium chromium-browser google-chrome; do
	if command -v "$name" >/dev/null 2>&1; then
		exit 0
	fi
done
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "chromium is not installed: the test of the admin page is skipped" >&2
	exit 0
fi
echo "installing chromium"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium >/dev/null
