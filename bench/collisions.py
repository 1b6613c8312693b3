#!/usr/bin/env python3
"""collisions.py SEMID DATA: what each collision policy costs on Beauty, 3 levels of 256 codes (docs/decisions/015): unique
SIDs, items moved, error, seconds. DATA holds text_minilm.npy and items.tsv.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

POLICIES = [
    ("keep", []),
    ("digit", []),
    ("suffix", []),
    ("reassign", []),
    ("sinkhorn", []),
    ("sinkhorn", ["--collisions-then", "reassign"]),
    ("capacity", []),
    ("capacity", ["--collisions-cap", "2"]),
    ("reassign", ["--collisions-duplicates", "merge"]),
]


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        sys.exit("%s: %s" % (" ".join(words), done.stderr))
    return done.stdout


def name_of(policy, options):
    return " ".join([policy] + [word.replace("--collisions-", "") for word in options])


def table(semid, data, folder):
    print("policy | distinct SIDs | items moved | largest bucket | relative MSE | R² | seconds")
    for policy, options in POLICIES:
        catalog = os.path.join(folder, "c")
        times = []
        for _ in range(3):
            start = time.monotonic()
            run(semid, "fit", "--vectors", data + "/text_minilm.npy", "--items", data + "/items.tsv", "-o", catalog,
                "--force", "--collisions", policy, *options)
            times.append(time.monotonic() - start)
        report = json.loads(run(semid, "inspect", catalog, "--format", "json"))
        print("%s | %d | %d | %d | %.4f | %.4f | %.2f" % (
            name_of(policy, options), report["unique_sids"], report["changed_items"], report["largest_bucket"],
            report["relative_mse"], 1 - report["relative_mse"], min(times)), flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        table(sys.argv[1], sys.argv[2], folder)
