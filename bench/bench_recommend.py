#!/usr/bin/env python3
"""From the start of the process to its answer: `semid recommend` on a trained model, then the same in the library.

    bench/bench_recommend.py MODEL [CATALOG] [--repeats 15]
"""
import argparse
import os
import statistics
import subprocess
import time

from bench_quantize import BENCH


def started(command, repeats):
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - begin)
    return f"{statistics.median(seconds) * 1e3:.1f} [{min(seconds) * 1e3:.1f}-{max(seconds) * 1e3:.1f}] ms"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("catalog", nargs="?")
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    semid = os.path.join(os.path.dirname(BENCH), "semid")
    with open(os.path.join(options.model, "items.txt")) as items:
        history = ",".join(next(items).rstrip("\n") for _ in range(8))
    command = [semid, "recommend", options.model, "--history", history]
    print("\n### Process start to answer\n")
    print("recommend:", started(command, options.repeats), flush=True)
    if options.catalog:
        print("with titles:", started(command + ["--catalog", options.catalog], options.repeats), flush=True)
    for threads in ("1", "2"):
        subprocess.run([os.path.join(BENCH, "bench_recommend"), options.model, threads], check=True)


if __name__ == "__main__":
    main()
