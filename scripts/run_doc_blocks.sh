#!/usr/bin/env bash
# scripts/run_doc_blocks.sh [--update]: runs the blocks of README and all pages with the release build (run_doc_blocks.py).
set -euo pipefail
tree=$PWD
. scripts/lib.sh
need $packages_test
build release
# Blocks in Python find the package in the tree; tests/python/wheel.sh runs them with what pip installed.
export SEMID_PYTHON=/usr/bin/python3 PYTHONPATH=$tree/python PYTHONDONTWRITEBYTECODE=1
export SEMID_LIBRARY=$tree/build/release/libsemid.so.0
PATH=$tree/build/release:$PATH exec python3 scripts/run_doc_blocks.py "$@" README.md docs/*.md docs/guide/*.md
