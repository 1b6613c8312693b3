"""FAISS's half of bench_quantize.py: the same protocol as worker.c. FAISS at its best: the kernel of its bundled OpenBLAS is
chosen by OPENBLAS_CORETYPE in the environment (unset: as installed), use_beam_LUT is on, and no subsampling limits the fit.

    worker_faiss.py x.f32 ROWS DIM THREADS
"""
import sys
import time

import faiss
import numpy as np

path, rows, dim, threads = sys.argv[1], *map(int, sys.argv[2:5])
faiss.omp_set_num_threads(threads)
x = np.fromfile(path, dtype=np.float32).reshape(rows, dim)
quantizer = None


def sweep(codes):
    kmeans = faiss.Kmeans(dim, codes, niter=10, max_points_per_centroid=10**9, min_points_per_centroid=1, seed=1)
    start = time.perf_counter()
    kmeans.train(x)
    seconds = (time.perf_counter() - start) / len(kmeans.iteration_stats)
    return seconds, kmeans.obj[-1] / rows


def assign(codes):
    index = faiss.IndexFlatL2(dim)
    index.add(x[:codes])
    start = time.perf_counter()
    distance, _ = index.search(x, 1)
    return time.perf_counter() - start, float(distance.astype(np.float64).mean())


def fit(levels, codes):
    global quantizer
    quantizer = faiss.ResidualQuantizer(dim, levels, int(np.log2(codes)))
    quantizer.max_beam_size = 1
    quantizer.cp.max_points_per_centroid = 10**9
    start = time.perf_counter()
    quantizer.train(x)
    return time.perf_counter() - start, 0


def save(path):
    np.save(path, faiss.vector_to_array(quantizer.codebooks))
    np.save(path + ".shape.npy", [quantizer.M, 8])
    return 0, 0


def load(path):
    """The codebooks of another worker's fit, so that both encode by the same."""
    global quantizer
    levels, bits = np.load(path + ".shape.npy")
    quantizer = faiss.ResidualQuantizer(dim, int(levels), int(bits))
    faiss.copy_array_to_vector(np.load(path), quantizer.codebooks)
    quantizer.is_trained = True
    return 0, 0


def encode(beam):
    quantizer.max_beam_size = beam
    quantizer.use_beam_LUT = 1
    quantizer.compute_codebook_tables()
    start = time.perf_counter()
    codes = quantizer.compute_codes(x)
    seconds = time.perf_counter() - start
    lost = total = 0.0
    mean = x.mean(0)
    for begin in range(0, rows, 16384):
        part = x[begin : begin + 16384]
        lost += ((part - quantizer.decode(codes[begin : begin + 16384])).astype(np.float64) ** 2).sum()
        total += ((part - mean).astype(np.float64) ** 2).sum()
    return seconds, lost / total


print("ready", faiss.__version__, flush=True)
for line in sys.stdin:
    name, *arguments = line.split()
    run = {"sweep": sweep, "assign": assign, "fit": fit, "encode": encode, "save": save, "load": load}[name]
    print("%.9g %.9g" % run(*(int(a) if a.isdigit() else a for a in arguments)), flush=True)
