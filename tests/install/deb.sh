#!/bin/bash
# deb.sh [TREE]: the four .deb files, without a network or a second system: built, looked into, unpacked by dpkg into an empty
# root, and used there: the program, and an example compiled against the unpacked headers and library. lintian where it is.
# tests/bare/bare_deb.sh does the same by apt in a bare Debian, by hand.
set -euo pipefail
tree=$(cd "${1:-.}" && pwd)
cd "$tree"
for tool in cpack dpkg-deb dpkg-shlibdeps; do
    command -v $tool >/dev/null || { echo "deb: $tool is missing (dpkg-dev, cmake)"; exit 77; }
done
cmake --preset deb >build/deb.log 2>&1 && cmake --build --preset deb >>build/deb.log 2>&1 || { tail -n 40 build/deb.log; exit 1; }
rm -f build/deb/*.deb
(cd build/deb && cpack) >>build/deb.log 2>&1 || { tail -n 40 build/deb.log; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/semid-deb.XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() {
    echo "deb: $*"
    exit 1
}

# holds PACKAGE PATH...: and each file belongs to root.
holds() {
    local package=$1 path
    shift
    dpkg-deb -c build/deb/"$package"_*.deb >"$work/$package.list"
    for path in "$@" ./usr/share/doc/"$package"/copyright ./usr/share/doc/"$package"/changelog.gz; do
        awk '{ print $6 }' "$work/$package.list" | grep -qx "$path" || fail "$package lacks $path"
    done
    awk '$2 != "root/root" { exit 1 }' "$work/$package.list" || fail "$package: files that do not belong to root"
}
library=./usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>"$work/log")
holds semid ./usr/bin/semid ./usr/share/man/man1/semid.1.gz ./usr/share/man/man1/semid-fit.1.gz \
    ./usr/share/bash-completion/completions/semid ./usr/lib/systemd/system/semid.service ./usr/lib/sysusers.d/semid.conf
holds libsemid0 "$library/libsemid.so.0"
holds python3-semid ./usr/lib/python3/dist-packages/semid/__init__.py ./usr/lib/python3/dist-packages/semid/py.typed
holds libsemid-dev ./usr/include/semid.h ./usr/include/semid_model.h ./usr/include/semid_rank.h "$library/libsemid.so" "$library/pkgconfig/semid.pc"
dpkg-deb -f build/deb/semid_*.deb Depends | grep -q libsqlite3-0 || fail "semid does not depend on the libraries it needs"
dpkg-deb -f build/deb/libsemid-dev_*.deb Depends | grep -q 'libsemid0 (= ' || fail "libsemid-dev does not depend on its libsemid0"
if command -v lintian >/dev/null; then
    lintian --allow-root --fail-on error build/deb/*.deb >"$work/lintian" 2>&1 || { cat "$work/lintian"; fail "lintian finds errors"; }
fi

# dpkg's own database stands in the empty root; what the packages need is this system's.
root=$work/root
mkdir -p "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/info"
: >"$root/var/lib/dpkg/status"
dpkg --root="$root" --log="$work/dpkg.log" --force-not-root --force-script-chrootless --force-depends --unpack build/deb/*.deb \
    >"$work/log" 2>&1 || { cat "$work/log"; fail "dpkg does not unpack them"; }
cp examples/shop.tsv "$work/"
cd "$work"
program=$root/usr/bin/semid
"$program" fit shop.tsv -o catalog --codes 16 --quiet
[ "$("$program" neighbors catalog --item tea-01 -k 3 2>"$work/log" | wc -l)" -ge 3 ] || fail "the unpacked program finds no neighbours"
"$program" verify catalog >"$work/log"
cc "$root/usr/share/doc/libsemid-dev/examples/fit_neighbors.c" -I "$root/usr/include" -L "$root/${library#./}" -lsemid \
    -o example 2>"$work/log" || { cat "$work/log"; fail "an example does not compile"; }
[ "$(LD_LIBRARY_PATH="$root/${library#./}" ./example numbers | wc -l)" -eq 5 ] || fail "the example does not run"
if command -v systemd-analyze >/dev/null; then # with the unpacked program's path, and what it documents
    sed -e "s|/usr/bin/semid|$program|" -e '/^Documentation=/d' "$root/usr/lib/systemd/system/semid.service" >semid-test.service
    systemd-analyze verify ./semid-test.service >"$work/log" 2>&1 && [ ! -s "$work/log" ] || { cat "$work/log"; fail "systemd does not take the unit"; }
fi
man_errors=$(zcat "$root"/usr/share/man/man1/semid*.1.gz | { command -v mandoc >/dev/null && mandoc -Tlint || cat >"$work/log"; } | grep -c . || :)
[ "$man_errors" -eq 0 ] || fail "mandoc finds faults in the manual"
echo 'import semid; print(semid.Catalog.open("catalog").neighbors("tea-01", k=3)[0].item_id)' |
    LD_LIBRARY_PATH="$root/${library#./}" PYTHONPATH=$root/usr/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=1 \
        /usr/bin/python3 - >"$work/log" 2>&1 || { cat "$work/log"; fail "the unpacked Python package does not run"; }
# The fields that dpkg wrote say that all four are there; then they go without a trace.
[ "$(grep -c '^Status: install ok unpacked' "$root/var/lib/dpkg/status")" -eq 4 ] || fail "dpkg does not know four packages"
dpkg --root="$root" --log="$work/dpkg.log" --force-not-root --force-script-chrootless --force-depends --purge python3-semid semid libsemid-dev libsemid0 \
    >"$work/log" 2>&1 || { cat "$work/log"; fail "dpkg does not remove them"; }
left=$(find "$root" -path "$root/usr/*" -name '*semid*')
[ -z "$left" ] || fail "left behind: $left"
echo "deb: four packages: contents, unpack, use, purge: ok"
