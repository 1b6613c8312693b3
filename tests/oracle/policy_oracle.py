#!/usr/bin/env python3
"""Makes the golden values of tests/unit/test_matching.c and test_sinkhorn.c by scipy and numpy; run by hand.

    python3 -m venv venv && venv/bin/pip install numpy scipy && venv/bin/python tests/oracle/policy_oracle.py
"""
import numpy as np
from scipy.optimize import linear_sum_assignment

MASK = 0xFFFFFFFF


def uniform(seed, i, j):
    """hash_uniform of tests/unit/policy_case.h."""
    h = (seed * 2654435761 + i * 40503 + j * 9973 + 12345) & MASK
    h = (h ^ h >> 16) * 0x85EBCA6B & MASK
    h = (h ^ h >> 13) * 0xC2B2AE35 & MASK
    return (h ^ h >> 16) / 4294967296.0


def costs(seed, rows, columns):
    return np.array([[uniform(seed, i, j) for j in range(columns)] for i in range(rows)])


def least():
    for s in range(24):
        rows = 3 + s % 10
        columns = rows + s * 7 % 9
        cost = costs(s, rows, columns)
        i, j = linear_sum_assignment(cost)
        print("{%d, %d, %.15g, {%s}}," % (rows, columns, cost[i, j].sum(), ", ".join(map(str, j))))


def fewest_moves():
    for s in range(100, 116):
        rows = 4 + s % 9
        columns = rows + s * 5 % 11
        current = np.array([int(uniform(s, i, 999) * 4) for i in range(rows)])
        d = costs(s, rows, columns)
        penalty = (rows * d.max() + 1) * (np.arange(columns)[None, :] != current[:, None])
        i, j = linear_sum_assignment(d + penalty)
        moves = int((j != current).sum())
        print("{%d, %d, %d, %.15g, {%s}}," % (rows, columns, moves, d[i, j].sum(), ", ".join(map(str, j))))


def plan(d, epsilon):
    """The plan of LC-Rec (2311.09049), times the number of rows."""
    middle = (d.max() + d.min()) / 2
    q = np.exp(-(d - middle) / (d.max() - middle + 1e-5) / epsilon)
    rows, codes = q.shape
    q /= q.sum()
    for _ in range(50):
        q /= q.sum(1, keepdims=True) * rows
        q /= q.sum(0, keepdims=True) * codes
    return q * rows


def show(q):
    print(len(q), ", ".join("%.12g" % value for value in q[0]), q.argmax(1))


def sinkhorn():
    for d, epsilon in (([[0, 1], [0.2, 1]], 0.5), ([[0, 1], [0.2, 1]], 0.003), ([[0, 1], [0, 1]], 0.5)):
        show(plan(np.array(d, float), epsilon))
    for s in range(200, 206):
        show(plan(costs(s, 2 + s % 4, 6), 0.003 if s % 2 else 0.05))
    copied = costs(300, 3, 4)[[0, 1, 1, 2]]
    show(plan(copied, 0.1)[1:])


least()
fewest_moves()
sinkhorn()
