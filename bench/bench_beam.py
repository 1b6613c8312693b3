#!/usr/bin/env python3
"""Beam search in a TIGER of the paper's size beside PyTorch at its best, interleaved on the same cores: 20 beams, 4 codes,
histories of 80 tokens, one user at a time and 64; encoder, keys and values of cross attention, decoding, top 20. fp32.

    bench/bench_beam.py [--users 1,64] [--threads 1,2] [--repeats 5] [--worker PATH]

Ours is held to a trie of 12,101 items and denies those of the history; the peer decodes freely. Its allocator keeps its pages
(the MALLOC_ variables). Needs torch in the Python that runs it.
"""
import argparse
import os
import sys

from bench_quantize import BENCH, TREE, Worker, compare, cpu_name
from bench_rqvae import KEEP_PAGES

WEIGHTS, WIDE = 128 * 384, 2 * 128 * 1024


def flop(users):
    """Once a user: the encoder, keys and values. Then a row of the start and 20 beams of three codes."""
    tokens, rows = 80 * users, users * (1 + 20 * 3)
    once = 4 * (2 * tokens * (4 * WEIGHTS + WIDE) + 4 * tokens * 80 * 384 + 2 * tokens * 2 * WEIGHTS)
    return once + 4 * (2 * rows * (6 * WEIGHTS + WIDE) + 4 * rows * 80 * 384) + 2 * rows * 128 * 1100


def run(options, threads):
    torch = [sys.executable, os.path.join(TREE, "bench", "worker_beam_torch.py"), str(threads)]
    isa = ["avx512"] if "avx512" in open("/proc/cpuinfo").read() else []  # whose limit is that of fp32
    ours = Worker("", [options.worker, str(threads), *isa], threads, {})
    peer = Worker("", torch, threads, KEEP_PAGES)
    peer.name = f"PyTorch {peer.version}"
    for users in options.users.split(","):
        compare(options, threads, f"beam 20, {users} user{'s' * (users != '1')}", f"beam {users}", [ours], [peer],
                options.repeats, flop(int(users)))
    ours.close()
    peer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", default="1,64")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--worker", default=os.path.join(BENCH, "bench_beam"))
    options = parser.parse_args()
    options.cpu, options.commit = cpu_name(), os.environ.get("SEMID_COMMIT", "-")
    try:
        import torch  # noqa: F401
    except ImportError:
        print("bench_beam: SKIPPED: no torch here; pip install torch in a virtual environment, run by it")
        return
    print("\n### Beam search\n")
    print("| case, our path | ours | peer | ratio | limit | of it | proven share / - | threads | peer | CPU | commit |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for threads in options.threads.split(","):
        run(options, int(threads))


if __name__ == "__main__":
    main()
