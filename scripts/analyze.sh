#!/usr/bin/env bash
# scripts/analyze.sh [FILE...]: gcc -fanalyzer on these sources of src/ and cli/, or on all. Nothing found is the only pass.
set -uo pipefail
tree=$PWD
. scripts/lib.sh
need $packages_build

mkdir -p build
[ $# -gt 0 ] || set -- $(find src cli -name '*.c' | LC_ALL=C sort)
log=build/analyze.txt
analyze() {
    case $1 in # the instruction sets that the build gives these files
    *_avx2.c) set -- "$1" -mavx2 -mfma ;;
    *_avx512.c) set -- "$1" -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma ;;
    *_avx512bf16.c) set -- "$1" -mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx512bf16 -mfma ;;
    esac
    # gcc 12 does not follow that SID_OK means that *out was set: its two checks of null pointers find only that.
    gcc -std=c17 -O1 -fanalyzer -Wno-analyzer-null-dereference -Wno-analyzer-null-argument -D_POSIX_C_SOURCE=200809L -I include -I src -I cli "${@:2}" -c -o /dev/null "$1" 2>&1
}
export -f analyze
printf '%s\n' "$@" | xargs -P "$jobs" -I FILE bash -c 'analyze FILE' >"$log"
if grep -qE '(warning|error):' "$log"; then
    grep -E '(warning|error):' "$log" | sort -u
    echo "analyze: the paths that lead there: $log"
    exit 1
fi
echo "analyze: $# files, clean"
