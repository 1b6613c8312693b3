#!/usr/bin/env bash
# ./dev soak [SECONDS [PART...]]: what takes too long for every change, before a release: each fuzz target for SECONDS (600), the tests ten
# times over under ASan+UBSan and in random order, the threaded ones ten times under TSan, each fault of docs/reliability.md at
# its second figure (all allocations, I/O and system calls, 2,000 kills, 10,000 flipped bits a file, 10,000 forks), Valgrind,
# static analysis of everything, the packages. With less than 60 seconds every part runs at its first figure, once.
# Parts that need more than Debian's packages (a browser, PySpark and Ray, mkdocs-material) are skipped where that is not there: SEMID_ENGINES
# names a Python, SEMID_MKDOCS a program.
# PART: build tests tables faults faults-asan fuzz serve valgrind lint analyze packages web engines docs; all when none is named.
set -uo pipefail
tree=$PWD
. scripts/lib.sh
need $packages_ci

seconds=${1:-600}
[ $# -eq 0 ] || shift
wanted=" $* "
rounds=10 SEMID_SOAK=1 valgrind_every=1 table_operations=1000000000
[ "$seconds" -ge 60 ] || rounds=1 SEMID_SOAK=0 valgrind_every=12 table_operations=1000000
export SEMID_SOAK
counts=$(mktemp) table=$(mktemp)
trap 'rm -f "$counts" "$table"' EXIT
export counts
say_data

# part KEY NAME COMMAND...: goes on after a failure; one that counted no failed test counts as one.
part() {
    local key=$1 name=$2 started=$SECONDS status=0 failed_before failed_after
    shift 2
    case $wanted in "  " | *" $key "*) ;; *) return 0 ;; esac
    echo "==== $name"
    failed_before=$(awk '{ n += $2 } END { print n + 0 }' "$counts")
    "$@" || status=$?
    failed_after=$(awk '{ n += $2 } END { print n + 0 }' "$counts")
    [ $status -eq 0 ] || [ "$failed_after" -gt "$failed_before" ] || echo "0 1 0" >>"$counts"
    printf '%-34s %6d s  %s\n' "$name" $((SECONDS - started)) "$([ $status -eq 0 ] && echo ok || echo FAILED)" >>"$table"
}

as_one_test() {
    "$@" && echo "1 0 0" >>"$counts"
}

build_all() {
    local preset
    for preset in gcc asan tsan; do build $preset || return 1; done
    echo "1 0 0" >>"$counts"
}

repeat_tests() {
    local round status=0
    for round in $(seq "$rounds"); do
        echo "soak: round $round of $rounds"
        SEMID_SOAK=0 run_ctest asan -LE fault --schedule-random || status=1
        SEMID_SOAK=0 run_in_tsan || status=1
    done
    return $status
}

# The unit tests but those that measure time or fork by the hundred; portable kernels, which Valgrind knows.
run_valgrind() {
    local program status=0 number=0
    for program in build/gcc/tests/test_*; do
        number=$((number + 1))
        case $program in *test_pool | *test_kmeans* | *test_self_test | *test_quant_registry) continue ;; esac
        [ -x "$program" ] && [ $((number % valgrind_every)) -eq 0 ] || continue
        if (cd build/gcc/tests && SEMID_ISA=portable SEMID_DATA=/nonexistent timeout 1200 valgrind -q --leak-check=full \
            --errors-for-leak-kinds=definite --error-exitcode=99 --trace-children=no --child-silent-after-fork=yes \
            "./${program##*/}") >build/valgrind.txt 2>&1 || ! grep -q '^==[0-9]*==' build/valgrind.txt; then
            echo "1 0 0" >>"$counts"
        else
            echo "soak: valgrind: ${program##*/}"
            grep '^==' build/valgrind.txt | head -n 20
            echo "0 1 0" >>"$counts"
            status=1
        fi
    done
    return $status
}

# A command that may say by exit code 77 that it has what it needs not: no failure, and counted as skipped.
unless_skipped() {
    local status=0
    "$@" || status=$?
    [ $status -ne 77 ] || echo "0 0 1" >>"$counts"
    [ $status -eq 77 ] || [ $status -ne 0 ] || echo "1 0 0" >>"$counts"
    [ $status -eq 77 ] || return $status
}

run_engines() {
    build release && tests/python/engines.sh
}

# The server under its second figures; schemathesis comes from PyPI, in a virtual environment of its own.
soak_server() {
    local status=0 tool=${SEMID_SCHEMATHESIS:-build/schemathesis/bin/schemathesis}
    SEMID_SWAPS=$((SEMID_SOAK ? 1000 : 100)) SEMID_SERVE_KILLS=$((SEMID_SOAK ? 60 : 6)) as_one_test tests/serve/run.sh "$tree/build/gcc/semid" || status=1
    [ -x "$tool" ] || { python3 -m venv build/schemathesis && build/schemathesis/bin/pip install -q schemathesis; }
    SEMID_SCHEMATHESIS=$(realpath "$tool") as_one_test tests/serve/conformance.sh "$tree/build/gcc/semid" $((SEMID_SOAK ? 200 : 15)) || status=1
    return $status
}

part build "build: gcc, ASan+UBSan, TSan" build_all
part tests "tests, over and over" repeat_tests
part tables "tables beside a plain map" as_one_test build/gcc/tests/test_table --soak "$table_operations"
part faults "faults, gcc" run_ctest gcc -L fault
part faults-asan "faults, ASan+UBSan" run_ctest asan -L fault
part fuzz "fuzz: each target $seconds s" scripts/fuzz.sh "$seconds"
part serve "1,000 swaps, 60 kills, every endpoint" soak_server
part valgrind "valgrind" run_valgrind
part lint "lint of everything" as_one_test scripts/lint.sh
part analyze "gcc -fanalyzer" as_one_test scripts/analyze.sh
part packages "Debian packages" as_one_test tests/install/deb.sh
part web "explorer: a million items" unless_skipped python3 tests/web/million.py build/gcc/semid
part engines "Python in other frameworks" as_one_test run_engines
part docs "documentation as a site" unless_skipped scripts/docs_site.sh

echo
cat "$table"
printf '%-34s %6d s\n' "all" $SECONDS
print_counts "$counts"
