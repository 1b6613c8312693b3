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
    build coverage
    # Counting makes kernels some ten times slower; real data and the long comparisons run no line of their own.
    SEMID_KILL_CYCLES=10 SEMID_DATA=/nonexistent run_ctest coverage -E '^(golden_sids|oracle_numpy|labels|cli_larger_than_memory|web)$'
fi
# gradcheck compiles kernels anew in double: gcovr cannot join two shapes of one function.
gcovr --root . --filter 'src/' --exclude-directories '.*gradcheck.*' --object-directory build/coverage --csv build/coverage/lines.csv -j "$jobs" \
    build/coverage >/dev/null
python3 scripts/coverage_table.py build/coverage/lines.csv 90
