#!/usr/bin/env python3
"""A training step of an RQ-VAE beside PyTorch at its best, interleaved on the same cores: 768-512-256-128-LATENT, 3 x 256 codes,
1024 rows, AdamW.

    bench/bench_rqvae.py [--latent 64,32] [--threads 1,2] [--repeats 5] [--worker PATH]

fp32 beside fp32, and bf16 beside bf16 autocast where the CPU has it. PyTorch at its best: its allocator keeps its pages (the
MALLOC_ variables); beside it in fp32 as installed. Needs torch in the Python that runs it.
"""
import argparse
import os
import sys

from bench_quantize import BENCH, TREE, Worker, compare, cpu_name

KEEP_PAGES = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "1000000000000", "MALLOC_TOP_PAD_": "268435456"}


HEADER = """
### RQ-VAE step: 768-512-256-128-latent, 3 x 256 codes, 1024 rows, {}

| case, our path | ours | peer | ratio | limit | of it | loss ours / peer | threads | peer | CPU | commit |
|---|---|---|---|---|---|---|---|---|---|---|"""


def group(options, threads, precision, ours, peers):
    """peers: the environment of each, and what its name ends in."""
    script = os.path.join(TREE, "bench", "worker_torch.py")
    torch = [sys.executable, script, str(threads)] + (["bf16"] if precision == "bf16" else [])
    worker = Worker("", [options.worker, str(threads), *ours], threads, {})
    others = [Worker("", torch, threads, environment) for environment, _ in peers]
    for other, (_, suffix) in zip(others, peers):
        other.name = f"PyTorch {other.version}, {suffix}"
    print(HEADER.format(precision))
    for latent in map(int, options.latent.split(",")):
        net = 2 * (768 * 512 + 512 * 256 + 256 * 128 + 128 * latent)
        flop = 2.0 * 1024 * (3 * net - 768 * 512 + 3 * 256 * latent)
        compare(options, threads, f"latent {latent}", f"step {latent}", [worker], others, options.repeats, flop)
    for one in [worker] + others:
        one.close()


def run(options, threads):
    flags = open("/proc/cpuinfo").read()
    ours = ["avx512"] if "avx512f" in flags else []  # the limit shown is then fp32's
    group(options, threads, "fp32", ours, [(KEEP_PAGES, "fp32"), ({}, "fp32, as installed")])
    if "avx512_bf16" in flags:
        group(options, threads, "bf16", ["avx512bf16", "bf16"], [(KEEP_PAGES, "bf16 autocast")])


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
