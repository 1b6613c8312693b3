#!/usr/bin/env python3
"""Training steps of rankers beside PyTorch at its best, interleaved on the same cores: 512 impressions of a user, an item, six more
ids, 30 clicks and 8 numbers, rows of 16 floats and a weight. A step is all of it: look-ups, forward, back, Adagrad on the rows met, Adam
on the networks. Our tables grow and hash 64-bit keys; PyTorch's ids are row numbers of a table that has all its rows.

    bench/bench_rank.py [--models dcnv2,din,dlrm] [--threads 1,2] [--repeats 5] [--worker PATH]

At its best: sparse gradients, and an allocator that keeps its pages (the MALLOC_ variables). Needs torch in the Python that runs it.
"""
import argparse
import os
import sys

from bench_quantize import BENCH, TREE, Worker, compare, cpu_name
from bench_rqvae import KEEP_PAGES


def run(options, threads):
    ours = Worker("", [options.worker, str(threads)], threads, {})
    peer = Worker("", [sys.executable, os.path.join(TREE, "bench", "worker_rank_torch.py"), str(threads)], threads,
                  KEEP_PAGES)
    peer.name = f"PyTorch {peer.version}"
    for model in options.models.split(","):
        compare(options, threads, model, model, [ours], [peer], options.repeats, 0)
    ours.close()
    peer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="dcnv2,din,dlrm")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--worker", default=os.path.join(BENCH, "bench_rank"))
    options = parser.parse_args()
    options.cpu, options.commit = cpu_name(), os.environ.get("SEMID_COMMIT", "-")
    try:
        import torch  # noqa: F401
    except ImportError:
        print("bench_rank: SKIPPED: no torch here; pip install torch in a virtual environment, run by it")
        return
    print("\n### Steps of rankers\n")
    print("| case, our path | ours | peer | ratio | limit | of it | loss ours / peer | threads | peer | CPU | commit |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for threads in options.threads.split(","):
        run(options, int(threads))


if __name__ == "__main__":
    main()
