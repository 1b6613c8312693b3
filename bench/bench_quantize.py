#!/usr/bin/env python3
"""semid beside FAISS: k-means sweep, whole fit, encoding, all interleaved on the same cores.

    bench/bench_quantize.py [--rows 200000] [--dim 768] [--threads 1,2] [--repeats 5] [--worker PATH]

Ours runs on its best path and, where that is bf16, on the fp32 path too. FAISS runs at its best, which is the OpenBLAS in its
wheel told to use the SkylakeX kernels and its LUT turned on, and as installed, where that OpenBLAS of 2021 chooses by itself
(the as-installed FAISS encodes with the codebooks of the other's fit). Needs numpy and faiss-cpu in the Python that runs it.
One line a case: both medians [min-max], their ratio, the machine's limit measured in the same minute and our share of it.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BENCH = os.path.join(TREE, "build", "bench", "bench")


def make_data(path, rows, dim):
    """The mixture of the peers' measurements: 1,024 N(0,1) centres, noise of .7, numpy's default_rng(1)."""
    import numpy as np

    rng = np.random.default_rng(1)
    centres = rng.standard_normal((1024, dim), dtype=np.float32)
    of_row = rng.integers(0, 1024, rows)
    (centres[of_row] + rng.standard_normal((rows, dim), dtype=np.float32) * 0.7).astype(np.float32).tofile(path)


def cpu_name():
    with open("/proc/cpuinfo") as info:
        return next((line.split(": ", 1)[1].strip() for line in info if line.startswith("model name")), "unknown")


class Worker:
    """A process that runs one case a line. `limit` is flop/s; the peers have none of their own."""

    def __init__(self, name, command, threads, extra):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
        environment.update(OMP_NUM_THREADS=str(threads), **extra)
        cores = ",".join(str(i) for i in range(threads))
        self.process = subprocess.Popen(["taskset", "-c", cores] + command, env=environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.version = self.read()[1]
        self.name = name or self.version
        self.limit = 0

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit("bench_quantize: a worker ended early, see above")
        return line.split()

    def run(self, case):
        self.process.stdin.write(case + "\n")
        self.process.stdin.flush()
        return [float(v) for v in self.read()]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def spread(values):
    return f"{statistics.median(values) * 1e3:.4g} [{min(values) * 1e3:.4g}-{max(values) * 1e3:.4g}] ms"


def compare(options, threads, name, case, ours, peers, repeats, flop):
    """Every worker once, `repeats` times; a line for each of ours beside each peer."""
    workers = ours + peers
    results = {w: [] for w in workers}
    for worker in ours:  # in the minute of the case; the best, since a limit is not met by chance
        worker.limit = max(worker.run("peak")[0] for _ in range(3))
    for _ in range(repeats):
        for worker in workers:
            results[worker].append(worker.run(case))
    for worker in ours:
        mine = [r[0] for r in results[worker]]
        rate = flop / statistics.median(mine)
        limit = f"{worker.limit / 1e9:.0f} GF/s | {100 * rate / worker.limit:.0f} %" if flop else "- | -"
        for peer in peers:
            theirs = [r[0] for r in results[peer]]
            quality = f"{results[worker][-1][1]:.6g} / {results[peer][-1][1]:.6g}"
            print(f"| {name}, {worker.version} | {spread(mine)} | {spread(theirs)} "
                  f"| {statistics.median(theirs) / statistics.median(mine):.2f} | {limit} | {quality} | {threads} "
                  f"| {peer.name} | {options.cpu} | {options.commit} |", flush=True)


def start(options, threads, path):
    command = [path, str(options.rows), str(options.dim), str(threads)]
    ours = [Worker("", [options.worker, *command], threads, {})]
    if ours[0].version == "avx512bf16":
        ours.append(Worker("", [options.worker, *command, "avx512"], threads, {}))
    faiss = [sys.executable, os.path.join(TREE, "bench", "worker_faiss.py"), *command]
    peers = [Worker("", faiss, threads, {"OPENBLAS_CORETYPE": options.coretype}), Worker("", faiss, threads, {})]
    peers[0].name = f"FAISS {peers[0].version}, {options.coretype}"
    peers[1].name = f"FAISS {peers[1].version}, as installed"
    return ours, peers


def run(options, threads, path):
    ours, peers = start(options, threads, path)
    flop = 2.0 * options.rows * options.dim * 256
    codebooks = path + ".codebooks.npy"
    print(f"\n### quantize: {options.rows} x {options.dim}\n")
    print("| case, our path | ours | peer | ratio | limit | of it | MSE ours / peer | threads | peer | CPU | commit |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    compare(options, threads, "assignment, 256", "assign 256", ours, peers, options.repeats, flop)
    compare(options, threads, "k-means sweep, 256", "sweep 256", ours, peers, options.repeats, flop)
    compare(options, threads, "whole fit, 3 x 256", "fit 3 256", ours, peers[:1], options.fit_repeats, 0)
    peers[0].run("save " + codebooks)
    peers[1].run("load " + codebooks)
    compare(options, threads, "encode, beam 1", "encode 1", ours, peers, options.repeats, 3 * flop)
    compare(options, threads, "encode, beam 5", "encode 5", ours, peers, options.repeats, 3 * flop)
    for worker in ours + peers:
        worker.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200000)
    parser.add_argument("--dim", type=int, default=768)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--fit-repeats", type=int, default=1)
    parser.add_argument("--coretype", default="SkylakeX")
    parser.add_argument("--worker", default=os.path.join(BENCH, "bench_worker"))
    options = parser.parse_args()
    options.cpu = cpu_name()
    options.commit = os.environ.get("SEMID_COMMIT", "-")
    try:
        import faiss  # noqa: F401
    except ImportError:
        print("bench_quantize: SKIPPED: no faiss here; pip install numpy faiss-cpu in a virtual environment, run by it")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.f32")
        make_data(path, options.rows, options.dim)
        for threads in options.threads.split(","):
            run(options, int(threads), path)


if __name__ == "__main__":
    main()
