#!/bin/sh
# need.sh WHO THING...: see that what WHO ("the tests") needs is here, and
# install it with apt-get when it is not.  Says what, and for whom; says what to
# do where that is not possible.  nginx, which begins to serve where it is
# installed, is only unpacked, in $BUILD/nginx.
#
# SPDX-License-Identifier: MIT
set -u

cc=${CC:-cc}
unpacked=${BUILD:-build}/nginx
missing=
who=$1
shift

# Whether a thing is here.
here() {
	case $1 in
	cc) command -v "$cc" >/dev/null 2>&1 && compiles '#include <stdio.h>' ;;
	cmocka) compiles '#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>' ;;
	fuzzer) clang -print-file-name=libclang_rt.fuzzer-x86_64.a 2>/dev/null |
		grep -q / || clang -print-file-name=libclang_rt.fuzzer.a |
		grep -q / ;;
	nginx) [ -f /usr/lib/nginx/modules/ngx_stream_module.so ] ||
		[ -x "$unpacked/usr/sbin/nginx" ] ;;
	haproxy) command -v "$1" >/dev/null 2>&1 || [ -x /usr/sbin/haproxy ] ;;
	*) command -v "$1" >/dev/null 2>&1 ;;
	esac
}

compiles() {
	printf '%s\nint main(void) { return 0; }\n' "$1" |
		"$cc" -x c -fsyntax-only - 2>/dev/null
}

# Its Debian package.
package() {
	case $1 in
	cc) echo gcc libc6-dev ;;
	c++) echo g++ ;;
	cmocka) echo libcmocka-dev ;;
	fuzzer) echo libclang-rt-14-dev ;;
	nginx) echo nginx libnginx-mod-stream ;;
	*) echo "$1" ;;
	esac
}

for thing; do
	here "$thing" || missing="$missing $(package "$thing")"
done
[ -z "$missing" ] && exit 0

say() {
	echo "cask: $*" >&2
}

say "$who needs what this machine lacks:$missing"
if [ "${INSTALL_DEPS:-yes}" = no ]; then
	say "INSTALL_DEPS=no: not installing anything"
	exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
	say "no apt-get here: install these (or what your system calls them)," \
		"then try again"
	exit 1
fi
if [ "$*" = nginx ]; then
	say "unpacking in $unpacked:$missing"
	# shellcheck disable=SC2086 # the words are several packages
	if mkdir -p "$unpacked" && cd "$unpacked" &&
		apt-get download -q $missing >log 2>&1; then
		for p in *.deb; do
			dpkg -x "$p" . && rm -f "$p"
		done
		exit 0
	fi
	cat log >&2
	say "apt-get could not download:$missing"
	exit 1
fi
as_root=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		say "not root, and no sudo: as root, run: apt-get install$missing"
		exit 1
	fi
	as_root=sudo
fi
say "installing with apt-get:$missing"
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # the words are several packages
if { $as_root apt-get update -q &&
	$as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -q -y --no-install-recommends $missing; } \
	>"$log" 2>&1; then
	for thing; do
		here "$thing" || { say "still no $thing after that"; exit 1; }
	done
	exit 0
fi
cat "$log" >&2
say "apt-get could not install:$missing"
exit 1
