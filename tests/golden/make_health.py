#!/usr/bin/env python3
"""Prints the golden values of tests/unit/test_health_*.c, by numpy: make_health.py counts | errors | neighbors."""
import sys

import numpy as np


def entropy(n):
    p = n[n > 0] / n.sum()
    return -(p * np.log(p)).sum()


def gini(n):
    n, k = np.sort(n), len(n)
    return 2 * (np.arange(1, k + 1) * n).sum() / (k * n.sum()) - (k + 1) / k


def prefix_counts(codes, depth):
    return np.unique(codes[:, :depth], axis=0, return_counts=True)[1]


def counts():
    rows, k = 1000, [5, 400, 17]
    codes = np.array([[l + 1 if i < 200 else (i * (7 + 4 * l) + i * i // (3 + l)) % [5, 300, 17][l] for l in range(3)]
                      for i in range(rows)])
    sids, b = np.unique(codes, axis=0, return_counts=True)
    print("unique_sids", len(sids), "colliding_items_rate", b[b > 1].sum() / rows)
    print("largest_bucket", b.max(), "-".join(map(str, sids[b.argmax()])), "bucket_seen", (b ** 2).sum() / rows,
          "p50, p99", np.percentile(b, [50, 99], method="inverted_cdf"))
    for l in range(3):
        n = np.bincount(codes[:, l], minlength=k[l])
        print("level", l + 1, "used", (n > 0).sum(), "prefixes", len(prefix_counts(codes, l + 1)))
        print("  entropy %.17g perplexity %.17g" % (entropy(n), np.exp(entropy(n))),
              "gini %.17g used %.17g" % (gini(n), gini(n[n > 0])))
        print("  top_rate %.17g top1pct_rate %.17g" % (n.max() / rows, np.sort(n)[::-1][:-(-k[l] // 100)].sum() / rows))
        if l:
            print("  entropy_given_prefix %.17g" %
                  (entropy(prefix_counts(codes, l + 1)) - entropy(prefix_counts(codes, l))))


# tests/unit/health_case.h
N, D, L, K = 300, 8, 2, 4
row = np.arange(N)[:, None] % 290
column = np.arange(D)[None, :]
x = (row * (column + 3) * 7 + row * row // (5 + column)) % 23 + 100 * (column == 0)
case_codes = np.stack([x[:, 1] // 6, np.arange(N) // 7 % K], axis=1)


def errors():
    book = np.array([[[((k * 13 + d * 7 + l * 5) % 17 - 8) / 2 for d in range(D)] for k in range(K)] for l in range(L)])
    mean = 11 + 100 * (np.arange(D) == 0)
    variance = ((x - x.mean(axis=0)) ** 2).sum()
    decoded = np.zeros((N, D)) + mean
    for l in range(L):
        decoded = decoded + book[l][case_codes[:, l]]
        left, from_mean, to = x - decoded, x - mean, decoded - mean
        length, to_length = np.sqrt((from_mean ** 2).sum(1)), np.sqrt((to ** 2).sum(1))
        print("level", l + 1, "mse %.17g relative_mse %.17g" % ((left ** 2).sum() / N, (left ** 2).sum() / variance))
        print("  cosine %.17g residual_ratio %.17g" % (np.mean((from_mean * to).sum(1) / length / to_length),
                                                      np.mean(np.sqrt((left ** 2).sum(1)) / length)))


def neighbors():
    distance = ((x[:, None, :] - x[None, :, :]) ** 2).sum(2)
    near_prefix = random_prefix = 0
    for l in range(L):
        shared = 0
        for q in range(N):
            order = np.lexsort((np.arange(N), distance[q]))
            order = order[order != q][:10]
            shared += (case_codes[order, :l + 1] == case_codes[q, :l + 1]).all(axis=1).sum()
        b = prefix_counts(case_codes, l + 1)
        recall, chance = shared / (N * 10), (b * (b - 1)).sum() / (N * (N - 1))
        near_prefix, random_prefix = near_prefix + recall, random_prefix + chance
        print("level", l + 1, "knn_recall %.17g knn_lift %.17g" % (recall, recall / chance))
    print("lcp_ratio %.17g" % (near_prefix / random_prefix))


{"counts": counts, "errors": errors, "neighbors": neighbors}[sys.argv[1]]()
