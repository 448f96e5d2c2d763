#!/bin/sh
# Installs what tests need beside Go: a browser for the admin page, and the proxies
# that configurations are written for, on Debian and its like, as root. Elsewhere it
# says what is missing, and tests skip it.
set -eu

has() {
	for name in "$@"; do
		if command -v "$name" >/dev/null 2>&1; then
			return 0
		fi
	done
	return 1
}

missing=
has chromium chromium-browser google-chrome || missing="$missing chromium"
has nginx || missing="$missing nginx"
has haproxy || missing="$missing haproxy"
if [ -z "$missing" ]; then
	exit 0
fi
if [ "$(id -u)" != 0 ] || ! has apt-get; then
	echo "not installed:$missing: the tests that need them are skipped" >&2
	exit 0
fi

# Packages ask this file whether their services may start, see invoke-rc.d(8). An
# nginx that did would take port 80 of every address.
policy=/usr/sbin/policy-rc.d
if [ -e "$policy" ]; then
	status=0
	"$policy" nginx start >/dev/null 2>&1 || status=$?
	if [ "$status" != 101 ]; then
		case "$missing" in
		*nginx* | *haproxy*)
			echo "$policy lets services start: install nginx and haproxy by hand, and stop their services; until then their tests are skipped" >&2
			;;
		esac
		case "$missing" in
		*chromium*) missing=" chromium" ;;
		*) exit 0 ;;
		esac
	fi
else
	printf '#!/bin/sh\n# Written by make test while it installs; it may be removed.\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	trap 'rm -f "$policy"' EXIT
	trap 'exit 1' INT TERM
fi
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # several names
apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends $missing >/dev/null
