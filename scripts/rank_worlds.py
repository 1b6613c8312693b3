#!/usr/bin/env python3
"""Rankers on synthetic worlds: does what must hold hold (docs/decisions/038-worlds.md)?

    python3 scripts/rank_worlds.py --semid build/gcc/semid [--family dot] [--seeds 1,2,3,4,5] [--preset small]

Makes a world for each seed, runs semid rank compare on it, and prints a table of AUC over all impressions and over those of new
items, the points with the seeds in which each holds, and arms above a world's ceilings. What was made is kept in --folder and
taken from there by the next run: a quarter of an hour for five whole worlds on one core at first. Exit 1: a point holds in fewer
than four fifths of the seeds, or an arm is above its ceiling by more than a standard error.
"""
import argparse
import json
import math
import pathlib
import subprocess
import sys

ARMS = ["random-hash", "individual", "dense", "unigram", "bigram", "trigram", "fourgram", "all-bigrams", "prefix-3",
        "prefix-4", "spm-unigram", "spm-bpe"]
POINTS = [("prefix-4", "random-hash", "all"), ("prefix-4", "random-hash", "new"), ("prefix-4", "prefix-3", "all"),
          ("prefix-3", "fourgram", "all"), ("prefix-3", "trigram", "all"), ("all-bigrams", "trigram", "all"),
          ("spm-unigram", "bigram", "all"), ("spm-unigram", "fourgram", "all"), ("spm-bpe", "bigram", "all"),
          ("spm-bpe", "fourgram", "all"), ("individual", "dense", "all"), ("individual", "random-hash", "all"),
          ("bigram", "random-hash", "all")]


def run(semid, *arguments, output=None):
    with open(output, "w", encoding="utf-8") if output else open("/dev/null", "w", encoding="utf-8") as out:
        done = subprocess.run([semid, *arguments], stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr)


def world_of(options, seed):
    folder = options.folder / f"{options.preset or 'whole'}-{seed}"
    if not (folder / "truth.json").exists():
        more = ["--preset", options.preset] if options.preset else []
        run(options.semid, "synth", "impressions", "-o", str(folder), "--seed", str(seed), "--force", *more)
    return folder


def result_of(options, seed):
    folder = world_of(options, seed)
    path = folder / f"{options.family}-{options.batch}.json"
    if not path.exists():
        part = path.with_suffix(".part")
        run(options.semid, "rank", "compare", "--impressions", str(folder / "impressions.tsv"), "--vectors",
            f"{folder}/vectors.npy:{folder}/vectors.ids.txt", "--arms", ",".join(options.arms), "--seeds", "1", "--seed",
            str(seed), "--bootstrap", "0", "--family", options.family, "--batch", str(options.batch), "--threads",
            str(options.threads), "--format", "json", output=part)
        part.rename(path)
    result = json.loads(path.read_text(encoding="utf-8"))
    return {arm["arm"]: arm["mean"] for arm in result["arms"]}, json.loads((folder / "truth.json").read_text(encoding="utf-8"))


def standard_error(score):
    """Of an AUC (Hanley and McNeil 1982)."""
    auc, clicks, others = score["auc"], score["clicks"], score["impressions"] - score["clicks"]
    variance = (auc * (1 - auc) + (clicks - 1) * (auc / (2 - auc) - auc * auc)
                + (others - 1) * (2 * auc * auc / (1 + auc) - auc * auc))
    return math.sqrt(variance / (clicks * others))


def print_table(results, arms):
    print("| arm | AUC | of new items | NE |\n|---|---|---|---|")
    for arm in arms:
        columns = [[scores[arm][part][what] for scores, _ in results] for part, what in
                   (("all", "auc"), ("new", "auc"), ("all", "ne"))]
        cells = [f"{sum(c) / len(c):.4f} ({' '.join(f'{x:.3f}' for x in c)})" for c in columns]
        print(f"| {arm} | {' | '.join(cells)} |".replace("0.", "."))


def count_points(results, arms):
    failed = 0
    print()
    for better, worse, part in POINTS:
        if better not in arms or worse not in arms:
            continue
        gains = [scores[better][part]["auc"] - scores[worse][part]["auc"] for scores, _ in results]
        holds = sum(gain > 0 for gain in gains)
        is_held = 5 * holds >= 4 * len(gains)
        failed += not is_held
        print(f"{'holds' if is_held else 'FAILS'} in {holds} of {len(gains)}: {better} > {worse}, {part}: "
              + " ".join(f"{gain:+.4f}" for gain in gains))
    return failed


def count_leaks(results, arms):
    leaks = 0
    for scores, truth in results:
        for arm in arms:
            for part in ("all", "new"):
                ceiling = truth["best"][part]["auc"]
                if scores[arm][part]["auc"] > ceiling + standard_error(scores[arm][part]):
                    leaks += 1
                    print(f"LEAK: {arm}, {part}, seed {truth['seed']}: above {ceiling:.4f}")
    print(f"{leaks} above the ceilings of truth.json")
    return leaks


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--semid", default="build/gcc/semid")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("build/rank-worlds"))
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--preset")
    parser.add_argument("--family", default="dot")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--arms", default=",".join(ARMS))
    options = parser.parse_args()
    options.arms = options.arms.split(",")
    options.folder.mkdir(parents=True, exist_ok=True)
    results = [result_of(options, int(seed)) for seed in options.seeds.split(",")]
    print_table(results, options.arms)
    failed = count_points(results, options.arms)
    return 1 if failed + count_leaks(results, options.arms) else 0


if __name__ == "__main__":
    sys.exit(main())
