#!/usr/bin/env bash
# scripts/analyze.sh [FILE...]: gcc -fanalyzer on these sources, or on all of src/ and cli/ but the kernels.
# Nothing found is the only pass.
set -uo pipefail
tree=$PWD
. scripts/lib.sh
need $packages_build

mkdir -p build
# Kernels acquire nothing, and in their unrolled loops gcc 12 takes a filled array for an empty one.
[ $# -gt 0 ] || set -- $(find src cli -name '*.c' ! -path 'src/kernel/*' | LC_ALL=C sort)
log=build/analyze.txt
analyze() {
    # gcc 12 does not follow that SID_OK means that *out was set: its two checks of null pointers find only that.
    gcc -std=c17 -O1 -fanalyzer -Wno-analyzer-null-dereference -Wno-analyzer-null-argument \
        -D_POSIX_C_SOURCE=200809L -I include -I src -I cli -I . -c -o /dev/null "$1" 2>&1
}
export -f analyze
printf '%s\n' "$@" | xargs -P "$jobs" -I FILE bash -c 'analyze FILE' >"$log"
if grep -qE '(warning|error):' "$log"; then
    grep -E '(warning|error):' "$log" | sort -u
    echo "analyze: the paths that lead there: $log"
    exit 1
fi
echo "analyze: $# files, clean"
