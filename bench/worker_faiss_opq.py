"""FAISS's half of bench_opq.py: the protocol of worker.c. FAISS at its best: OPENBLAS_CORETYPE names the kernel of its bundled
OpenBLAS, and no subsampling limits what it trains on.

    worker_faiss_opq.py x.f32 ROWS DIM THREADS
    > opq 32 50    OPQMatrix with that many rounds (50 is FAISS's default), then ProductQuantizer    < seconds, 0
    > pq 32                                                                                          < seconds, 0
    > encode 1     rotation included                                                                 < seconds, relative MSE
"""
import sys
import time

import faiss
import numpy as np

path, rows, dim, threads = sys.argv[1], *map(int, sys.argv[2:5])
faiss.omp_set_num_threads(threads)
x = np.fromfile(path, dtype=np.float32).reshape(rows, dim)
rotation = quantizer = None


def pq(levels, _=0):
    global quantizer, rotation
    rotation, quantizer = None, faiss.ProductQuantizer(dim, levels, 8)
    quantizer.cp.max_points_per_centroid = 10**9
    start = time.perf_counter()
    quantizer.train(x)
    return time.perf_counter() - start, 0


def opq(levels, rounds=50):
    global quantizer, rotation
    matrix = faiss.OPQMatrix(dim, levels)
    matrix.niter, matrix.max_train_points = rounds, 10**9
    start = time.perf_counter()
    matrix.train(x)
    quantizer = faiss.ProductQuantizer(dim, levels, 8)
    quantizer.cp.max_points_per_centroid = 10**9
    quantizer.train(matrix.apply(x))
    rotation = matrix
    return time.perf_counter() - start, 0


def encode(_):
    start = time.perf_counter()
    codes = quantizer.compute_codes(rotation.apply(x) if rotation else x)
    seconds = time.perf_counter() - start
    decoded = quantizer.decode(codes)
    if rotation:
        decoded = rotation.reverse_transform(decoded)
    lost = ((x - decoded).astype(np.float64) ** 2).sum()
    return seconds, lost / ((x - x.mean(0)).astype(np.float64) ** 2).sum()


print("ready", faiss.__version__, flush=True)
for line in sys.stdin:
    name, *numbers = line.split()
    print("%.9g %.9g" % {"pq": pq, "opq": opq, "encode": encode}[name](*map(int, numbers)), flush=True)
