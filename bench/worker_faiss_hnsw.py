#!/usr/bin/env python3
"""worker_faiss_hnsw.py VECTORS.npy QUERIES K FOUND...: exact search and HNSW by FAISS, and how much of the exact answer each
FOUND (rows of bench_neighbors, int64) holds. Prints a JSON object. Needs numpy and faiss-cpu.

A row found counts when it is no farther than the K-th exact neighbour, so that equal vectors cannot be missed for each other.
Times are the least of three rounds, one thread query by query, and all threads with all queries in one call.
"""
import json
import os
import sys
import time

import faiss
import numpy

M, EF_CONSTRUCTION, EF_SEARCH, ROUNDS = 32, 200, (16, 32, 64, 128, 256), 3


def least_us(call, queries):
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - started)
    return best * 1e6 / queries


class Bench:
    def __init__(self, path, queries, k):
        self.x = numpy.ascontiguousarray(numpy.load(path).astype(numpy.float32))
        self.rows = numpy.arange(queries) * len(self.x) // queries
        self.asked, self.k, self.threads = self.x[self.rows], k, len(os.sched_getaffinity(0))
        exact = faiss.IndexFlatL2(self.x.shape[1])
        exact.add(self.x)
        self.limit = None
        self.exact = self.measure(exact)

    def distances(self, found):
        """Squared, in double; missing ones infinite."""
        difference = self.x[numpy.maximum(found, 0)].astype(numpy.float64) - self.asked[:, None].astype(numpy.float64)
        return numpy.where(found < 0, numpy.inf, (difference ** 2).sum(axis=2))

    def without_self(self, found):
        out = numpy.full((len(found), self.k), -1, dtype=numpy.int64)
        for i, row in enumerate(found):
            others = row[row != self.rows[i]][:self.k]
            out[i, :len(others)] = others
        return out

    def recall(self, found):
        distance = self.distances(found)
        if self.limit is None:
            self.limit = distance.max(axis=1, keepdims=True) * (1 + 1e-9) + 1e-12
        return float((distance <= self.limit).mean())

    def measure(self, index):
        found = index.search(self.asked, self.k + 1)[1]
        faiss.omp_set_num_threads(1)
        one = least_us(lambda: [index.search(row, self.k + 1) for row in self.asked[:, None]], len(self.rows))
        faiss.omp_set_num_threads(self.threads)
        batch = least_us(lambda: index.search(self.asked, self.k + 1), len(self.rows))
        return {"recall": self.recall(self.without_self(found)), "us": one, "batch_us": batch}

    def hnsw(self):
        index = faiss.IndexHNSWFlat(self.x.shape[1], M)
        index.hnsw.efConstruction = EF_CONSTRUCTION
        started = time.perf_counter()
        index.add(self.x)
        out = {"build_s": time.perf_counter() - started, "size": int(faiss.serialize_index(index).nbytes - self.x.nbytes),
               "rows": []}
        for ef in EF_SEARCH:
            index.hnsw.efSearch = ef
            out["rows"].append({"ef": ef, **self.measure(index)})
        return out


def main():
    path, queries, k, *files = sys.argv[1:]
    bench = Bench(path, int(queries), int(k))
    found = [numpy.fromfile(file, dtype=numpy.int64).reshape(int(queries), int(k)) for file in files]
    print(json.dumps({"faiss": faiss.__version__, "threads": bench.threads, "vectors_size": bench.x.nbytes,
                      "exact": bench.exact, "recall": [bench.recall(rows) for rows in found], "hnsw": bench.hnsw()}))


if __name__ == "__main__":
    main()
