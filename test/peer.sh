#!/bin/sh
# test/peer.py with these arguments, or test/peer_graph.py for graphs, where
# there is a Python for it; elsewhere it says so.  CASK_TEST_LONG=1: a million
# values, or objects.  CASK_TEST_SEED: others.
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
peer=test/peer.py
many=--values
if [ "$1" = graphs ]; then
	peer=test/peer_graph.py
	many=--objects
fi
if [ "$1" != quote ]; then
	[ -n "${CASK_TEST_SEED:-}" ] && set -- "$@" --seed "$CASK_TEST_SEED"
	[ -n "${CASK_TEST_LONG:-}" ] && set -- "$@" "$many" 1000000
fi
exec python3 "$peer" "$@"
