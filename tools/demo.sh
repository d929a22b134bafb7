#!/bin/sh
#
# A collector and two reporters on this machine, for five rounds.
#
#     sh tools/demo.sh build/cask
#
# Ends by itself, within 15 seconds.  Exits 0 when every report arrived and
# arrived unchanged: both ends reckon a hash over all figures, and these have to
# agree.  Otherwise says what was lost or differed, and exits 1.
#
# SPDX-License-Identifier: MIT

cask=${1:-build/cask}
rounds=5
limit=13 # seconds
first=north
second=Київ-東京

dir='' collector='' reporter1='' reporter2='' shower='' watchdog=''

fail() {
	echo "demo: $*" >&2
	exit 1
}

# Nothing is left running and nothing lies about, however this ends.
clean_up() {
	status=$?
	trap '' INT TERM HUP
	trap - EXIT
	[ -z "$watchdog" ] || kill "$watchdog" 2>/dev/null
	for pid in $reporter1 $reporter2 $collector; do
		kill -KILL "$pid" 2>/dev/null
	done
	exec 3<&-
	wait
	[ -z "$dir" ] || rm -rf "$dir"
	exit "$status"
}

# The shell's sleep would outlive it, and hold the output open.
watch() {
	trap 'kill "$sleep"; exit' TERM
	sleep "$limit" &
	sleep=$!
	wait "$sleep" && kill -USR1 "$$"
}

# Wait for a process, which is called so, to exit with 0.
ended_well() {
	wait "$1"
	code=$?
	[ "$code" -eq 0 ] || fail "$2 exited with $code"
}

# The reporter called so, whose last words are in the file: did it send as many
# as it should, and did the collector count these, and these only?
check() {
	words=$(tail -n 1 "$dir/$2")
	hash=${words##* }
	case $words in
	"sent $rounds reports, $rounds acknowledged, "*) ;;
	*) fail "$1 should have sent $rounds reports, but says: $words" ;;
	esac
	total=$(grep "^total $1: " "$dir/shown") ||
		fail "the collector has no total for $1"
	case $total in
	"total $1: $rounds reports, 0 missing, 0 sent again, hash "*) ;;
	*) fail "reports of $1 were lost: $total" ;;
	esac
	[ "${total##* }" = "$hash" ] ||
		fail "the reports of $1 differ: sent $hash, got ${total##* }"
}

trap clean_up EXIT
trap 'echo "demo: interrupted" >&2; exit 1' INT TERM HUP
trap 'echo "demo: not done after $limit seconds" >&2; exit 1' USR1

[ -x "$cask" ] || fail "$cask: is not there; make builds it"
dir=$(mktemp -d "${TMPDIR:-/tmp}/cask-demo.XXXXXX") || fail "no directory"
mkfifo "$dir/pipe" || fail "no pipe"
watch >"$dir/watch" 2>&1 &
watchdog=$!

# The first line tells the port; the rest is for the people.
live=
[ ! -t 1 ] || live=--table
"$cask" collect -l 127.0.0.1 -p 0 --count $((rounds * 2)) $live >"$dir/pipe" &
collector=$!
exec 3<"$dir/pipe"
read -r line <&3 || fail "the collector did not start"
echo "$line"
port=${line##* }
tee "$dir/shown" <&3 &
shower=$!

"$cask" report 127.0.0.1 "$port" --count "$rounds" --name "$first" \
	>"$dir/1" &
reporter1=$!
"$cask" report 127.0.0.1 "$port" --count "$rounds" --name "$second" \
	>"$dir/2" &
reporter2=$!

ended_well "$reporter1" "the reporter $first"
ended_well "$reporter2" "the reporter $second"
reporter1='' reporter2=''
ended_well "$collector" "the collector"
collector=
wait "$shower"
check "$first" 1
check "$second" 2
echo "demo: $((rounds * 2)) reports sent and counted, none lost, none different"
