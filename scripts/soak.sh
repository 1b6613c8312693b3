#!/usr/bin/env bash
# ./dev soak [SECONDS]: what takes too long for every change, before a release: each fuzz target for SECONDS (600), the
# tests ten times over under ASan+UBSan and in random order, the threaded ones ten times under TSan, and each fault of
# docs/reliability.md at its second figure (all allocations and I/O calls, 2,000 kills, 10,000 forks).
set -uo pipefail
tree=$PWD
. scripts/lib.sh
need $packages_ci

seconds=${1:-600}
counts=$(mktemp)
trap 'rm -f "$counts"' EXIT
export counts
say_data

for preset in asan tsan; do
    if ! build $preset; then
        echo "0 passed, 1 failed"
        exit 1
    fi
done
for round in 1 2 3 4 5 6 7 8 9 10; do
    echo "soak: round $round of 10"
    run_ctest asan --schedule-random
    run_in_tsan
done
echo "soak: faults at every point, under ASan+UBSan"
SEMID_SOAK=1 run_ctest asan -R '^fault_'
scripts/fuzz.sh "$seconds"
print_counts "$counts"
