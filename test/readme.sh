#!/bin/sh
# Take the programs out of README.md, compile them with all warnings, run them
# against each other, and check what README.md says they say.
# Environment: BUILD, CC, CFLAGS, LIBS from the Makefile.
#
# SPDX-License-Identifier: MIT
set -eu

here=$BUILD/readme
mkdir -p "$here"
awk -v dir="$here" '
	/^```c [a-z]+\.[ch]$/ { file = dir "/" $2; printf "" >file; next }
	/^```/ { file = "" }
	file { print >file }' README.md

# A server that dies in the middle of its answer, 16 bytes into it.
sed 's/cask_flush(&out);/cask_send(\&c, "\\xff\\xfe\\xff\\4A\\0C\\0M\\0E\\0\\2\\0\\0\\0", 16); break;/' \
	"$here/quoted.c" >"$here/dying.c"

# A client that asks for what is no text.
sed 's/"ACME"/"A\\xff"/' "$here/ask.c" >"$here/wrong.c"

for p in send jobd ask quoted dying wrong chat chatd show tell learn; do
	# shellcheck disable=SC2086 # flags are words
	${CC:-cc} -std=c11 -Wall -Wextra -Werror -Iinclude ${CFLAGS:-} \
		-D_DEFAULT_SOURCE -o "$here/$p" "$here/$p.c" \
		"$BUILD/libcask.a" ${LIBS:-}
done

server=
trap 'kill $server 2>/dev/null || true' EXIT

# Start a server on a port nobody else has: try until it stays.
port=$((20000 + $$ % 20000))
serve() {
	for try in 1 2 3 4 5 6 7 8 9; do
		"$here/$1" $port 2>"$here/server.log" &
		server=$!
		sleep 0.2
		kill -0 $server 2>/dev/null && return
		port=$((port + try * 7))
	done
}

stop() {
	kill $server
	wait $server 2>/dev/null || true
	server=
}

expect() {
	if [ "$2" != "$3" ]; then
		printf '%s\n  wanted: %s\n  got:    %s\n' "$1" "$2" "$3" >&2
		exit 1
	fi
}

ask() {
	"$here/ask" "$@" 2>&1 || true
}

# The first example: its lines are counted as README.md says.
lines=$(cat "$here/job.h" "$here/send.c" "$here/jobd.c" |
	grep -c -v -e '^[[:space:]]*$' -e '^[{}];*$' -e '^#include')
expect "the lines of the first example" \
	"$(sed -n 's/^That is \([0-9]*\) lines,.*/\1/p' README.md)" "$lines"
[ "$lines" -le 30 ] || expect "30 lines at most" 30 "$lines"

send() {
	"$here/send" "$@" 2>&1 && echo acknowledged || true
}
serve jobd
expect "a job" acknowledged "$(send localhost $port)"
expect "a job in bits and pieces" acknowledged \
	"$(CASK_CHAOS=split=1,eintr=10% "$here/send" localhost $port 2>&1 &&
		echo acknowledged)"
expect "two servers" "jobd: bind *:$port: Address already in use" \
	"$("$here/jobd" $port 2>&1)"
stop
expect "no server for a job" \
	"send: connect localhost:$port: Connection refused" "$(send localhost $port)"
expect "a misspelt host for a job" \
	"send: connect lokalhost.invalid:$port: name not known" \
	"$(send lokalhost.invalid $port)"

serve quoted
expect "an answer" "ACME 41.50
ACME 42.25" "$(ask localhost $port)"
expect "by number" "ACME 41.50
ACME 42.25" "$(ask 127.0.0.1 $port)"

# The trace, its times and the port aside.
calm() {
	sed 's/^ *cask: [0-9.]* /cask: T /; s/localhost:[0-9]* /localhost:P /' | head -n 8
}
expect "a trace" "$(grep '^    cask: [0-9]' README.md | calm)" \
	"$(CASK_TRACE=calls,wire "$here/ask" localhost $port 2>&1 >/dev/null | calm)"
expect "JSON" "$(sed -n 's/^prints `\({.*}\)`.*/\1/p' README.md)" "$("$here/show")"
expect "an answer in bits and pieces" "ACME 41.50
ACME 42.25" "$(CASK_CHAOS=split=1,eintr=10% "$here/ask" localhost $port)"

# The command as the client, as README.md types it.
expect "cask cat" "$(sed -n 's/^    \({"v1".*}\)$/\1/p' README.md)" \
	"$(sed -n '/^    \$ echo/,/localhost/s/^ *\$* *//p' README.md |
		sed "s|cask cat|$BUILD/cask cat|; s/7000/$port/" | sh)"

# Python as the server of the client, and as the client of the server.
sh test/peer.sh quote "$here/ask" $port

expect "what can't be sent is no answer to wait for" \
	"wrong: localhost:$port: text q->symbol at byte 0: ill-formed text after 1 of its code units" \
	"$("$here/wrong" localhost $port 2>&1)"

# A client that sends garbage is told off, and the next one is served.
if command -v bash >/dev/null; then
	bash -c "exec 3<>/dev/tcp/127.0.0.1/$port; printf '\377\377\377\377' >&3"
	expect "after garbage" "ACME 41.50
ACME 42.25" "$(ask localhost $port)"
	expect "what the server says" \
		"quoted: text q->symbol at byte 0 from 127.0.0.1:PORT: stream ended inside a message" \
		"$(sed 's/1:[0-9]*:/1:PORT:/' "$here/server.log")"
fi

expect "a reset" \
	"ask: f64 q->price[1] at byte 22: receive localhost:$port: Connection reset by peer" \
	"$(CASK_CHAOS=reset@40 ask localhost $port)"

stop
serve dying
expect "a server that dies" \
	"ask: f64 q->price[0] at byte 14 from localhost:$port: stream ended inside a message" \
	"$(ask localhost $port)"
stop

# Objects.
"$here/learn" $port >"$here/learnt" 2>&1 &
server=$!
for try in 1 2 3 4 5 6 7 8 9; do
	"$here/tell" localhost $port 2>/dev/null && break
	sleep 0.1
done
wait $server || true
server=
expect "two people" \
	"$(sed -n 's/^`learn` prints `\([^`]*\)`.*/\1/p' README.md)" \
	"$(cat "$here/learnt")"

# Two at the chat: the first hears what the second says, and both go.
serve chatd
mkfifo "$here/keys" 2>/dev/null || true
"$here/chat" localhost $port <"$here/keys" >"$here/heard" &
first=$!
exec 9>"$here/keys"
for try in 1 2 3 4 5 6 7 8 9; do
	echo hello | "$here/chat" localhost $port
	grep -q hello "$here/heard" && break
	sleep 0.1
done
exec 9>&-
code=0
wait $first || code=$?
expect "how the first of the chat ends" "0" "$code"
expect "what it has heard" "hello" "$(sort -u "$here/heard")"
stop
expect "no server" \
	"ask: connect localhost:$port: Connection refused" "$(ask localhost $port)"
expect "a misspelt host" \
	"ask: connect lokalhost.invalid:$port: name not known" \
	"$(ask lokalhost.invalid $port)"
expect "no arguments" "ask: usage: ask host port" "$(ask)"
echo "the programs of README.md do as it says"
