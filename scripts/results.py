#!/usr/bin/env python3
"""results.py: makes docs/results.md and the rows of seed 42 in tests/results.csv; ./dev results runs it.

    ./dev results [--only NAME]... [--through COMMAND] [--fresh]

Each row of a table is one run of `semid advise --try SPEC` on all items. What it gave is kept in build/results/cache.json under
the data's hash, the row and the state of src/, so that an interrupted run goes on and a changed library is measured anew.
--only takes one data set (beauty_minilm, beauty_lsa, microlens_minilm, debian_lsa), again for more; the others come from the
cache, or stay out. --through puts a command before each run that is timed, such as "taskset -c 0,1".
"""
import argparse
import csv
import hashlib
import json
import os
import shlex
import subprocess
import sys

from results_page import write_page

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.path.join(TREE, "build", "results")
SEED = 42
ALL_ROWS = 1000000  # --sample: as many as advise takes
ROOMS = ["kernel", "linalg", "embed", "quant", "sid"]  # what the figures come from

# name, title, vectors (None: LSA of the items), items, the column of categories, its separator
DATA = [
    ("beauty_minilm", "Beauty, MiniLM vectors of the texts", "beauty/text_minilm.npy", "beauty/items.tsv", "categories", " > "),
    ("beauty_lsa", "Beauty, LSA of the texts", None, "beauty/items.tsv", "categories", " > "),
    ("microlens_minilm", "MicroLens, MiniLM vectors of the titles", "microlens/text_minilm.npy", "microlens/items.tsv", None, None),
    ("debian_lsa", "Debian's packages, LSA of the texts", None, "debian.tsv", "section", " > "),
]
# Comparable sizes: 24 bits, then 64 and more.
SPECS = [
    "rkmeans levels=3 codes=256",
    "rkmeans levels=3 codes=256 refine=3",
    "balanced levels=3 codes=256 method=greedy",
    "balanced levels=3 codes=256 method=price",
    "balanced levels=3 codes=256 method=flow",
    "fsq levels=3 codes=240",
    "fsq levels=3 codes=240 kmeans_levels=1",
    "fsq levels=3 codes=256 fsq_levels=4,4,4,4 residual",
    "pq levels=3 codes=256",
    "opq levels=3 codes=256",
    "random levels=3 codes=256",
    "rkmeans levels=4 codes=256",
    "rkmeans levels=8 codes=256",
    "balanced levels=8 codes=256 method=price",
    "fsq levels=8 codes=240",
    "fsq levels=8 codes=240 kmeans_levels=3",
    "pq levels=8 codes=256",
    "opq levels=8 codes=256",
    "opq levels=32 codes=256",
]
# Prefix neighbours, from the default down to one level.
SHAPES = ["rkmeans levels=3 codes=256", "rkmeans levels=2 codes=64", "rkmeans levels=1 codes=256", "rkmeans levels=1 codes=32"]
NEIGHBORS_OF = ["beauty_minilm", "debian_lsa"]
QUERIES, K = 2000, 10


def say(text):
    print(f"results: {text}", flush=True)


def run(command, through=()):
    done = subprocess.run([*through, *command], cwd=TREE, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"results: exit {done.returncode}: {shlex.join(command)}")
    return done.stdout


def git(*arguments):
    return subprocess.run(["git", *arguments], cwd=TREE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          check=False).stdout.strip()


def file_hash(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else \
            hashlib.sha256(file.read()).hexdigest()


COMMIT = git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain", "--", "src", "cli") else "")


class Cache:
    """Answers by key, on disk after each."""

    def __init__(self, fresh):
        self.path = os.path.join(WORK, "cache.json")
        rooms = [f"src/{room}" for room in ROOMS]
        trees = " ".join(git("rev-parse", f"HEAD:{room}") for room in rooms) + git("diff", "HEAD", "--", *rooms)
        self.state = hashlib.sha256(trees.encode()).hexdigest()[:12]
        self.rows = {}
        if os.path.exists(self.path) and not fresh:
            with open(self.path, encoding="utf-8") as file:
                self.rows = json.load(file)

    def key(self, *parts):
        return "|".join([self.state, *parts])

    def put(self, key, value):
        self.rows[key] = {"commit": COMMIT, **value}
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.rows, file, indent=0)
        os.replace(self.path + ".new", self.path)


class Data:
    """One data set: its files, and the hash that its answers are kept under."""

    def __init__(self, row, semid):
        self.name, self.title, vectors, items, self.category, self.separator = row
        self.items = os.path.join(WORK if items == "debian.tsv" else os.environ.get("SEMID_DATA", ""), items)
        self.vectors = vectors and os.path.join(os.environ.get("SEMID_DATA", ""), vectors)
        self.is_there = os.path.exists(self.items) and (not self.vectors or os.path.exists(self.vectors))
        if not self.is_there:
            say(f"NO DATA for {self.name} ({items} is not there): SKIPPED")
        elif not self.vectors:
            self.vectors = self.embed(semid)
        self.hash = file_hash(self.vectors)[:12] if self.is_there else ""

    def embed(self, semid):
        path = os.path.join(WORK, f"{self.name}.{file_hash(self.items)[:12]}.npy")
        if not os.path.exists(path):
            run([semid, "embed", self.items, "-o", path, "--quiet"])
        return path


def advise(options, data, spec):
    command = [options.semid, "advise", "--vectors", data.vectors, "--items", data.items, "--try", spec, "--sample",
               str(ALL_ROWS), "--seed", str(SEED), "--format", "json", "--quiet"]
    if data.category:
        command += ["--category", data.category, "--category-separator", data.separator]
    answer = json.loads(run(command, options.through))
    row = answer["rows"][0]
    report = row["report"]
    return {"items": answer["items"], "dim": report["dim"], "bits": row["sid_bits"], "size": row["quantizer_size"],
            "codes": row["codes"], "fit_s": row["sample_fit_s"], "encode_s": answer["items"] / row["encode_rate"],
            **figures(report)}


