#!/bin/sh
# test/peer.py with these arguments, where there is a Python for it; elsewhere
# it says so.  CASK_TEST_LONG=1: a million values.  CASK_TEST_SEED: others.
#
# SPDX-License-Identifier: MIT
set -eu

if ! command -v python3 >/dev/null 2>&1; then
	echo "skipped: $1 with Python: no python3 here"
	exit 0
fi
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))'; then
	echo "skipped: $1 with Python: python3 is older than 3.9"
	exit 0
fi
if [ "$1" = differential ]; then
	[ -n "${CASK_TEST_SEED:-}" ] && set -- "$@" --seed "$CASK_TEST_SEED"
	[ -n "${CASK_TEST_LONG:-}" ] && set -- "$@" --values 1000000
fi
exec python3 test/peer.py "$@"
