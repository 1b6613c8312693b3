#!/usr/bin/env python3
"""Golden numbers of tests/unit/test_item2vec.c: skip-gram with negative sampling as a plain loop in float64, Philox and the
table of draws written again. Needs numpy.

make_item2vec.py OUT.h: the vectors `in` and `out` of 11 items after 3 epochs over 9 histories that the test makes by the same
formula.
"""
import math
import sys
import numpy as np

WORD = 0xFFFFFFFF
USERS, ITEMS, DIM, EPOCHS, WINDOW, NEGATIVES, RATE, POWER, SEED = 9, 11, 5, 3, 3, 6, 0.4, 0.7, 7
WEIGHTS, EPOCH, NEGATIVE = 14, 15, 22  # streams of base/philox.h


def philox(seed, stream, index):
    a, b, c, d = index & WORD, index >> 32, stream, 0
    k0, k1 = seed & WORD, seed >> 32
    for _ in range(10):
        p, q = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (q >> 32) ^ b ^ k0, q & WORD, (p >> 32) ^ d ^ k1, p & WORD
        k0, k1 = (k0 + 0x9E3779B9) & WORD, (k1 + 0xBB67AE85) & WORD
    return a, b, c, d


def bits(stream, index):
    w = philox(SEED, stream, index)
    return w[1] << 32 | w[0]


def below(stream, index, bound):
    return bits(stream, index) * bound >> 64


class Draws:
    """Slots of equal width: `own` of each is its item's, the rest another's. Vose's order: both stacks from the top."""

    def __init__(self, counts):
        weight = [c ** POWER if c else 0.0 for c in counts]
        share = [w * len(counts) / sum(weight) for w in weight]
        small = [i for i in range(len(counts)) if share[i] < 1]
        large = [i for i in range(len(counts)) if share[i] >= 1]
        self.own, self.other = [1.0] * len(counts), list(range(len(counts)))
        while small and large:
            low, high = small.pop(), large[-1]
            self.own[low], self.other[low] = share[low], high
            share[high] -= 1 - share[low]
            if share[high] < 1:
                small.append(large.pop())

    def draw(self, word):
        slot, place = divmod(word * len(self.own), 1 << 32)
        return slot if place < self.own[slot] * 2**32 else self.other[slot]


def main():
    histories = [[(7 * u + 3 * e + e * u) % ITEMS for e in range(3 + u % 5)] for u in range(USERS)]
    draws = Draws([sum(h.count(i) for h in histories) for i in range(ITEMS)])
    uniform = [(bits(WEIGHTS, i) >> 11) / 2**53 for i in range(ITEMS * DIM)]
    inner = np.array([(u - 0.5) / DIM for u in uniform]).astype(np.float32).astype(np.float64).reshape(ITEMS, DIM)
    outer = np.zeros((ITEMS, DIM))
    pairs = [[(h[a], h[b]) for a in range(len(h)) for b in range(a + 1, min(len(h), a + 1 + WINDOW))] for h in histories]
    total, pair = EPOCHS * sum(map(len, pairs)), 0
    for epoch in range(EPOCHS):
        order = list(range(USERS))
        for u in range(USERS - 1, 0, -1):
            w = below(EPOCH, epoch * USERS + u, u + 1)
            order[u], order[w] = order[w], order[u]
        for u in order:
            for item, target in pairs[u]:
                words = [w for q in range(math.ceil(NEGATIVES / 4)) for w in philox(SEED, NEGATIVE, pair * 1024 + q)]
                others = [v for v in map(draws.draw, words[:NEGATIVES]) if v != target]
                rate, change = RATE * (1 - pair / total), np.zeros(DIM)
                for v, label in [(target, 1)] + [(v, 0) for v in others]:
                    step = rate * (label - 1 / (1 + math.exp(-inner[item] @ outer[v])))
                    change += step * outer[v]
                    outer[v] += step * inner[item]
                inner[item] += change
                pair += 1
    with open(sys.argv[1], "w") as f:
        f.write("/* item2vec_golden.h: what numpy says; written by tests/golden/make_item2vec.py. */\n/* clang-format off */\n")
        for name, array in (("in", inner), ("out", outer)):
            f.write("static const float golden_%s[] = {\n" % name)
            for row in array:
                f.write("    " + " ".join("%.9gF," % v if v % 1 else "%.1fF," % v for v in row) + "\n")
            f.write("};\n")


main()
