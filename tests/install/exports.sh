#!/bin/sh
# exports.sh LIBRARY HEADER...: fails when a function is SID_API in a header and not in the library, when the library
# shows any other name, and when its soname is not libsemid.so.0.
set -eu
command -v nm >/dev/null && command -v readelf >/dev/null || { echo "SKIPPED exports: no nm or readelf (binutils)"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/semid-exports.XXXXXX")
trap 'rm -rf "$work"' EXIT
readelf -d "$1" | grep -q 'SONAME.*\[libsemid\.so\.0\]' || { echo "exports: $1: the soname is not libsemid.so.0"; exit 1; }
nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort >"$work/library"
shift
cat "$@" | tr '\n' ' ' | sed 's/SID_API/\n&/g' | sed -n 's/^SID_API[^(]*[ *]\(sid_[a-z0-9_]*\)(.*/\1/p' | LC_ALL=C sort >"$work/header"
[ -s "$work/header" ] || { echo "exports: no SID_API in $*"; exit 1; }
diff -u "$work/header" "$work/library" || { echo "exports: -: declared and not exported; +: exported and not declared"; exit 1; }
echo "exports: $(wc -l <"$work/header") functions, no other name"
