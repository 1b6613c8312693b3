#!/usr/bin/env bash
# scripts/run_doc_blocks.sh [--update]: runs the blocks of README and guides with the release build (run_doc_blocks.py).
set -euo pipefail
tree=$PWD
. scripts/lib.sh
need $packages_test
build release
PATH=$tree/build/release:$PATH exec python3 scripts/run_doc_blocks.py "$@" README.md docs/guide/*.md
