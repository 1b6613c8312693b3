#!/usr/bin/env python3
"""Prints the golden values of tests/unit/test_balanced_flow.c: least costs of even sizes, by scipy's Hungarian method.

A code has floor(N/K) places that must be filled and one more that may be; rows that are none fill the places left open."""
import numpy as np
from scipy.optimize import linear_sum_assignment


def points(rows, dim, salt, bound):
    i, d = np.arange(rows)[:, None], np.arange(dim)[None, :]
    return (i * 37 + d * 101 + i * i * 17 + salt * 29 + (i * d) % 7) % bound


def least_cost(rows, codes, dim, case, bound):
    x, c = points(rows, dim, case, bound), points(codes, dim, case + 5, bound)
    d = ((x[:, None, :] - c[None, :, :]) ** 2).sum(2)
    floor, spare = divmod(rows, codes)
    must, may = np.repeat(np.arange(codes), floor), np.arange(codes)
    cost = np.hstack([d[:, must], d[:, may]]).astype(float)
    nobody = np.hstack([np.full((codes - spare, len(must)), 1e12), np.zeros((codes - spare, codes))])
    cost = np.vstack([cost, nobody])
    i, j = linear_sum_assignment(cost)
    return int(cost[i, j].sum())


for case, (rows, codes, dim, bound) in enumerate([(7, 3, 1, 61), (40, 8, 2, 61), (41, 8, 2, 61), (47, 8, 3, 997),
                                                  (60, 60, 2, 61), (61, 60, 2, 997), (300, 7, 2, 11), (500, 16, 4, 61),
                                                  (511, 16, 4, 4093), (90, 2, 1, 13)]):
    print(f"{{{rows}, {codes}, {dim}, {bound}, {least_cost(rows, codes, dim, case, bound)}}},")
