#!/usr/bin/env bash
# ./dev bench [NAME...]: builds the programs of bench/, runs them beside their peers and keeps what they print in
# bench/results/DATE-CPU.md. Names: machine gemm prefix retrieve table scaling quantize opq python large rqvae sequence rank beam recommend bert pieces; without one all but `large`,
# which fits 10 M x 64 vectors and takes some minutes and 6 GB of disk, and `rqvae`, `sequence`, `rank`, `beam` and `bert`, whose peers are PyTorch and
# onnxruntime (SEMID_PYTHON must have them; `recommend` asks the model SEMID_MODEL; SEMID_BERT is a model's folder, SEMID_ITEMS a file of items). Peers in Python (numpy's
# OpenBLAS, faiss-cpu) come from the interpreter named by SEMID_PYTHON; without it a virtual environment is made in
# build/bench-venv. Interrupting is safe.
set -euo pipefail
tree=$PWD
. scripts/lib.sh

all="machine gemm prefix retrieve table scaling quantize opq python"
names=${*:-$all}
for name in $names; do
    case " $all large rqvae sequence rank beam recommend bert pieces " in *" $name "*) ;; *) fail "bench knows $all large rqvae sequence rank beam recommend bert pieces, not \"$name\"" ;; esac
done
need $packages_bench
build bench

python=${SEMID_PYTHON:-$tree/build/bench-venv/bin/python}
if [ -z "${SEMID_PYTHON:-}" ] && ! "$python" -c 'import numpy, faiss' 2>/dev/null; then
    echo "bench: installing numpy and faiss-cpu in build/bench-venv"
    python3 -m venv build/bench-venv && build/bench-venv/bin/pip install -q numpy faiss-cpu >build/bench-venv.log 2>&1 ||
        echo "bench: no peers in Python, see build/bench-venv.log; gemm and quantize are skipped"
fi

cpu=$(awk -F': ' '/model name/ { gsub(/[^A-Za-z0-9]+/, "-", $2); print $2; exit }' /proc/cpuinfo)
programs=build/bench/bench
threads="1"
[ "$jobs" -lt 2 ] || threads="1 2"
SEMID_COMMIT=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
[ -z "$(git status --porcelain -- src bench 2>/dev/null)" ] || SEMID_COMMIT=$SEMID_COMMIT+
export SEMID_COMMIT
mkdir -p bench/results
result=bench/results/$(date +%Y-%m-%d)-${cpu:-cpu}.md

run_machine() { for t in $threads; do "$programs/bench_machine" "$t"; done; }
run_prefix() { "$programs/bench_prefix" build; }
run_retrieve() { "$programs/bench_retrieve"; }
# 9 GB of memory and 4 of disk; g++ and libabsl-dev for its peer.
run_table() {
    [ -x "$programs/bench_table" ] || { echo "table: SKIPPED: built without libabsl-dev or a C++ compiler"; return; }
    # Large pages for the peer's own memory, as ours has them.
    for t in $threads; do GLIBC_TUNABLES=glibc.malloc.hugetlb=1 "$programs/bench_table" "$t" 10 build; done
}
run_scaling() { "$programs/bench_scaling" "${threads##* }"; }
run_quantize() { "$python" bench/bench_quantize.py --threads "${threads// /,}"; }
run_rqvae() { "$python" bench/bench_rqvae.py --threads "${threads// /,}"; }
run_sequence() { "$python" bench/bench_sequence.py --threads "${threads// /,}"; }
run_rank() { "$python" bench/bench_rank.py --threads "${threads// /,}"; }
run_beam() { "$python" bench/bench_beam.py --threads "${threads// /,}"; }
run_recommend() { "$python" bench/bench_recommend.py "${SEMID_MODEL:?a model}"; }
run_opq() { "$python" bench/bench_opq.py; }
run_python() {
    SEMID_LIBRARY=build/bench/libsemid.so.0 PYTHONPATH=python "$python" bench/bench_python.py --threads "${threads##* }"
}
run_gemm() {
    local library
    library=$("$python" -c 'import glob, os, numpy
print(*glob.glob(os.path.join(os.path.dirname(numpy.__file__) + ".libs", "*openblas*")))' 2>/dev/null || true)
    if [ ! -f "$library" ]; then
        echo "gemm: SKIPPED: no numpy wheel with its OpenBLAS for $python"
        return
    fi
    for t in $threads; do "$programs/bench_gemm" "$library" "$t"; done
}
run_bert() {
    "$python" bench/bench_bert.py --weights "${SEMID_BERT:?a model}" --items "${SEMID_ITEMS:?a file of items}" --threads "${threads// /,}"
}
# The peer is SentencePiece, by Debian's libsentencepiece-dev and g++.
run_pieces() {
    local peer=build/bench/worker_sentencepiece
    if ! g++ -O2 -std=c++17 bench/worker_sentencepiece.cc -lsentencepiece_train -lsentencepiece -o "$peer" 2>build/bench-pieces.log; then
        echo "pieces: SKIPPED: no SentencePiece to build against (g++, libsentencepiece-dev), see build/bench-pieces.log"
        return
    fi
    "$python" bench/bench_pieces.py --peer "$peer" --threads "${threads// /,}" \
        --peer-name "SentencePiece $(pkg-config --modversion sentencepiece 2>/dev/null)"
}
run_large() { bench/large.sh build/bench/semid build/bench-large; }

[ -s "$result" ] || printf '# ./dev bench on %s\n' "$cpu" >"$result"
for name in $names; do
    echo "bench: $name"
    "run_$name" | tee -a "$result"
done
echo "bench: kept in $result"
