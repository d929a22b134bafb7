#!/bin/sh
# What cask proxy --pcap writes, as tshark reads it: packets with which nothing
# is wrong, and the messages and objects that tools/cask.lua finds in them.
# Environment: CASK, the command.
#
# SPDX-License-Identifier: MIT
set -eu

if ! command -v tshark >/dev/null 2>&1; then
	echo "skipped: captures with tshark: no tshark here"
	exit 0
fi

dir=$(mktemp -d)
pids=
trap 'kill $pids 2>/dev/null || true; rm -rf "$dir"' EXIT

fail() {
	printf '%s\n' "$@" >&2
	exit 1
}

expect() {
	[ "$2" = "$3" ] || fail "$1" "  wanted:" "$2" "  got:" "$3"
}

# A session from lines of "> bytes" and "< bytes".
session() {
	awk 'BEGIN { print "cask session 1\n0.000000 1 open" }
		{ print "0.000000 1 " $0 }
		END { print "0.000000 1 > end\n0.000000 1 < end" }'
}

# The port that the output in a file tells, once it is there.
port_of() {
	tries=0
	until grep -q '^listening on ' "$1" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -le 200 ] || fail "nobody listens" "$(cat "$1")"
		sleep 0.05
	done
	sed -n 's/^listening on .* port //p' "$1"
}

# Play a session between its two sides, on an address, and capture it.
capture() {
	rm -f "$dir/server" "$dir/proxy"
	"$CASK" replay -l 0 -a "$2" "$1" >"$dir/server" &
	pids="$pids $!"
	port=$(port_of "$dir/server")
	"$CASK" proxy -a "$2" -n 1 --pcap "$dir/pcap" "$2" "$port" \
		>"$dir/proxy" &
	middle=$!
	pids="$pids $middle"
	"$CASK" replay "$1" "$2" "$(port_of "$dir/proxy")" >"$dir/client"
	wait $middle
}

# tshark says on stderr that it is run as root.
read_capture() {
	rm -f "$dir/server" "$dir/proxy"
	tshark -r "$dir/pcap" -X lua_script:tools/cask.lua \
		-o "cask.ports:$port" "$@" 2>"$dir/errors" ||
		fail "tshark failed" "$(cat "$dir/errors")"
	if grep -i 'lua' "$dir/errors" >&2; then
		fail "the dissector failed"
	fi
}

no_trouble() {
	expect "$1: packets with something wrong" "" "$(read_capture \
		-o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE \
		-Y 'ip.checksum.status == 0 || tcp.checksum.status == 0 ||
			tcp.analysis.flags || _ws.malformed ||
			_ws.lua.error')"
}

# A message in two parts, objects of every kind, and one of 3000 bytes in three
# segments.  The other side says an empty message after each.
{
	echo '> 0e0000'
	echo '< 00000000'
	echo '> 00ffff0100040043416765'
	echo '< 00000000'
	echo '> 15000000'
	echo '< 00000000'
	for bytes in 06000000018028000000 020000000200 020000000000 \
		06000000ff7fff7f0000 06000000ff7f01000080 \
		06000000ff7f00000080 02000000ffff 04000000ff7f0200 \
		0100000001 00000000 06000000ffff0000ff00 \
		0a0000000300ffff000002004358; do
		echo "> $bytes"
		echo '< 00000000'
	done
	echo '> b80b0000'
	awk 'BEGIN { for (i = 0; i < 30; i++) {
		printf "> "; for (j = 0; j < 100; j++) printf "55"; print "" } }'
} | session >"$dir/session"
capture "$dir/session" 127.0.0.1
no_trouble "IPv4"

fields='-e cask.length -e cask.tag -e cask.big -e cask.kind -e cask.class
	-e cask.name -e cask.schema -e cask.object -e cask.cut -e cask.index'
# shellcheck disable=SC2086 # the words are several
seen=$(read_capture -o cask.objects:TRUE -o cask.search:TRUE \
	-Y "cask.length && tcp.dstport == $port" \
	-T fields -E separator='|' $fields | sed 's/|*$//')
expect "the messages of the client" "$(cat <<'END'
14|0xffff||new class|1|CAge|1|2
6|0x8001||known class|1|CAge||3
2|0x0002||object||||2
2|0x0000||null
6|0x7fff|0x00007fff|object||||32767
6|0x7fff|0x80000001|known class|1|CAge||4
6|0x7fff|0x80000000|known class|0|||5||1
2|0xffff|||||||1
4|0x7fff|||||||1
1||||||||1
0
6|0xffff|||||||1
10|0x0003,0xffff||object,new class|6|CX|0|3,7
3000|0x5555||object||||21845
END
)" "$seen"
expect "the messages of the server" "15 0" "$(read_capture \
	-Y "cask.length && tcp.srcport == $port" -T fields -e cask.length |
	sort | uniq -c | sed 's/^ *//')"
expect "what is no message" "" "$(read_capture -Y cask.long)"
expect "a smaller limit" "3000" "$(read_capture -o cask.most:2999 \
	-Y cask.long -T fields -e cask.length)"
expect "by guess" "1" "$(read_capture -o cask.ports: -o cask.guess:TRUE \
	-Y 'cask.length == 1' -T fields -e cask.length)"
expect "without a guess" "" "$(read_capture -o cask.ports: -Y cask)"
expect "decoded as" "1" "$(read_capture -o cask.ports: \
	-d "tcp.port==$port,cask" -Y 'cask.length == 1' -T fields \
	-e cask.length)"

# The other order of bytes, without lengths, over IPv6 where there is one.
printf '> ffff00010004434167650000001500\n< 8001\n' | session >"$dir/session"
address=::1
"$CASK" replay -l 0 -a ::1 --timeout 0.001 "$dir/session" \
	>"$dir/server" 2>&1 || true
grep -q '^listening' "$dir/server" || address=127.0.0.1
capture "$dir/session" $address
no_trouble "$address"
expect "big-endian" "new class|1|CAge|1|2
known class|1|||1" "$(read_capture -o 'cask.order:big-endian' \
	-o 'cask.framing:nothing: what comes at once is a message' \
	-o cask.objects:TRUE -Y cask -T fields -E separator='|' \
	-e cask.kind -e cask.class -e cask.name -e cask.schema \
	-e cask.object)"
echo "tshark reads the captures"
