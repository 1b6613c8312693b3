#!/usr/bin/env bash
# ./dev coverage: runs the tests on a build that counts lines, prints the coverage of src/ by room, fails under 90 %.
#   --no-run   reads what an earlier run counted
set -euo pipefail
tree=$PWD
. scripts/lib.sh
need $packages_coverage

if [ "${1:-}" != --no-run ]; then
    counts=${counts:-$(mktemp)}
    echo "dev: building (preset coverage)"
    # From nothing: gcovr trips over notes of sources that moved.
    rm -rf build/coverage
    # Counting makes kernels some ten times slower. Only each source's own test counts: a line that runs somewhere under the
    # program or a fault, and is looked at by nothing, is not tested.
    tests=(-R '^(test|replay)_')
    build_tests coverage "${tests[@]}"
    SEMID_DATA=/nonexistent run_ctest coverage "${tests[@]}"
fi
# Ignored errors: a count of a kernel's line that two threads added to at once may come out negative.
gcovr --gcov-ignore-parse-errors --root . --filter 'src/' --object-directory build/coverage --csv build/coverage/lines.csv -j "$jobs" \
    build/coverage >build/coverage/gcovr.log 2>&1 || { tail -n 30 build/coverage/gcovr.log; exit 1; }
python3 scripts/coverage_table.py build/coverage/lines.csv 90
