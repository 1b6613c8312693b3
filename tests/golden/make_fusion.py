#!/usr/bin/env python3
"""Golden values of tests/unit/test_fusion.c, by numpy alone: fusion of spec/quantizers.md §1 from its formulas."""
import numpy as np

image = np.array([[1, 0, 2], [3, 1, 0], [0, 5, 1], [2, 2, 2], [4, 0, 1]], np.float64)
audio = np.array([[1, 2], [0, 1], [3, 0], [2, 2]], np.float64)  # of items 1, 2, 3 and 5
has = [[0, 1, 2, 3, 4, -1], [-1, 0, 1, 2, -1, 3]]
weight = [2.0, 1.0]


def signed(v):
    return v * np.sign(v[np.abs(v).argmax(0), np.arange(v.shape[1])])


def directions(z, dim):
    _, v = np.linalg.eigh(z.T @ z)
    return signed(v[:, ::-1][:, :dim])


def parts(power):
    out = []
    for x, rows, w in zip([image, audio], has, weight):
        centred = x - x.mean(0)
        scaled = centred * w**power / np.sqrt((centred**2).sum(1).mean())
        out.append(np.array([scaled[r] if r >= 0 else np.zeros(x.shape[1]) for r in rows]))
    scale = [np.sqrt(3 / sum(w for w, rows in zip(weight, has) if rows[i] >= 0)) for i in range(6)]
    return [p * np.array(scale)[:, None] for p in out]


np.set_printoptions(precision=6, suppress=True)
concat = np.hstack(parts(0.5))
print("concat, all\n", concat)
print("concat, 2\n", concat @ directions(concat, 2))
first, second = parts(1)
present = [np.array([r >= 0 for r in rows]) for rows in has]
total = first @ directions(first[present[0]], 2) + second @ directions(second[present[1]], 2)
print("sum, 2\n", total / np.linalg.norm(total, axis=1, keepdims=True))
