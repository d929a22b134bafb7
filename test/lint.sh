#!/bin/sh
# What `make lint` checks.  Says nothing but what is wrong, and "lint: clean".
# Environment: BUILD from the Makefile.
#
# SPDX-License-Identifier: MIT
set -u

work=$BUILD/lint
mkdir -p "$work"
bad=0

complain() {
	bad=1
	printf 'lint: %s\n' "$1" >&2
	[ $# -gt 1 ] && printf '%s\n' "$2" | head -n 40 | sed 's/^/  /' >&2
}

# A check that must print nothing and succeed.
quiet() {
	what=$1
	shift
	if ! out=$("$@" 2>&1) || [ -n "$out" ]; then
		complain "$what" "$out"
	fi
}

# Layers: a file sees its own layer and those below it, and nothing above.

layer() {
	case $1 in
	sys | sys_* | error | bytes | utf | quick | quick_utf8 | charset | charset_* | swap | hot) echo 0 ;;
	loop | note | poller_epoll | poller_poll | pump | resolve | timer | wait | \
		wake | watch | tell) echo 1 ;;
	io | mem | file | sock | stream | addr | open | attach | accept | connect | close | call | notify) echo 2 ;;
	nets | behind | behind_* | ip) echo 2 ;;
	ahead | held | yield | datagram | urgent | name | option | wire | chaos | trace) echo 2 ;;
	ar | ar_io | fill | why | buffer | message | field | print) echo 3 ;;
	class | graph) echo 3 ;;
	count | value | text | text_store | text_load | text_short | text_sink) echo 4 ;;
	list | agree | dup | hash) echo 4 ;;
	object | tag | quick_tag | collect | map | mfc | date | variant) echo 5 ;;
	link | serve | admit | client | handle | queue) echo 6 ;;
	*) echo "no layer" ;;
	esac
}

layers() {
	for f in lib/*.[ch] include/cask/*.h; do
		mine=$(basename "$f" | sed 's/\.[ch]$//')
		level=$(layer "$mine")
		[ "$level" = "no layer" ] &&
			echo "$f has no layer: give it one in test/lint.sh"
		for h in $(sed -n 's/^#include ["<]\(cask\/\)*\([a-z_]*\)\.h[">].*/\2/p' \
			"$f"); do
			[ -f "lib/$h.h" ] || [ -f "include/cask/$h.h" ] ||
				continue
			[ "$(layer "$h")" -le "$level" ] ||
				echo "$f (layer $level) includes $h (layer $(layer "$h"))"
			case $mine:$h in
			ar:sock | ar:pump | why:sock | count:sock | value:sock | text:sock)
				echo "$f knows what a socket is" ;;
			esac
		done
	done
	grep -n '#include' tools/*.[ch] tools/lessons/*.c | grep '"\.\./\|"lib/\|<cask/' &&
		echo "tools see only <cask.h>"
	return 0
}

# The seam: only these call the outside, and only they have what they share.

seam='lib/sys.c lib/sys_wait.c lib/sys_socket.c lib/sys_name.c lib/sys_iconv.c'

is_seam() {
	case " $seam " in
	*" $1 "*) ;;
	*) false ;;
	esac
}

outside='accept|accept4|bind|calloc|clock_gettime|close|connect|fcntl|free'
outside="$outside|freeaddrinfo|getaddrinfo|getnameinfo|getpeername|getsockname"
outside="$outside|getsockopt|iconv|iconv_close|iconv_open|listen|malloc|open"
outside="$outside|pipe|pipe2|poll|pthread_create|read|realloc|recv|recvfrom"
outside="$outside|recvmsg|send|sendmsg|sendto|setsockopt|shutdown|socket"
outside="$outside|socketpair|strdup|write|writev|lseek|fstat|printf|puts|exit|abort|getenv"

seam() {
	for o in lib/*.c; do
		is_seam "$o" && continue
		grep -q 'sys_own\.h' "$o" && echo "$o includes sys_own.h"
		nm -u "$BUILD/${o%.c}.o" | awk '{ print $2 }' |
			sed 's/@.*//; s/^_*\([a-z0-9_]*\)_chk$/\1/' |
			grep -xE "$outside" | sed "s|^|$o calls |"
	done
	for o in $seam; do
		nm -u "$BUILD/${o%.c}.o" | awk '{ print $2 }' |
			grep -xE 'send|sendto' | sed "s|^|$o calls |"
	done
	return 0
}

