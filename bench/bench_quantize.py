#!/usr/bin/env python3
"""semid beside FAISS at its best: k-means sweep, whole fit, encoding, interleaved on the same cores.

    bench/bench_quantize.py [--rows 200000] [--dim 768] [--threads 1,2] [--repeats 5] [--isa avx512] [--worker PATH]

Needs numpy and faiss-cpu in the Python that runs it (a virtual environment outside the tree): SEMID_PYTHON=... ./dev bench. One line
a case: ours and the peer's median [min-max], their ratio, the machine's limit measured in the same minute and our share of it.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def make_data(path, rows, dim):
    """The mixture of the peers' measurements: 1,024 N(0,1) centres, noise of .7, numpy's default_rng(1)."""
    import numpy as np

    rng = np.random.default_rng(1)
    centres = rng.standard_normal((1024, dim), dtype=np.float32)
    of_row = rng.integers(0, 1024, rows)
    (centres[of_row] + rng.standard_normal((rows, dim), dtype=np.float32) * 0.7).astype(np.float32).tofile(path)


class Worker:
    def __init__(self, command, threads, extra):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
        environment.update(OMP_NUM_THREADS=str(threads), **extra)
        cores = ",".join(str(i) for i in range(threads))
        self.process = subprocess.Popen(["taskset", "-c", cores] + command, env=environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.version = self.read()[1]

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


def spread(values, scale, unit):
    return f"{statistics.median(values) * scale:.4g} [{min(values) * scale:.4g}-{max(values) * scale:.4g}] {unit}"


def compare(name, case, ours, peer, repeats, flop, limit):
    runs = [(ours.run(case), peer.run(case)) for _ in range(repeats)]
    mine, theirs = [r[0][0] for r in runs], [r[1][0] for r in runs]
    ratio = statistics.median(theirs) / statistics.median(mine)
    share = f"{100 * flop / statistics.median(mine) / limit:.0f} %" if flop else "-"
    print(f"| {name} | {spread(mine, 1e3, 'ms')} | {spread(theirs, 1e3, 'ms')} | {ratio:.2f} | {share} "
          f"| {runs[-1][0][1]:.6g} / {runs[-1][1][1]:.6g} |", flush=True)


def run(options, threads, path):
    command = [options.worker, path, str(options.rows), str(options.dim), str(threads)]
    ours = Worker(command + ([options.isa] if options.isa else []), threads, {})
    peer = Worker([sys.executable, os.path.join(TREE, "bench", "worker_faiss.py"), *command[1:]], threads,
                  {"OPENBLAS_CORETYPE": options.coretype})
    limit = ours.run("peak")[0]
    flop = 2.0 * options.rows * options.dim * 256
    print(f"\n{threads} threads, path {ours.version}, limit {limit / 1e9:.0f} GF/s, FAISS {peer.version} with "
          f"{options.coretype}; {options.rows} x {options.dim}\n")
    print("| case | semid | FAISS | ratio | of the limit | MSE ours / peer |\n|---|---|---|---|---|---|")
    compare("k-means sweep, 256", "sweep 256", ours, peer, options.repeats, flop, limit)
    compare("whole fit, 3 x 256", "fit 3 256", ours, peer, options.fit_repeats, 0, limit)
    compare("encode, beam 1", "encode 1", ours, peer, options.repeats, 3 * flop, limit)
    compare("encode, beam 5", "encode 5", ours, peer, options.repeats, 3 * flop, limit)
    ours.close()
    peer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200000)
    parser.add_argument("--dim", type=int, default=768)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--fit-repeats", type=int, default=1)
    parser.add_argument("--isa", default="")
    parser.add_argument("--coretype", default="SkylakeX")
    parser.add_argument("--worker", default=os.path.join(TREE, "build", "bench", "bench", "bench_worker"))
    options = parser.parse_args()
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
