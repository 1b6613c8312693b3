#!/usr/bin/env bash
# scripts/fuzz.sh SECONDS [TARGET...]: runs each libFuzzer target, two at a time, from its seeds. A find stays in
# build/fuzz/finds/ with the command that repeats it; put it into tests/fuzz/corpus/NAME/ once it is mended.
set -uo pipefail
tree=$PWD
. scripts/lib.sh
need $packages_fuzz

seconds=${1:-10}
[ $# -eq 0 ] || shift
build fuzz || exit 1
mkdir -p build/fuzz/finds

if [ $# -gt 0 ]; then
    targets=("$@")
else
    mapfile -t targets < <(find tests/fuzz -name 'fuzz_*.c' -printf '%f\n' | sed 's/^fuzz_//; s/\.c$//' | LC_ALL=C sort)
fi
if [ ${#targets[@]} -eq 0 ]; then
    echo "fuzz: there is no target tests/fuzz/fuzz_*.c yet"
    exit 0
fi

# New inputs go to the build folder; the seeds in the tree are read only.
fuzz_one() {
    local name=$1 log=build/fuzz/$1.log grown=build/fuzz/corpus/$1 seeds=tests/fuzz/corpus/$1
    mkdir -p "$grown"
    [ -d "$seeds" ] || seeds=
    if build/fuzz/tests/fuzz/fuzz_"$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/finds/$name-" "$grown" $seeds >"$log" 2>&1; then
        printf 'fuzz: %-16s %10s runs, clean\n' "$name" \
            "$(awk '/stat::number_of_executed_units/ { print $2 }' "$log")"
    else
        tail -n 30 "$log"
        printf 'fuzz: %-16s FAILED; again: build/fuzz/tests/fuzz/fuzz_%s FILE, FILE in build/fuzz/finds/\n' "$name" "$name"
        return 1
    fi
}
export -f fuzz_one
export seconds

printf '%s\n' "${targets[@]}" | xargs -P 2 -I NAME bash -c 'fuzz_one NAME && echo "1 0 0" >>build/fuzz/counts.NAME'
status=$?
for name in "${targets[@]}"; do
    if [ -f "build/fuzz/counts.$name" ]; then
        rm -f "build/fuzz/counts.$name"
        passed=1
    else
        passed=0
    fi
    [ -z "${counts:-}" ] || echo "$passed $((1 - passed)) 0" >>"$counts"
done
exit $status