def figures(report):
    first = report["level"][0]
    return {"verdict": report["verdict"], "relative_mse": report["relative_mse"], "unique_rate": report["unique_rate"],
            "largest_bucket": report["largest_bucket"], "lcp_ratio": report["lcp_ratio"], "perplexity": first["perplexity"],
            "knn_lift": first["knn_lift"], "ami": first["ami"], "duplicates": report["duplicate_vectors"]}


def random_codes(options, data, spec):
    """The control: codes of equal shape, drawn without looking at the items, imported as SIDs made elsewhere."""
    levels, codes = (int(word.split("=")[1]) for word in spec.split()[1:])
    path, catalog = os.path.join(WORK, "random.tsv"), os.path.join(WORK, "random")
    with open(data.items, encoding="utf-8") as source, open(path, "w", encoding="utf-8") as out:
        next(source)
        out.write("item_id\t" + "\t".join(f"c{level + 1}" for level in range(levels)) + "\n")
        for line in source:
            item = line.rstrip("\n").split("\t")[0]
            digest = hashlib.sha256(f"{SEED} {item}".encode()).digest()
            drawn = [int.from_bytes(digest[2 * level:2 * level + 2], "little") % codes for level in range(levels)]
            out.write(item + "\t" + "\t".join(map(str, drawn)) + "\n")
    run([options.semid, "import", path, "--as", "tsv", "--vectors", data.vectors, "--items", data.items, "-o", catalog,
         "--force", "--quiet"])
    category = ["--category", data.category, "--category-separator", data.separator] if data.category else []
    report = json.loads(run([options.semid, "inspect", catalog, "--format", "json", *category]))
    return {"items": report["items"], "dim": report["dim"], "bits": 8 * levels, "size": None, "codes": str(codes),
            "fit_s": None, "encode_s": None, **figures(report)}


def quantizers(options, cache, data):
    rows = []
    for count, spec in enumerate(SPECS):
        key = cache.key(data.hash, spec)
        if key not in cache.rows:
            if options.only and data.name not in options.only:
                continue
            say(f"{data.name}, {count + 1} of {len(SPECS)}: {spec}")
            cache.put(key, (random_codes if spec.startswith("random") else advise)(options, data, spec))
        rows.append({"spec": spec, **cache.rows[key]})
    return rows


def neighbors(options, cache, data):
    """Prefix neighbours of some shapes, exact search and HNSW; None where neither is known nor to be measured."""
    python = os.environ.get("SEMID_PYTHON", sys.executable)
    key = cache.key(data.hash, "neighbors", *SHAPES)
    if key in cache.rows:
        return cache.rows[key]
    if options.only and data.name not in options.only:
        return None
    if subprocess.run([python, "-c", "import numpy, faiss"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        say(f"NO FAISS for {python}: the sources of retrieval on {data.name} are SKIPPED")
        return None
    say(f"{data.name}: prefix neighbours beside exact search and HNSW")
    rows, files = [], []
    for count, spec in enumerate(SHAPES):
        catalog, found = os.path.join(WORK, "shape"), os.path.join(WORK, f"found{count}.bin")
        flags = [f"--{word}" for word in spec.split()[1:]]
        run([options.semid, "fit", "--vectors", data.vectors, "-o", catalog, "--quantizer",
             spec.split()[0], *flags, "--seed", str(SEED), "--force", "--quiet"])
        answer = run([f"{options.bench}/bench_neighbors", catalog, data.vectors, str(QUERIES), str(K), found], options.through)
        rows.append({"spec": spec, **json.loads(answer)})
        files.append(found)
    worker = [python, "bench/worker_faiss_hnsw.py", data.vectors, str(QUERIES), str(K), *files]
    answer = json.loads(run(worker, options.through))
    for row, recall in zip(rows, answer.pop("recall")):
        row["recall"] = recall
    cache.put(key, {"shapes": rows, **answer})
    return cache.rows[key]


def update_csv(tables):
    """tests/results.csv: a row a figure; those of seed 42 are ours. Says what changed."""
    path = os.path.join(TREE, "tests", "results.csv")
    with open(path, encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    before = {tuple(row[:5]): row for row in rows}
    after = dict(before)
    for data, table in tables:
        for row in table:
            name, *words = row["spec"].split()
            for metric in ("relative_mse", "unique_rate"):
                if row[metric] is None or name == "random":
                    continue
                value = f"{row[metric]:.4f}"
                key = (data.name, name, " ".join(words), str(SEED), metric)
                after[key] = [*key, value, value, value, "quant"]
                if key in before and before[key][5] != value:
                    say(f"CHANGED: {' '.join(key)}: {before[key][5]} is now {value}; say why in the commit")
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *after.values()])


def main():
    parser = argparse.ArgumentParser(prog="./dev results", description=__doc__.split("\n\n", 1)[1],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=[row[0] for row in DATA])
    parser.add_argument("--through", type=shlex.split, default=[])
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--semid", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--bench", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.makedirs(WORK, exist_ok=True)
    cache = Cache(options.fresh)
    tables, sources = [], []
    for row in DATA:
        data = Data(row, options.semid)
        if data.is_there:
            tables.append((data, quantizers(options, cache, data)))
            found = neighbors(options, cache, data) if data.name in NEIGHBORS_OF else None
            sources += [(data, found)] if found else []
    update_csv(tables)
    write_page(os.path.join(TREE, "docs", "results.md"), SEED, tables, sources)
    say("wrote docs/results.md and tests/results.csv")


if __name__ == "__main__":
    main()
