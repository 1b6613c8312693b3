#!/usr/bin/env python3
"""Golden numbers of tests/unit/test_philox.c: Philox4x32-10 written from the paper, sharing nothing with src/.

It first checks itself against the known answers that the paper's reference library (Random123, kat_vectors) publishes,
then prints rows for our arguments: counter = (index low, index high, stream, 0), key = (seed low, seed high).
"""
WORD = 0xFFFFFFFF


def philox(counter, key):
    a, b, c, d = counter
    k0, k1 = key
    for _ in range(10):
        p, q = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (q >> 32) ^ b ^ k0, q & WORD, (p >> 32) ^ d ^ k1, p & WORD
        k0, k1 = (k0 + 0x9E3779B9) & WORD, (k1 + 0xBB67AE85) & WORD
    return a, b, c, d


KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((WORD,) * 4, (WORD,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
     (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
]
ROWS = [(0, 0, 0), (42, 1, 0), (42, 1, 1), (42, 2, 0), (1 << 32, 1, 0), (42, 1, 1 << 32),
        (2**64 - 1, WORD, 2**64 - 1), (0x299F31D0A4093822, 0x13198A2E, 0x85A308D3243F6A88),
        (0xDEADBEEFCAFEBABE, 9, 123456789012345)]

for counter, key, answer in KNOWN:
    assert philox(counter, key) == answer
for seed, stream, index in ROWS:
    w = philox((index & WORD, index >> 32, stream, 0), (seed & WORD, seed >> 32))
    bits = w[1] << 32 | w[0]
    words = ", ".join("0x%08x" % x for x in w)
    uniform = ((bits >> 11) / 2**53).hex()
    print("{0x%x, 0x%x, 0x%x, {%s}, %s, %d}," % (seed, stream, index, words, uniform, bits * 1000 >> 64))
