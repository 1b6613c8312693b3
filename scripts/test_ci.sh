#!/usr/bin/env bash
# ./dev test --ci: everything, in stages that go on after a failure; a table of seconds and a sum of all tests at the end.
# Planned for 16 minutes on 2 cores.
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
# Real data takes long there and runs no other line.
asan_tests() { build asan && SEMID_DATA=/nonexistent run_ctest asan; }
# The faults ran with this compiler under ASan, the Python package does not depend on it.
clang_tests() { build clang && run_ctest clang -LE 'fault|python|web'; }

tsan_tests() { build tsan && SEMID_DATA=/nonexistent run_in_tsan; }

stage "gcc: build, all tests" gcc_tests
stage "lint" as_one_test scripts/lint.sh
stage "gcc -fanalyzer" as_one_test scripts/analyze.sh
stage "clang ASan+UBSan: build, all tests" asan_tests
stage "clang TSan: threads" tsan_tests
stage "clang: build, all tests" clang_tests
stage "aarch64: golden SIDs" as_one_test tests/golden/cross.sh
stage "fuzz: each target 20 s" scripts/fuzz.sh 20
stage "coverage" scripts/coverage.sh
stage "Debian packages" as_one_test tests/install/deb.sh
stage "quickstart, a slice" as_one_test scripts/quickstart.sh --slice 3000
stage "Python: a wheel, a fresh venv" as_one_test tests/python/wheel.sh
stage "docs: run every block" as_one_test scripts/run_doc_blocks.sh

echo
cat "$table"
printf '%-34s %5d s\n' "all" $SECONDS
print_counts "$counts"
