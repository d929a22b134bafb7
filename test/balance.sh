#!/bin/sh
# Servers behind a real balancer: one is killed under load, and nothing that was
# acknowledged is lost.  Arguments: haproxy or nginx, and the program that
# test/balance.c makes.
#
# HAProxy tells one server by version 1 of the PROXY protocol who its clients
# are, the other by version 2, with checksums; nginx knows version 1.  Where the
# balancer is not here it says so.
#
# SPDX-License-Identifier: MIT
set -eu

PATH=$PATH:/usr/sbin:/usr/local/sbin:$BUILD/nginx/usr/sbin
balancer=$1
balance=$2
clients='11 12 13 14'
jobs=300
skip() {
	echo "skipped: servers behind $balancer: $*"
	exit 0
}
command -v "$balancer" >/dev/null 2>&1 || skip "it is not here"
[ "$(uname -s)" = Linux ] || skip "not all of 127.0.0.0/8 is here"
module=
if [ "$balancer" = nginx ]; then
	for dir in "$BUILD/nginx/usr" /usr /usr/local; do
		m=$dir/lib/nginx/modules/ngx_stream_module.so
		[ -z "$module" ] && [ -f "$m" ] && module=$m
	done
	[ -n "$module" ] || skip "its stream module is not here"
	module=$(realpath "$module")
fi

dir=$(mktemp -d)
pids=
end() {
	for p in $pids; do
		kill -9 "$p" 2>/dev/null || true
	done
	wait 2>/dev/null || true
	rm -rf "$dir"
}
trap end EXIT
trap 'exit 1' HUP INT TERM