# Faults: what the seam and the commands call of the C library is wrapped by
# test/libc_fault.c, where it can be made to fail; or it is one of these, which
# can't fail, or in no way that a command could tell.

sound='_.*|add_history|alarm|clock_gettime|dup2|execv|exit|free|freeaddrinfo'
sound="$sound|f(close|error|flush|gets|printf|putc|puts|read|seek|tello|write)"
sound="$sound|get(auxval|c|env|pid)|iconv|iconv_close|if_nametoindex|inet_pton"
sound="$sound|isatty|lstat|mem.*|nanosleep|pthread_(attr|cond|mutex)_.*"
sound="$sound|pthread_(detach|join|sigmask)|putc|rewind|rl_.*|sched_yield"
sound="$sound|set(env|locale|rlimit|vbuf)|sig.*|snprintf|sockatmark|stderr|str.*"
sound="$sound|timerfd_settime|uname|unsetenv|vsnprintf|waitpid"

faults() {
	objects=$(ls $seam tools/*.c | grep -v tools/bench |
		sed "s|^|$BUILD/|; s|c$|o|")
	{
		nm -g --defined-only $objects "$BUILD/lessons.o" |
			awk 'NF == 3 { print $3 }'
		sed -nE 's/^WRAP.[^,]*, ([a-z0-9_]+),.*/\1/p
			s/^__wrap_([a-z]+).*/\1/p' test/libc_fault.c
		echo stdin
		echo stdout
	} | sort -u >"$work/wrapped"
	nm -u $objects | awk 'NF == 2 { sub(/@.*/, "", $2); print $2 }' |
		sed 's/^_*\([a-z0-9_]*\)_chk$/\1/' | sort -u |
		grep -vxE "cask_.*|$sound" | comm -23 - "$work/wrapped" |
		sed 's/$/ can fail, and test\/libc_fault.c does not wrap it/'
	return 0
}

# Names: nothing is exported but cask_ (named in the map) and caski_.

