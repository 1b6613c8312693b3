#!/usr/bin/env bash
# ./dev test --ci: everything, in stages that go on after a failure; a table of seconds and a sum of all tests at the end.
# Planned for 16 minutes on 2 cores; where they went and what each stage need not repeat: docs/decisions/039-ci-minutes.md.
set -uo pipefail
tree=$PWD
. scripts/lib.sh
need $packages_ci
mkdir -p build

counts=$(mktemp) table=$(mktemp)
trap 'rm -f "$counts" "$table"' EXIT
export counts
say_data

# stage NAME COMMAND...: a stage that fails without counting a failed test counts as one.
stage() {
    local name=$1 started=$SECONDS status=0 failed_before failed_after
    shift
    echo
    echo "==== $name"
    failed_before=$(awk '{ n += $2 } END { print n + 0 }' "$counts")
    "$@" || status=$?
    failed_after=$(awk '{ n += $2 } END { print n + 0 }' "$counts")
    [ $status -eq 0 ] || [ "$failed_after" -gt "$failed_before" ] || echo "0 1 0" >>"$counts"
    printf '%-34s %5d s  %s\n' "$name" $((SECONDS - started)) "$([ $status -eq 0 ] && echo ok || echo FAILED)" >>"$table"
}

# A stage whose checks are one test together.
as_one_test() {
    "$@" && echo "1 0 0" >>"$counts"
}

gcc_tests() { build gcc && run_ctest gcc; }
# Real data takes long there and runs no other line; a process that is killed tells ASan nothing (./dev soak runs these too).
asan_tests() { build asan && SEMID_DATA=/nonexistent run_ctest asan -E '^(labels|fault_kill)$'; }
# What a compiler could compute otherwise: the rooms that compute. All else ran with this compiler under ASan.
clang_rooms=(-L '^(kernel|linalg|tensor|embed|quant|sid|pieces|model|decode|eval|train|table|rank|retrieve|golden)$')
clang_tests() { build_tests clang "${clang_rooms[@]}" && run_ctest clang "${clang_rooms[@]}"; }

tsan_tests() { build_tests tsan "${tests_in_tsan[@]}" && SEMID_DATA=/nonexistent run_in_tsan; }

# The packages, the quickstart and the wheel compile the same objects: the first one's serve all.
if command -v ccache >/dev/null; then
    export CCACHE_DIR=$tree/build/ccache
    release_launcher=ccache
fi
with_cache() { CMAKE_C_COMPILER_LAUNCHER=${release_launcher:-} "$@"; }

stage "gcc: build, all tests" gcc_tests
stage "lint" as_one_test scripts/lint.sh
stage "gcc -fanalyzer" as_one_test scripts/analyze.sh
stage "clang ASan+UBSan: build, all tests" asan_tests
stage "clang TSan: threads" tsan_tests
stage "clang: the rooms that compute" clang_tests
stage "aarch64: golden SIDs" as_one_test tests/golden/cross.sh
stage "fuzz: each target 6 s" scripts/fuzz.sh 6
stage "coverage" scripts/coverage.sh
stage "Debian packages" as_one_test with_cache tests/install/deb.sh
stage "quickstart, a slice" as_one_test with_cache scripts/quickstart.sh --slice 3000
stage "Python: a wheel, a fresh venv" as_one_test with_cache tests/python/wheel.sh
stage "docs: run every block" as_one_test scripts/run_doc_blocks.sh

echo
cat "$table"
printf '%-34s %5d s\n' "all" $SECONDS
print_counts "$counts"
