#!/usr/bin/env bash
# bare_deb.sh [FOLDER]: the proof that the .deb files install and work. Builds them, makes a Debian 12 in FOLDER or a temporary
# one, installs semid there by apt and uses it; then libsemid-dev, and compiles an example with it;
# then python3-semid.
#
# Run it by hand, as root: it downloads some 200 MB, so CI does not. A FOLDER that holds a Debian already is used again.
set -euo pipefail
tree=$(cd "$(dirname "$0")/../.." && pwd)
[ "$(id -u)" -eq 0 ] || { echo "bare_deb: only root can make and enter a root file system" >&2; exit 2; }
for tool in debootstrap chroot cpack dpkg-shlibdeps; do
    command -v $tool >/dev/null || { echo "bare_deb: $tool is missing: apt-get install -y debootstrap cmake dpkg-dev" >&2; exit 2; }
done

is_temporary=
if [ $# -gt 0 ]; then
    bare=$1
else
    bare=$(mktemp -d)
    chmod 755 "$bare" # it becomes "/" for tests that give up their rights
    is_temporary=yes
fi
trap '[ -z "$is_temporary" ] || rm -rf --one-file-system "$bare"' EXIT

cd "$tree"
cmake --preset deb
cmake --build --preset deb -j "$(nproc)"
rm -f build/deb/*.deb
(cd build/deb && cpack)
. tests/bare/make_debian.sh
rm -rf "$bare/debs" "$bare/shop"
mkdir "$bare/debs" "$bare/shop"
cp build/deb/*.deb "$bare/debs/"
cp examples/shop.tsv "$bare/shop/"

inside() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        ${http_proxy:+http_proxy=$http_proxy} chroot "$bare" sh -euc "$1" </dev/null
}

echo "==== semid in a bare Debian $(cat "$bare/etc/debian_version")"
inside 'apt-get update -qq
apt-get install -y -qq --no-install-recommends /debs/semid_*.deb >/debs/log 2>&1 || { tail -n 20 /debs/log; exit 1; }
semid version
semid doctor
cd /shop && semid fit shop.tsv -o catalog --codes 16 --quiet --force && semid neighbors catalog --item tea-01 -k 3
semid verify catalog >/dev/null'
echo "==== its manual pages"
inside 'apt-get install -y -qq --no-install-recommends man-db >/debs/log 2>&1 || { tail -n 20 /debs/log; exit 1; }
MANWIDTH=80 man semid | head -n 8
man -w semid-fit'
echo "==== libsemid-dev"
inside 'apt-get install -y -qq --no-install-recommends /debs/libsemid0_*.deb /debs/libsemid-dev_*.deb gcc libc6-dev pkg-config \
    >/debs/log 2>&1 || { tail -n 20 /debs/log; exit 1; }
cd /shop && rm -rf numbers
cc /usr/share/doc/libsemid-dev/examples/fit_neighbors.c $(pkg-config --cflags --libs semid) -o fit_neighbors
./fit_neighbors numbers
ldd fit_neighbors | grep libsemid.so.0'
echo "==== python3-semid"
inside 'apt-get install -y -qq --no-install-recommends /debs/python3-semid_*.deb >/debs/log 2>&1 || { tail -n 20 /debs/log; exit 1; }
cd /shop && python3 -c "import semid; print(*semid.Catalog.open(\"catalog\").neighbors(\"tea-01\", k=2), sep=chr(10))"'
echo "==== removed again"
inside 'apt-get purge -y -qq python3-semid semid libsemid0 libsemid-dev >/debs/log 2>&1 || { tail -n 20 /debs/log; exit 1; }
left=$(find /usr -name "semid*" -o -name "libsemid*" -o -name _semid); [ -z "$left" ] || { echo "left behind: $left"; exit 1; }'
echo "==== ok"