names() {
	nm -g --defined-only "$BUILD/libcask.a" 2>/dev/null |
		awk 'NF == 3 { print $3 }' | sort >"$work/defined"
	grep -vE '^caski?_' "$work/defined" | sed 's/$/ is not ours to define/'
	grep -E '^cask_' "$work/defined" >"$work/public"
	sed -n 's/^[[:space:]]*\(cask_[a-z0-9_]*\);$/\1/p' lib/cask.map |
		sort >"$work/map"
	comm -23 "$work/public" "$work/map" |
		sed 's/$/ is missing from lib\/cask.map/'
	comm -13 "$work/public" "$work/map" |
		sed 's/$/ is in lib\/cask.map, but not defined/'
	for f in $(cat "$work/public"); do
		grep -qw "$f" include/cask.h include/cask/*.h ||
			echo "$f is in no header"
	done
}

# Headers stand alone, in C and C++, with all warnings; and so do the examples in
# their comments (the Makefile takes them out), but that nothing uses them.

examples() {
	echo '#include <cask.h>'
	echo '#include <errno.h>'
	cat "$BUILD/test/cask_example.h" "$BUILD/test/list_example.h"
}

headers() {
	strict='-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror'
	for h in include/cask.h include/cask/*.h; do
		cc -std=c11 $strict -Iinclude -x c -fsyntax-only "$h"
		c++ -std=c++17 $strict -Iinclude -x c++ \
			-fsyntax-only "$h"
	done
	for h in lib/*.h; do # which may have macros alone
		echo 'typedef int something;' | cc -std=c11 $strict -Iinclude \
			-include "$h" -x c -fsyntax-only -
	done
	examples >"$work/examples.h"
	cc -std=c11 $strict -Wno-unused-function -Iinclude -x c \
		-fsyntax-only "$work/examples.h"
	c++ -std=c++17 $strict -Wno-unused-function -Iinclude -x c++ \
		-fsyntax-only "$work/examples.h"
}

# The text of the sources.

sources() {
	git ls-files '*.c' '*.h' 2>/dev/null | grep . ||
		ls include/*.h include/cask/*.h lib/*.[ch] tools/*.[ch] \
			tools/lessons/*.c tools/lessons/solutions/*.c test/*.[ch]
}

text() {
	for f in $(sources); do
		expand "$f" | awk -v f="$f" 'length($0) > 100 {
			print f ":" NR ": longer than 100 columns" }'
		grep -q 'SPDX-License-Identifier: MIT' "$f" ||
			echo "$f: no SPDX line"
		is_seam "$f" || awk -v f="$f" '
			/^\{/ { body = 1 } /^\}/ { body = 0 }
			body && /^#[ \t]*if/ {
				print f ":" NR ": #if in a function" }' "$f"
		case $f in
		lib/* | tools/*) awk -v f="$f" '
			/^\{/ { from = NR } /^\}/ { if (from && NR - from > 60)
				print f ":" from ": function of over 60 lines"
				from = 0 }' "$f" ;;
		esac
	done
}

# Manual pages are clean mdoc(7), and name every function of their headers, up to
# the line below which a header says how it is done.

manuals() {
	for f in lib/*.3 "$BUILD"/man/*.1 tools/*.5; do
		[ -f "$f" ] && mandoc -Tlint -W warning "$f"
	done
	# not those that only comments or macros name, nor those below the line
	for h in error io sock addr pump ar value dup message text class object \
		collect mfc nets behind; do
		for f in $(sed '/^\/\* -----/q; /^ \*/d; /^[[:space:]].*\\$/d' \
			"include/cask/$h.h" |
			grep -oE 'cask_[a-z0-9_]+\(' | tr -d '(' |
			grep -v '_named$' | sort -u); do
			grep -qE "^\.Nm $f( ,)?$" lib/*.3 ||
				echo "$f of cask/$h.h is in no manual page"
		done
	done
	return 0
}

# Analysers.

flags='-std=c11 -D_POSIX_C_SOURCE=200809L -Iinclude'

# In sys_iconv.c it takes iconv_open's (iconv_t)-1 for memory; in swap.c it does not
# see that memcpy sets what it copies to; in utf.c, that nothing is put where
# there is no place; in bench_graph.c, that a struct points to what it points to.
gcc_one() {
	but=
	[ "$1" = lib/sys_iconv.c ] && but=-Wno-analyzer-malloc-leak
	[ "$1" = lib/swap.c ] && but=-Wno-analyzer-use-of-uninitialized-value
	[ "$1" = tools/bench_graph.c ] && but=-Wno-analyzer-malloc-leak
	[ "$1" = lib/utf.c ] && but=-Wno-analyzer-null-dereference
	optimise='-O0 -O2'
	[ "${1%%/*}" = tools ] && optimise=-O2
	for o in $optimise; do
		gcc $flags $o $but -fanalyzer -Wall -Wextra -c -o "$work/$$.o" \
			"$1"
	done
	rm -f "$work/$$.o"
}

# One file at a time: it carries its idea of a va_list from one to the next.
tidy_one() {
	clang-tidy --quiet --warnings-as-errors='*' "$1" -- $flags 2>&1 |
		grep -vE '^[0-9]+ warnings? (generated|treated)|^$'
}

# This script is called for each file, as many at a time as there are
# processors.
each() {
	ls lib/*.c tools/*.c tools/lessons/*.c |
		xargs -n 1 -P "$(getconf _NPROCESSORS_ONLN)" sh "$0" "$1"
	return 0
}

analyse_cppcheck() {
	cppcheck -j "$(getconf _NPROCESSORS_ONLN)" --quiet --std=c11 --inline-suppr -Iinclude \
		--enable=warning,portability,performance \
		--suppressions-list=.cppcheck -D__GNUC__ -D__x86_64__ \
		-D__BYTE_ORDER__=1234 -D__ORDER_BIG_ENDIAN__=4321 \
		--error-exitcode=1 lib tools
}

case ${1-} in
gcc_one | tidy_one)
	"$1" "$2" 2>&1
	exit 0 ;;
esac

quiet "layers" layers
quiet "the seam" seam
quiet "faults" faults
quiet "names" names
quiet "headers alone" headers
quiet "text" text
quiet "manuals" manuals
quiet "clang-format" clang-format --dry-run -Werror $(sources)
quiet "cppcheck" analyse_cppcheck
command -v gcc >/dev/null && quiet "gcc -fanalyzer" each gcc_one
quiet "clang-tidy" each tidy_one

[ $bad -eq 0 ] && echo "lint: clean"
exit $bad
