#!/bin/sh
# Run the test programs named, then the replay of the fuzz corpora, the test
# against another reader and writer, and the programs in README.md, as many at a
# time as there are processors; one line a program, all of its output where it
# fails.
# Environment: BUILD, CC, CFLAGS, LIBS from the Makefile.  WEATHER: settings of
# the environment; the test programs and the demo alone are run, once with each
# of them.
#
# SPDX-License-Identifier: MIT
set -u

count() {
	grep -c "$1" "$log"
}

# run.sh one NAME COMMAND...: what this script is called with for each program.
one() {
	log=$BUILD/test.$$.log
	name=$1
	shift
	if "$@" >"$log" 2>&1; then
		n=$(count '^\[       OK \]')
		[ "$n" -eq 0 ] && n=1
		echo "$n 0" >>"$BUILD/test.counts"
		echo "ok      $name ($n)"
		sed -n 's/^skipped: /        &/p' "$log"
	else
		code=$?
		n=$(count '^\[  FAILED  \] [a-z]')
		[ "$n" -eq 0 ] && n=1
		echo "$(count '^\[       OK \]') $n" >>"$BUILD/test.counts"
		cat "$log"
		echo "FAILED  $name (exit code $code)"
	fi
	rm -f "$log"
}

if [ "${1-}" = one ]; then
	shift
	one "$@"
	exit 0
fi

started=$(date +%s)
export BUILD CASK="$BUILD/cask"
: >"$BUILD/test.counts"
: >"$BUILD/test.list"

# One of the list: its words hold no quotes, and a line must not end in a blank.
run() {
	printf '"%s"' "$1" >>"$BUILD/test.list"
	shift
	printf ' "%s"' "$@" >>"$BUILD/test.list"
	echo >>"$BUILD/test.list"
}

for weather in ${WEATHER-}; do
	for t; do
		run "$weather ${t#"$BUILD"/}" env "$weather" "$t"
	done
	case $weather in
	CASK_CHAOS=*)
		run "$weather make demo" env "$weather" sh tools/demo.sh "$CASK" ;;
	esac
done
if [ -z "${WEATHER-}" ]; then
	for t; do
		run "${t#"$BUILD"/}" "$t"
	done
	# What waits, with the other way to wait.
	for t in pump timer wait sock call notify parked ahead matrix resolve \
		connect datagram urgent local open hostile; do
		t=$BUILD/test/${t}_test
		[ -x "$t" ] && run "${t#"$BUILD"/} by poll" \
			env CASK_POLL=poll "$t"
	done
	# Sockets in bad weather, those that are quick in it; make chaos has all.
	for t in sock hostile datagram urgent local open io sample tools_peer; do
		t=$BUILD/test/${t}_test
		[ -x "$t" ] && run "${t#"$BUILD"/} in bytes" \
			env CASK_CHAOS=split=1 "$t"
	done
	for t in sock call notify parked ahead datagram urgent; do
		t=$BUILD/test/${t}_test
		[ -x "$t" ] && run "${t#"$BUILD"/} in a storm" \
			env CASK_TEST_STORM=1 "$t"
	done
	for f in load walk graph options record shape behind json; do
		run "fuzz corpus, $f" "$BUILD/test/${f}_fuzz" test/corpus/$f/*
	done
	run "peer in Python" \
		sh test/peer.sh differential "$BUILD/test/differential"
	run "graphs in Python" \
		sh test/peer.sh graphs "$BUILD/test/graph_differential"
	for b in haproxy nginx; do
		run "$b" sh test/balance.sh $b "$BUILD/test/balance"
	done
	run "captures with tshark" sh test/wire.sh
	run "tools/need.sh" sh test/need.sh
	run "make demo" sh tools/demo.sh "$CASK"
	run "README.md" sh test/readme.sh
fi

xargs -L 1 -P "$(getconf _NPROCESSORS_ONLN)" sh "$0" one <"$BUILD/test.list"

passed=$(awk '{ n += $1 } END { print n + 0 }' "$BUILD/test.counts")
failed=$(awk '{ n += $2 } END { print n + 0 }' "$BUILD/test.counts")
echo "$passed passed, $failed failed"
echo "in $(($(date +%s) - started)) s" >&2
[ "$failed" -eq 0 ]
