#!/bin/sh
# tools/need.sh in every kind of place: an empty PATH is filled with stand-ins
# that write down what they were asked to do.
#
# SPDX-License-Identifier: MIT
set -eu

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for tool in cat grep head mktemp printf rm sed sh; do
	ln -s "$(command -v $tool)" "$dir/$tool" 2>/dev/null || true
done

# A stand-in: its name, then what it does.
stand_in() {
	printf '#!/bin/sh\n%s\n' "$2" >"$dir/$1"
	chmod +x "$dir/$1"
}

# What need.sh says and does where PATH has only the stand-ins.
need() {
	rm -f "$dir/done"
	(PATH=$dir DIR=$dir BUILD=$dir/build "$dir/sh" tools/need.sh 'make x' \
		"${1:-thing}") 2>&1 || echo "failed"
	[ -f "$dir/done" ] && cat "$dir/done"
	return 0
}

expect() {
	if [ "$2" != "$3" ]; then
		printf '%s\n  wanted: %s\n  got:    %s\n' "$1" "$2" "$3" >&2
		exit 1
	fi
}

lacks="cask: make x needs what this machine lacks: thing"

stand_in thing ''
expect "all is here" "" "$(need)"
rm "$dir/thing"

expect "no apt-get" "$lacks
cask: no apt-get here: install these (or what your system calls them), then try again
failed" "$(need)"

# apt-get install brings the thing.
stand_in apt-get 'echo "apt-get $*" >>"$DIR/done"
case $* in install*) printf "#!/bin/sh\n" >"$DIR/thing"; chmod +x "$DIR/thing" ;; esac'
ln -s "$(command -v chmod)" "$dir/chmod"
ln -s "$(command -v env)" "$dir/env"
stand_in id 'echo 0'
expect "root" "$lacks
cask: installing with apt-get: thing
apt-get update -q
apt-get install -q -y --no-install-recommends thing" "$(need)"
rm "$dir/thing"

expect "INSTALL_DEPS=no" "$lacks
cask: INSTALL_DEPS=no: not installing anything
failed" "$(INSTALL_DEPS=no need)"

stand_in id 'echo 1000'
expect "neither root nor sudo" "$lacks
cask: not root, and no sudo: as root, run: apt-get install thing
failed" "$(need)"

stand_in sudo 'echo "sudo" >>"$DIR/done"; exec "$@"'
expect "sudo" "$lacks
cask: installing with apt-get: thing
sudo
apt-get update -q
sudo
apt-get install -q -y --no-install-recommends thing" "$(need)"
rm "$dir/thing"

stand_in apt-get 'echo "E: no network"; exit 100'
expect "apt-get fails" "$lacks
cask: installing with apt-get: thing
E: no network
cask: apt-get could not install: thing
failed
sudo" "$(need)"

if [ ! -f /usr/lib/nginx/modules/ngx_stream_module.so ]; then
	ln -s "$(command -v mkdir)" "$dir/mkdir"
	stand_in apt-get 'echo "apt-get $*" >>"$DIR/done"; printf "" >nginx.deb'
	stand_in dpkg 'echo "dpkg $*" >>"$DIR/done"'
	nginx="nginx libnginx-mod-stream"
	expect "nginx is not installed" \
		"cask: make x needs what this machine lacks: $nginx
cask: unpacking in $dir/build/nginx: $nginx
apt-get download -q $nginx
dpkg -x nginx.deb ." "$(need nginx)"
fi
echo "need.sh knows what to do"
