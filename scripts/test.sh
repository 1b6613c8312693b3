#!/usr/bin/env bash
# ./dev test: the gcc build, warnings as errors, and every test that runs on it. Under five minutes on 2 cores.
set -euo pipefail
tree=$PWD
. scripts/lib.sh
need $packages_test

counts=$(mktemp)
trap 'rm -f "$counts"' EXIT
say_data
echo "dev: building (preset gcc)"
if ! build gcc; then
    echo "0 passed, 1 failed"
    exit 1
fi
run_ctest gcc || true
print_counts "$counts"
