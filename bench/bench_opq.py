#!/usr/bin/env python3
"""semid beside FAISS at its best: training and encoding of pq and opq, interleaved on the same cores.

    bench/bench_opq.py [--npy x.npy] [--levels 8,32] [--threads 2] [--repeats 5] [--isa avx512] [--worker PATH]

Vectors: an npy of float32 rows; without it 65,536 rows of 384 dimensions drawn as bench_quantize.py does. Needs numpy and
faiss-cpu in the Python that runs it. FAISS's mean is not subtracted: its k-means and its rotation do not need it.
"""
import argparse
import os
import sys
import tempfile

from bench_quantize import TREE, Worker, compare, make_data


class Opq(Worker):
    """A worker whose training has other rounds at the peer: `case` is split at a bar."""

    def __init__(self, command, threads, extra, is_peer):
        super().__init__(command, threads, extra)
        self.is_peer = is_peer

    def run(self, case):
        return super().run(case.split("|")[-1 if self.is_peer else 0])


def run(options, threads, path, rows, dim):
    command = [options.worker, path, str(rows), str(dim), str(threads)]
    ours = Opq(command + ([options.isa] if options.isa else []), threads, {}, False)
    peer = Opq([sys.executable, os.path.join(TREE, "bench", "worker_faiss_opq.py"), *command[1:]], threads,
               {"OPENBLAS_CORETYPE": options.coretype}, True)
    limit = ours.run("peak")[0]
    print(f"\n{threads} threads, path {ours.version}, limit {limit / 1e9:.0f} GF/s, FAISS {peer.version} with "
          f"{options.coretype}; {rows} x {dim}, 256 codes a level\n")
    print("| case | semid | FAISS | ratio | of the limit | relative MSE ours / peer |\n|---|---|---|---|---|---|")
    flop = 2.0 * rows * dim * 256
    for levels in options.levels.split(","):
        compare(f"pq {levels}: training", f"pq {levels}", ours, peer, options.fit_repeats, 0, limit)
        compare(f"pq {levels}: encode", "encode 1", ours, peer, options.repeats, flop, limit)
        compare(f"opq {levels}: training, 20 rounds beside 50", f"opq {levels}|opq {levels} 50", ours, peer, 1, 0, limit)
        compare(f"opq {levels}: encode", "encode 1", ours, peer, options.repeats, flop * (1 + dim / 256), limit)
        compare(f"opq {levels}: training, 20 rounds both", f"opq {levels}|opq {levels} 20", ours, peer, 1, 0, limit)
        compare(f"opq {levels}: encode", "encode 1", ours, peer, options.repeats, flop * (1 + dim / 256), limit)
    ours.close()
    peer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--npy", default="")
    parser.add_argument("--levels", default="8,32")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--fit-repeats", type=int, default=1)
    parser.add_argument("--isa", default="")
    parser.add_argument("--coretype", default="SkylakeX")
    parser.add_argument("--worker", default=os.path.join(TREE, "build", "bench", "bench", "bench_worker"))
    options = parser.parse_args()
    try:
        import faiss  # noqa: F401
        import numpy
    except ImportError:
        print("bench_opq: SKIPPED: no faiss here; pip install numpy faiss-cpu in a virtual environment, run by it")
        return
    with tempfile.TemporaryDirectory() as folder:
        path, rows, dim = os.path.join(folder, "x.f32"), 65536, 384
        if options.npy:
            x = numpy.load(options.npy).astype(numpy.float32)
            rows, dim = x.shape
            x.tofile(path)
        else:
            make_data(path, rows, dim)
        for threads in options.threads.split(","):
            run(options, int(threads), path, rows, dim)


if __name__ == "__main__":
    main()
