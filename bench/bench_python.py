#!/usr/bin/env python3
"""What Python costs: Catalog.encode beside the same call of a C program, the two taking turns on the same cores.

    bench/bench_python.py [--rows 1000000] [--dim 256] [--threads 2] [--repeats 9] [--worker PATH]

Both take float32 rows where they lie and make an array of codes; each is a process with threads of its own. float64
rows, which Python converts once, are a line for comparison. Needs numpy and the package semid: pip install ., or
SEMID_LIBRARY and PYTHONPATH.
"""

import argparse
import os
import sys
import tempfile
import time

import numpy as np

from bench_quantize import BENCH, Worker, cpu_name, make_data, spread, statistics

import semid


def make_catalog(folder, rows, dim):
    """x.npy and a catalogue of 3 x 256 codes fitted on a part of it."""
    make_data(os.path.join(folder, "x.f32"), rows, dim)
    x = np.fromfile(os.path.join(folder, "x.f32"), dtype=np.float32).reshape(rows, dim)
    os.unlink(os.path.join(folder, "x.f32"))
    np.save(os.path.join(folder, "x.npy"), x)
    semid.Catalog.fit(x[:30000], path=os.path.join(folder, "catalog"), codes=256, drop_vectors=True).close()
    return x


def timed(work):
    begin = time.perf_counter()
    codes = work()
    return time.perf_counter() - begin, int(codes.sum(dtype=np.int64))


def run(options, folder):
    x = make_catalog(folder, options.rows, options.dim)
    worker = Worker(
        "C", [options.worker, os.path.join(folder, "catalog"), os.path.join(folder, "x.npy")], options.threads, {}
    )
    os.sched_setaffinity(0, range(options.threads))
    wide = x.astype(np.float64)
    seconds = {"C": [], "Python, float32": [], "Python, float64": []}
    with semid.Catalog.open(os.path.join(folder, "catalog")) as catalog:
        for turn in range(options.repeats + 1):
            found = {
                "C": worker.run("encode"),
                "Python, float32": timed(lambda: catalog.encode(x)),
                "Python, float64": timed(lambda: catalog.encode(wide)),
            }
            if len({result[1] for result in found.values()}) != 1:
                sys.exit("bench_python: the codes differ")
            for name, result in found.items() if turn else ():  # the first turn warms up
                seconds[name].append(result[0])
    worker.close()
    c = statistics.median(seconds["C"])
    for name in list(seconds)[1:]:
        print(
            f"| encode {options.rows} x {options.dim}, 3 x 256: {name} | {spread(seconds[name])} "
            f"| {spread(seconds['C'])} "
            f"| {c / statistics.median(seconds[name]):.3f} | - | - | - | {options.threads} | C {worker.version} "
            f"| {cpu_name()} | {os.environ.get('SEMID_COMMIT', '-')} |",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1000000)
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--worker", default=os.path.join(BENCH, "bench_encode"))
    with tempfile.TemporaryDirectory() as folder:
        run(parser.parse_args(), folder)


main()
