#!/usr/bin/env bash
# ./dev results [OPTIONS]: makes docs/results.md: every quantizer on real data, and prefix neighbours beside exact search and
# FAISS HNSW (results.py says how, and lists the options). What was computed is kept in build/results, so that an interrupted
# run goes on where it stopped. Data that is missing is skipped, loudly, and has no table then. Some ten minutes at first.
#   ./dev results models [OPTIONS]: docs/results-models.md instead: recommenders (results_models.py).
set -euo pipefail
tree=$PWD
. scripts/lib.sh
if [ "${1:-}" = models ]; then
    shift
    build bench
    say_data
    exec python3 scripts/results_models.py --semid build/bench/semid "$@"
fi
need $packages_bench
build bench
say_data
python=${SEMID_PYTHON:-$tree/build/bench-venv/bin/python}
if [ -z "${SEMID_PYTHON:-}" ] && ! "$python" -c 'import numpy, faiss' 2>/dev/null; then
    echo "results: installing numpy and faiss-cpu in build/bench-venv"
    python3 -m venv build/bench-venv && build/bench-venv/bin/pip install -q numpy faiss-cpu >build/bench-venv.log 2>&1 ||
        echo "results: no FAISS, see build/bench-venv.log; the sources of retrieval are SKIPPED"
fi
mkdir -p build/results
if package_lists_are_there && command -v apt-cache >/dev/null; then
    debian_items >build/results/debian.tsv
else
    echo "results: NO PACKAGE LISTS: the Debian catalogue is SKIPPED; apt-get update fetches them"
fi
SEMID_PYTHON=$python exec python3 scripts/results.py --semid build/bench/semid --bench build/bench/bench "$@"
