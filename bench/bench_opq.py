#!/usr/bin/env python3
"""semid beside FAISS at its best: training and encoding of pq and opq, interleaved on the same cores.

    bench/bench_opq.py [--npy x.npy] [--levels 8,32] [--threads 2] [--repeats 5] [--worker PATH]

Vectors: an npy of float32 rows; without it 12,000 rows of 384 dimensions drawn as bench_quantize.py does. Both train on all
rows. The limit is that of the fp32 path, which both families take. Needs numpy and faiss-cpu in the Python that runs it.
"""
import argparse
import os
import sys
import tempfile

from bench_quantize import BENCH, TREE, Worker, compare, cpu_name, make_data


class OpqWorker(Worker):
    """Of a case "ours|theirs" each runs its half: rounds of training differ."""

    def __init__(self, name, command, threads, extra, half):
        super().__init__(name, command, threads, extra)
        self.half = half

    def run(self, case):
        return super().run(case.split("|")[self.half])


def start(options, threads, path):
    command = [path, str(options.rows), str(options.dim), str(threads)]
    isa = ["avx512"] if "avx512" in open("/proc/cpuinfo").read() else []
    ours = OpqWorker("", [options.worker, *command, *isa], threads, {}, 0)
    peer = OpqWorker("", [sys.executable, os.path.join(TREE, "bench", "worker_faiss_opq.py"), *command], threads,
                     {"OPENBLAS_CORETYPE": options.coretype}, -1)
    peer.name = f"FAISS {peer.version}, {options.coretype}"
    ours.limit = ours.run("peak")[0]
    return ours, peer


def run(options, threads, path):
    ours, peer = start(options, threads, path)
    flop = 2.0 * options.rows * options.dim * 256
    turned = flop * (1 + options.dim / 256)
    print(f"\n### pq and opq: {options.rows} x {options.dim}, 256 codes a level\n")
    print("| case, our path | ours | peer | ratio | limit | of it | relative MSE ours / peer | threads | peer | CPU | commit |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")

    def line(name, case, repeats, work=0):
        compare(options, threads, name, case, [ours], [peer], repeats, work)

    for levels in options.levels.split(","):
        line(f"pq {levels}: training", f"pq {levels}", 1)
        line(f"pq {levels}: encode", "encode 1", options.repeats, flop)
        for rounds in (50, 20):  # 50 is FAISS's default, 20 ours
            line(f"opq {levels}: training, 20 rounds beside {rounds}", f"opq {levels}|opq {levels} {rounds}", 1)
            line(f"opq {levels}: encode", "encode 1", options.repeats, turned)
    ours.close()
    peer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--npy", default="")
    parser.add_argument("--levels", default="8,32")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--coretype", default="SkylakeX")
    parser.add_argument("--worker", default=os.path.join(BENCH, "bench_worker"))
    options = parser.parse_args()
    options.cpu, options.commit, options.rows, options.dim = cpu_name(), os.environ.get("SEMID_COMMIT", "-"), 12000, 384
    try:
        import faiss  # noqa: F401
        import numpy
    except ImportError:
        print("bench_opq: SKIPPED: no faiss here; pip install numpy faiss-cpu in a virtual environment, run by it")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.f32")
        if options.npy:
            x = numpy.load(options.npy).astype(numpy.float32)
            options.rows, options.dim = x.shape
            x.tofile(path)
        else:
            make_data(path, options.rows, options.dim)
        for threads in options.threads.split(","):
            run(options, int(threads), path)


if __name__ == "__main__":
    main()
