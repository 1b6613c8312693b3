#!/usr/bin/env bash
# ./dev bench: builds and runs each program of bench/ and keeps what they print in bench/results/. Peers (faiss-cpu) come
# from the Python named by SEMID_PYTHON, a virtual environment outside the tree; without them a program says that it skips.
set -euo pipefail
tree=$PWD
. scripts/lib.sh

mapfile -t programs < <(find bench -maxdepth 1 \( -name '*.sh' -o -name 'bench_*.py' \) 2>/dev/null | LC_ALL=C sort)
if [ ${#programs[@]} -eq 0 ]; then
    echo "bench: there is no program in bench/ yet; nothing was measured"
    exit 0
fi
need $packages_test
build bench
cpu=$(awk -F': ' '/model name/ { gsub(/[^A-Za-z0-9]+/, "-", $2); print $2; exit }' /proc/cpuinfo)
mkdir -p bench/results
result=bench/results/$(date +%Y-%m-%d)-${cpu:-cpu}.md
for program in "${programs[@]}"; do
    echo "bench: $program"
    case $program in
    *.py) set -- "${SEMID_PYTHON:-python3}" "$program" ;;
    *) set -- "$program" ;;
    esac
    PATH=$tree/build/bench:$PATH "$@" | tee -a "$result"
done
echo "bench: kept in $result"