fail() {
	echo "FAILED: $*" >&2
	tail -n 20 "$dir"/*.err "$dir"/*.out >&2
	exit 1
}

# Until a command succeeds, at most 20 s.
await() {
	for _ in $(seq 400); do
		if "$@"; then
			return 0
		fi
		sleep 0.05
	done
	fail "in vain: $*"
}

# start NAME ARGUMENTS: in the background, with its port in $port.
start() {
	name=$1
	shift
	"$balance" "$@" >"$dir/$name.out" 2>"$dir/$name.err" &
	pid=$!
	pids="$pids $pid"
	await test -s "$dir/$name.out"
	port=$(head -n 1 "$dir/$name.out")
}

start a server "$dir/a" 127.0.0.1 5000 200
a=$pid a_port=$port
start b server "$dir/b" 127.0.0.1 5000
b=$pid b_port=$port

# One of these makes a configuration, and runs the balancer in front.

front_haproxy() {
	cat >"$dir/cfg" <<END
global
    maxconn 200
defaults
    mode tcp
    balance roundrobin
    retries 3
    option redispatch 1
    option tcp-check
    timeout connect 2s
    timeout client 20s
    timeout server 20s
    default-server check inter 50ms fall 2 rise 2 on-marked-down shutdown-sessions
listen jobs
    bind fd@3
    server a 127.0.0.1:$a_port send-proxy
    server b 127.0.0.1:$b_port send-proxy-v2 proxy-v2-options crc32c
END
	start front front haproxy -db -f "$dir/cfg"
}

# It listens by itself, on a port that was free.
front_nginx() {
	cat >"$dir/template" <<END
load_module $module;
daemon off;
master_process off;
pid $dir/pid;
error_log stderr notice;
events { }
stream {
    upstream jobs {
        server 127.0.0.1:$a_port max_fails=1 fail_timeout=20s;
        server 127.0.0.1:$b_port max_fails=1 fail_timeout=20s;
    }
    server {
        listen 127.0.0.1:PORT;
        proxy_pass jobs;
        proxy_protocol on;
        proxy_connect_timeout 2s;
    }
}
END
	start front front sh -c "exec 3<&-
		sed s/PORT/\$PORT/ '$dir/template' >'$dir/cfg'
		exec nginx -p '$dir' -e stderr -c '$dir/cfg'"
	await grep -q getrlimit "$dir/front.err"
}

front_$balancer
front=$pid

# The load, in which a kills itself.

running=
for c in $clients; do
	"$balance" client "$c" "$port" $jobs "$dir/acks" \
		>"$dir/$c.out" 2>"$dir/$c.err" &
	running="$running $!"
	pids="$pids $!"
done
for p in $running; do
	wait "$p" || fail "a client gave up"
done
code=0
wait "$a" || code=$?
[ $code -eq 137 ] || fail "server a ended with code $code"
[ "$(grep -c '^[0-9]' "$dir/a")" -eq 200 ] || fail "server a did not die at its job"
case $balancer in
haproxy) await grep -q 'Server jobs/a is DOWN' "$dir/front.err" ;;
nginx) await grep -q "connect() failed .*127.0.0.1:$a_port" "$dir/front.err" ;;
esac

# What was acknowledged, against what was recorded.

all=$((jobs * $(echo $clients | wc -w)))
sort -u "$dir/acks" >"$dir/acked"
[ "$(wc -l <"$dir/acked")" -eq $all ] || fail "not all jobs were acknowledged"
cat "$dir/a" "$dir/b" | grep -v checked >"$dir/records"
cut -d ' ' -f 1 "$dir/records" | sort -u >"$dir/recorded"
lost=$(comm -23 "$dir/acked" "$dir/recorded" | head -n 3)
[ -z "$lost" ] || fail "acknowledged, and lost:" $lost
strange=$(awk '$2 != "127.0.0." int($1 / 100000)' "$dir/records" | head -n 3)
[ -z "$strange" ] || fail "not the client's address:" $strange
last=$(grep -v checked "$dir/a" | tail -n 1)
grep -qx "$last" "$dir/b" || fail "job $last was not sent again"

# HAProxy's health checks go on, and are nothing to complain of.

checked() {
	[ "$(grep -c checked "$dir/b")" -ge "$1" ]
}
[ "$balancer" != haproxy ] || await checked $(($(grep -c checked "$dir/b") + 5))
kill -TERM "$b"
wait "$b" || fail "server b ended with code $?"
for s in a b; do
	[ ! -s "$dir/$s.err" ] || fail "server $s complained"
done
[ "$(tail -n 1 "$dir/b.out")" = "0 dropped, 0 refused" ] ||
	fail "server b has counted $(tail -n 1 "$dir/b.out")"
kill -TERM "$front"
wait "$front" 2>/dev/null || true

# Others that come, once: knock WHOM FROM WORDS, standard input is what is sent.

ends() {
	echo "nothing was lost: $(cat "$dir"/1?.out | paste -s -d ,)"
	exit 0
}
[ "$balancer" = haproxy ] || ends
start c server "$dir/c" 127.0.0.1 1000
knock() {
	got=$("$balance" knock "$2" "$port") || fail "$1: can't knock"
	[ "$got" = closed ] || fail "$1: $got"
	await grep -q "$3" "$dir/c.err"
}
header='PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n'
printf "$header" | knock "not from the list" 127.0.0.2 \
	'^127.0.0.2:[0-9]*: is not one of the balancers$'
printf 'GET / HTTP/1.1\r\n' | knock "no header" 127.0.0.1 \
	'^127.0.0.1:[0-9]*: no PROXY header: "GET / HTTP/1.1\\x0d\\x0a"$'
printf '' | knock "nothing" 127.0.0.1 \
	'^127.0.0.1:[0-9]*: did not finish its PROXY header within 1 s$'
kill -TERM "$pid"
wait "$pid" || fail "server c ended with code $?"
[ "$(tail -n 1 "$dir/c.out")" = "0 dropped, 3 refused" ] ||
	fail "server c has counted $(tail -n 1 "$dir/c.out")"
! grep -q '^[0-9]' "$dir/c" || fail "server c took what it should not"
ends
