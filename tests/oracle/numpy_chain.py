#!/usr/bin/env python3
"""numpy_chain.py SEMID CATALOG: recomputes every SID of a catalogue from its stored codebooks, without any code of semid.

Residual k-means as spec'd: x - mean (times pca.v when there is one) in fp32, scores |e|^2/2 - r.e in float64, the lowest
index of the least score, residual r - e in fp32. Compares with `SEMID export CATALOG --as tsv`; exit code 1 on any
difference. Only for catalogues of the default: beam 1, no normalisation.
"""
import json
import os
import subprocess
import sys

import numpy

DTYPES = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "I32": "<i4", "U16": "<u2", "U8": "u1"}


def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    header_size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + header_size])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + header_size + offset for offset in entry["data_offsets"])
        tensors[name] = numpy.frombuffer(data[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def codebooks(tensors):
    """In level order; levels count from 1."""
    names = sorted((name for name in tensors if name.startswith("codebook.")), key=lambda name: int(name.split(".")[1]))
    return [tensors[name].astype(numpy.float32) for name in names]


def prepare(x, tensors):
    x = x.astype(numpy.float32)
    if "mean" in tensors:
        x = x - tensors["mean"].astype(numpy.float32)
    if "pca.v" in tensors:
        x = project(x, tensors["pca.v"].astype(numpy.float64))
    return x


def project(x, v):
    """x (N, D) times v (D, P) as one chain of fp32 fused multiply-adds an output, in the order of the dimensions."""
    out = numpy.zeros((len(x), v.shape[1]), numpy.float32)
    for k, row in enumerate(v):
        out = (out.astype(numpy.float64) + x[:, k : k + 1].astype(numpy.float64) * row).astype(numpy.float32)
    return out


def encode(x, books):
    """x (N, D) prepared -> codes (N, L), and how far the second best score is from the best."""
    residual, codes, gap = x, [], numpy.inf
    for book in books:
        wide = book.astype(numpy.float64)
        score = 0.5 * (wide * wide).sum(axis=1) - residual.astype(numpy.float64) @ wide.T
        code = score.argmin(axis=1)
        two = numpy.partition(score, 1, axis=1)[:, :2] if len(book) > 1 else numpy.full((len(x), 2), [0, numpy.inf])
        gap = min(gap, float((two[:, 1] - two[:, 0]).min()))
        residual = residual - book[code]
        codes.append(code)
    return numpy.stack(codes, axis=1), gap


def exported(semid, catalog):
    """Codes (N, L) in row order, read by column name c1 .. cL."""
    text = subprocess.run([semid, "export", catalog, "--as", "tsv"], check=True, stdout=subprocess.PIPE, text=True).stdout
    lines = [line.split("\t") for line in text.splitlines()]
    columns = [i for i, name in enumerate(lines[0]) if name[:1] == "c" and name[1:].isdigit()]
    return [line[0] for line in lines[1:]], numpy.array([[int(line[i]) for i in columns] for line in lines[1:]])


def main():
    semid, catalog = sys.argv[1:]
    tensors = read_safetensors(os.path.join(catalog, "quantizer.safetensors"))
    books = codebooks(tensors)
    x = numpy.load(os.path.join(catalog, "vectors.npy"))
    ids, wanted = exported(semid, catalog)
    wanted = wanted[:, : len(books)]
    codes, gap = encode(prepare(x, tensors), books)
    if codes.shape != wanted.shape:
        print("numpy_chain: %s codes exported, %s computed" % (wanted.shape, codes.shape))
        return 1
    differ = numpy.flatnonzero((codes != wanted).any(axis=1))
    for row in differ[:10]:
        print("numpy_chain: %s: semid %s, numpy %s" % (ids[row], wanted[row], codes[row]))
    print("numpy_chain: %d items, %d levels: %d differ; nearest tie %.3g" % (len(ids), len(books), len(differ), gap))
    return 1 if len(differ) else 0


sys.exit(main())
