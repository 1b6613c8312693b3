#!/usr/bin/env python3
"""Pieces of SIDs beside SentencePiece, interleaved on the same cores: learning V pieces from SIDs of 256 codes a level, and cutting
all of them.

    bench/bench_pieces.py --peer PROGRAM [--count 1000000] [--levels 4,8] [--rows 8000] [--threads 1,2] [--repeats 5]
        [--schemes spm-unigram,spm-bpe]

SIDs are drawn: each code from a long-tailed distribution shifted by those before it. Ours learns from codes, SentencePiece from lines
of characters; each cuts what it learned from, ours on all threads, SentencePiece on one, as its interface does.
"""
import argparse
import os
import statistics
import subprocess
import sys

import numpy as np

BENCH = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(BENCH)
PEER_SCHEMES = {"spm-unigram": "unigram", "spm-bpe": "bpe"}


def draw(count, seed):
    """(count, 4) codes."""
    random = np.random.default_rng(seed)

    def tail(power):
        return np.minimum((random.pareto(power, count) * 8).astype(np.int64), 255)

    first = tail(0.9)
    second = (tail(0.9) + first * 37) % 256
    third = (tail(0.7) + first * 11 + second * 53) % 256
    return np.stack([first, second, third, (tail(0.5) + third * 29 + second * 7) % 256], 1)


def write_sids(folder, count, levels):
    codes = np.concatenate([draw(count, 1 + part) for part in range(levels // 4)], 1)
    codes.astype("<u2").tofile(os.path.join(folder, f"l{levels}.u16"))
    points = (0x4E00 + 256 * np.arange(levels)[None, :] + codes).astype("<u4")  # in Chinese: all versions read these
    with open(os.path.join(folder, f"l{levels}.txt"), "w", encoding="utf-8") as file:
        for row in points:
            file.write(row.tobytes().decode("utf-32-le") + "\n")


class Worker:
    """A process that answers a line with a line, on cores 0 .. threads-1."""

    def __init__(self, command, threads):
        pin = ["taskset", "-c", f"0-{threads - 1}"]
        self.process = subprocess.Popen(pin + command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.DEVNULL)
        while not self.process.stdout.readline().startswith("ready"):
            pass

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return tuple(map(float, self.process.stdout.readline().split()))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def interleave(ours, peer, line, peer_line, repeats):
    taken = ([], [])
    for _ in range(repeats):
        for at, (worker, text) in enumerate(((ours, line), (peer, peer_line))):
            taken[at].append(worker.ask(text))
    return taken


def show(what, taken, options, threads, levels, count, is_rate):
    seconds = [[answer[0] for answer in side] for side in taken]
    values = [[count / s / 1e6 if is_rate else s for s in side] for side in seconds]
    unit = "M items/s" if is_rate else "s"
    cells = [f"{statistics.median(v):.3g} {unit} ({min(v):.3g}-{max(v):.3g})" for v in values]
    ratio = statistics.median(seconds[1]) / statistics.median(seconds[0])
    print(f"| {what}, {count:,} x {levels}, V={options.rows} | {cells[0]} | {cells[1]} | {ratio:.1f} | "
          f"{taken[0][0][1]:.3f} / {taken[1][0][1]:.3f} | {threads} | {options.peer_name} | {options.commit} |", flush=True)


def run(options, folder, threads, levels):
    base = os.path.join(folder, f"l{levels}")
    ours = Worker([options.worker, base + ".u16", str(options.count), str(levels), "256", str(threads)], threads)
    peer = Worker([options.peer, base + ".txt", base, str(threads)], threads)
    for scheme in options.schemes.split(","):
        kind = PEER_SCHEMES[scheme]
        taken = interleave(ours, peer, f"train {scheme} {options.rows}", f"train {kind} {options.rows}", options.trainings)
        show(f"{scheme}: train", taken, options, threads, levels, options.count, False)
        taken = interleave(ours, peer, "encode", "encode", options.repeats)
        show(f"{scheme}: encode", taken, options, threads, levels, options.count, True)
    ours.close()
    peer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worker", default=os.path.join(TREE, "build", "bench", "bench", "bench_pieces"))
    parser.add_argument("--peer", required=True, help="worker_sentencepiece")
    parser.add_argument("--peer-name", default="SentencePiece")
    parser.add_argument("--folder", default=os.path.join(TREE, "build", "bench-pieces"))
    parser.add_argument("--count", type=int, default=1000000)
    parser.add_argument("--levels", default="4,8")
    parser.add_argument("--rows", type=int, default=8000)
    parser.add_argument("--schemes", default=",".join(PEER_SCHEMES))
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--trainings", type=int, default=1, help="a training of the peer takes a minute")
    options = parser.parse_args()
    options.commit = os.environ.get("SEMID_COMMIT", "-")
    os.makedirs(options.folder, exist_ok=True)
    print("\n### Pieces of SIDs: 256 codes a level\n")
    print("| case | ours | peer | ratio | pieces an item, ours / peer | threads | peer | commit |")
    print("|---|---|---|---|---|---|---|---|")
    for levels in map(int, options.levels.split(",")):
        write_sids(options.folder, options.count, levels)
        for threads in map(int, options.threads.split(",")):
            run(options, options.folder, threads, levels)


if __name__ == "__main__":
    sys.exit(main())
