#!/usr/bin/env python3
"""Training steps of sequence models beside PyTorch at its best, interleaved on the same cores: SASRec with the softmax over 12,001
items at 128 x 50 positions, TIGER's T5 (4 + 4 layers, 256 samples of 80 tokens). fp32 beside fp32, bf16 beside bf16 autocast.

    bench/bench_sequence.py [--models sasrec,tiger] [--precisions fp32,bf16] [--threads 1,2] [--repeats 5]
        [--worker PATH]

At its best: its allocator keeps its pages (the MALLOC_ variables). Needs torch in the Python that runs it.
"""
import argparse
import os
import sys

from bench_quantize import BENCH, TREE, Worker, compare, cpu_name
from bench_rqvae import KEEP_PAGES

SASREC = 3 * (2 * (2 * 6400 * 6 * 64 * 64 + 4 * 128 * 2500 * 64) + 2 * 6400 * 64 * 12001)
ENCODER = 4 * (2 * 256 * 80 * (4 * 128 * 384 + 2 * 128 * 1024) + 4 * 256 * 80 * 80 * 384)
DECODER = 4 * (2 * 1024 * (6 * 128 * 384 + 2 * 128 * 1024) + 2 * 256 * 80 * 2 * 128 * 384 + 4 * 1024 * (4 + 80) * 384)
FLOP = {"sasrec": SASREC, "tiger": 3 * (ENCODER + DECODER + 2 * 1024 * 128 * 1100)}


def run(options, threads):
    torch = [sys.executable, os.path.join(TREE, "bench", "worker_sequence_torch.py"), str(threads)]
    flags = open("/proc/cpuinfo").read()
    for precision in options.precisions.split(","):
        if precision == "bf16" and "avx512_bf16" not in flags:
            continue
        isa = ["avx512"] if precision == "fp32" and "avx512" in flags else []  # whose limit is that of fp32
        ours = Worker("", [options.worker, str(threads), *isa], threads, {})
        peer = Worker("", torch + [precision] * (precision == "bf16"), threads, KEEP_PAGES)
        peer.name = f"PyTorch {peer.version}, {precision}"
        for model in options.models.split(","):
            compare(options, threads, f"{model}, {precision}", f"{model} {precision}", [ours], [peer], options.repeats,
                    FLOP[model])
        ours.close()
        peer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="sasrec,tiger")
    parser.add_argument("--precisions", default="fp32,bf16")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--worker", default=os.path.join(BENCH, "bench_sequence"))
    options = parser.parse_args()
    options.cpu, options.commit = cpu_name(), os.environ.get("SEMID_COMMIT", "-")
    try:
        import torch  # noqa: F401
    except ImportError:
        print("bench_sequence: SKIPPED: no torch here; pip install torch in a virtual environment, run by it")
        return
    print("\n### Steps of sequence models\n")
    print("| case, our path | ours | peer | ratio | limit | of it | loss ours / peer | threads | peer | CPU | commit |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for threads in options.threads.split(","):
        run(options, int(threads))


if __name__ == "__main__":
    main()
