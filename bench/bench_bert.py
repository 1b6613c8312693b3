#!/usr/bin/env python3
"""semid's bert encoder beside PyTorch and onnxruntime, interleaved on the same cores, fp32 against fp32.

    bench/bench_bert.py --weights FOLDER --items items.tsv [--count 600] [--threads 1,2] [--repeats 5] [--batch 32]

Every step-th item of the file, so that --count remain; an item's text is its columns joined by ". ". The peers sort by length
and pad a batch to its longest, PyTorch with memory that is kept (page faults cost it most); splitting text into tokens
counts for all. Needs torch, transformers, tokenizers, onnxruntime and onnx in the Python that runs it. One line a case: items a
second, medians [min-max], the ratio, the machine's limit measured in the same minute and our share of it.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KEPT = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "1000000000000", "MALLOC_TOP_PAD_": "268435456"}


def cpu_name():
    with open("/proc/cpuinfo") as info:
        return next((line.split(": ", 1)[1].strip() for line in info if line.startswith("model name")), "unknown")


class Worker:
    """A process that encodes all texts once a line."""

    def __init__(self, name, command, threads, extra=None):
        cores = ",".join(str(i) for i in range(threads))
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), **(extra or {}))
        self.process = subprocess.Popen(["taskset", "-c", cores] + command, env=environment, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.name = (name + " " + self.read()[1]).strip()
        self.seconds = []

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit("bench_bert: a worker ended early: " + " ".join(self.process.args))
        return line.split()

    def run(self, case):
        self.process.stdin.write(case + "\n")
        self.process.stdin.flush()
        return float(self.read()[0])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def spread(count, seconds):
    rates = [count / s for s in seconds]
    return f"{count / statistics.median(seconds):.1f} [{min(rates):.1f}-{max(rates):.1f}]"


def write_texts(options, folder):
    """The items, and the texts that semid makes of them."""
    lines = open(options.items, encoding="utf-8").read().split("\n")
    header, rows = lines[0], [line for line in lines[1:] if line]
    rows = rows[::max(1, len(rows) // options.count)][:options.count]
    items, texts = os.path.join(folder, "items.tsv"), os.path.join(folder, "texts.txt")
    with open(items, "w", encoding="utf-8") as f:
        f.writelines(line + "\n" for line in [header] + rows)
    with open(texts, "w", encoding="utf-8") as f:
        f.writelines(". ".join(x for x in row.split("\t")[1:] if x) + "\n" for row in rows)
    return items, texts, len(rows)


def flop_of(options, texts):
    """Multiplications and additions of the products, without padding."""
    import json

    from tokenizers import Tokenizer

    config = json.load(open(os.path.join(options.weights, "config.json")))
    tokenizer = Tokenizer.from_file(os.path.join(options.weights, "tokenizer.json"))
    tokenizer.enable_truncation(256)
    tokenizer.no_padding()
    width, inner, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    lengths = [len(e.ids) for e in tokenizer.encode_batch(open(texts, encoding="utf-8").read().splitlines())]
    return sum(layers * n * (8.0 * width * width + 4.0 * width * inner + 4.0 * n * width) for n in lengths)


def run(options, threads, folder):
    items, texts, count = write_texts(options, folder)
    flop = flop_of(options, texts)
    peer = [sys.executable, os.path.join(TREE, "bench", "worker_bert.py")]
    rest = [texts, options.weights, str(threads), str(options.batch)]
    ours = Worker("semid", [options.worker, items, options.weights, str(threads)], threads)
    peers = [Worker("PyTorch", peer + ["torch"] + rest, threads, KEPT),
             Worker("onnxruntime", peer + ["onnx"] + rest, threads)]
    limit = max(ours.run("peak") for _ in range(3))
    for worker in [ours] + peers:
        worker.run("encode")  # the first run of each also maps its memory
    for _ in range(options.repeats):
        for worker in [ours] + peers:
            worker.seconds.append(worker.run("encode"))
    mine = statistics.median(ours.seconds)
    for worker in peers:
        print(f"| {count} texts, {ours.name} | {spread(count, ours.seconds)} | {spread(count, worker.seconds)} "
              f"| {statistics.median(worker.seconds) / mine:.2f} | {limit / 1e9:.0f} GF/s | {100 * flop / mine / limit:.0f} % "
              f"| {threads} | {worker.name} | {cpu_name()} | {os.environ.get('SEMID_COMMIT', '-')} |", flush=True)
    for worker in [ours] + peers:
        worker.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--items", required=True)
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--worker", default=os.path.join(TREE, "build", "bench", "bench", "bench_bert"))
    options = parser.parse_args()
    try:
        import onnxruntime  # noqa: F401
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as why:
        print(f"bench_bert: SKIPPED: {why}; pip install torch transformers onnxruntime onnx")
        return
    print("\n### bert: items a second\n")
    print("| case, our path | ours | peer | ratio | limit | of it | threads | peer | CPU | commit |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for threads in map(int, options.threads.split(",")):
            run(options, threads, folder)


if __name__ == "__main__":
    main()
