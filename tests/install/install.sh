#!/bin/sh
# install.sh BUILD TREE CMAKE CC PREFIX LIBDIR: installs into an empty DESTDIR, looks for every file, then compiles an
# example against it by pkg-config and by find_package, and runs both. Nothing is read from the build but what was installed.
set -eu
build=$1 tree=$2 cmake=$3 cc=$4 prefix=$5 libdir=$6
work=$(mktemp -d "${TMPDIR:-/tmp}/semid-install.XXXXXX")
trap 'rm -rf "$work"' EXIT
DESTDIR=$work/root "$cmake" --install "$build" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
root=$work/root$prefix

for file in bin/semid "$libdir/libsemid.so.0" "$libdir/libsemid.so" include/semid.h include/semid_model.h include/semid_rank.h "$libdir/pkgconfig/semid.pc" \
    "$libdir/cmake/semid/semidConfig.cmake" share/man/man1/semid.1 share/man/man1/semid-fit.1 \
    share/bash-completion/completions/semid share/doc/semid/LICENSE share/doc/semid/README.md share/doc/semid/CHANGELOG.md; do
    [ -s "$root/$file" ] || [ -s "$root/$file.gz" ] || { echo "install: $file is missing or empty"; exit 1; }
done
for verb in $("$root/bin/semid" help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
    ls "$root/share/man/man1/semid-$verb.1"* >/dev/null || { echo "install: there is no page for $verb"; exit 1; }
done
if command -v mandoc >/dev/null; then
    for page in "$build"/share/*.1; do
        mandoc -Tlint "$page" || { echo "install: $page: mandoc -Tlint found the above"; exit 1; }
    done
else
    echo "install: no mandoc; the pages were not linted"
fi
# A tree at /semid must not be found inside /usr/share/doc/semid: a path begins where no part of a path stands before it.
if grep -rIlE -e "(^|[^A-Za-z0-9_./-])($build|$tree)(/|[^A-Za-z0-9_.-]|\$)" "$root" >"$work/leaks"; then
    echo "install: these name the build or the tree:"
    cat "$work/leaks"
    exit 1
fi

# check NAME PROGRAM: it runs with the installed library, and prints five neighbours.
check() {
    lines=$(cd "$work" && LD_LIBRARY_PATH=$root/$libdir "$2" "catalog-$1" | wc -l)
    [ "$lines" -eq 5 ] || { echo "install: $1: $lines lines, 5 expected"; exit 1; }
    echo "install: $1: ok"
}

"$cmake" -G Ninja -S "$tree/tests/install/consumer" -B "$work/consumer" -DCMAKE_C_COMPILER="$cc" -DEXAMPLES="$tree/examples" \
    -DCMAKE_PREFIX_PATH="$root" >"$work/log" 2>&1 && "$cmake" --build "$work/consumer" >>"$work/log" 2>&1 ||
    { cat "$work/log"; exit 1; }
check find_package "$work/consumer/fit_neighbors"

command -v pkg-config >/dev/null || { echo "SKIPPED install: no pkg-config; find_package was tested"; exit 77; }
PKG_CONFIG_PATH=$root/$libdir/pkgconfig
export PKG_CONFIG_PATH
# shellcheck disable=SC2046 # words, as in a user's makefile
"$cc" -std=c17 "$tree/examples/fit_neighbors.c" $(pkg-config --cflags --libs semid) -o "$work/by_pkg_config"
check pkg_config "$work/by_pkg_config"
