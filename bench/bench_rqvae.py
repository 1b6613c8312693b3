#!/usr/bin/env python3
"""A training step of an RQ-VAE beside PyTorch at its best, interleaved on the same cores: 768-512-256-128-LATENT, 3 x 256 codes,
1024 rows, AdamW.

    bench/bench_rqvae.py [--latent 64,32] [--threads 1,2] [--repeats 5] [--worker PATH]

At its best: its allocator keeps its pages (the MALLOC_ variables). Beside it as installed, and in bf16 where the CPU has it, which
ours does not do. Needs torch in the Python that runs it.
"""
import argparse
import os
import sys

from bench_quantize import BENCH, TREE, Worker, compare, cpu_name

KEEP_PAGES = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "1000000000000", "MALLOC_TOP_PAD_": "268435456"}


def run(options, threads):
    torch = [sys.executable, os.path.join(TREE, "bench", "worker_torch.py"), str(threads)]
    isa = ["avx512"] if "avx512" in open("/proc/cpuinfo").read() else []  # training takes no bf16: the limit is fp32's
    ours = Worker("", [options.worker, str(threads), *isa], threads, {})
    peers = [Worker("", torch, threads, KEEP_PAGES), Worker("", torch, threads, {})]
    peers[0].name = f"PyTorch {peers[0].version}, fp32"
    peers[1].name = f"PyTorch {peers[1].version}, fp32, as installed"
    if "avx512_bf16" in open("/proc/cpuinfo").read():
        peers.append(Worker("", torch + ["bf16"], threads, KEEP_PAGES))
        peers[2].name = f"PyTorch {peers[2].version}, bf16 autocast"
    print("\n### RQ-VAE step: 768-512-256-128-latent, 3 x 256 codes, 1024 rows\n")
    print("| case, our path | ours | peer | ratio | limit | of it | loss ours / peer | threads | peer | CPU | commit |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for latent in map(int, options.latent.split(",")):
        net = 2 * (768 * 512 + 512 * 256 + 256 * 128 + 128 * latent)
        flop = 2.0 * 1024 * (3 * net - 768 * 512 + 3 * 256 * latent)
        compare(options, threads, f"latent {latent}", f"step {latent}", [ours], peers, options.repeats, flop)
    for worker in [ours] + peers:
        worker.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latent", default="64,32")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--worker", default=os.path.join(BENCH, "bench_train"))
    options = parser.parse_args()
    options.cpu, options.commit = cpu_name(), os.environ.get("SEMID_COMMIT", "-")
    try:
        import torch  # noqa: F401
    except ImportError:
        print("bench_rqvae: SKIPPED: no torch here; pip install torch in a virtual environment, run by it")
        return
    for threads in options.threads.split(","):
        run(options, int(threads))


if __name__ == "__main__":
    main()
