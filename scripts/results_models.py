#!/usr/bin/env python3
"""results_models.py: makes docs/results-models.md: recommenders on real data, one command each; ./dev results models runs it.

    ./dev results models [--only TABLE]... [--train] [--model TABLE:ROW=DIR]... [--through COMMAND]

Each row is one `semid train`, kept in build/results/models/TABLE/ROW, and each table one `semid eval` of all that are there, kept as
TABLE.json beside them. A row that was not trained is left out, and the page says so; --train trains what is missing, one after
the other, which takes hours. --model takes a model that was trained elsewhere by the row's command. --only evaluates these
tables anew; the others come from what is kept. Times and memory are the training's own log, so they are of the machine that
trained. Rows of SEEDED tables are trained three times, by seeds 42, 43 and 44 (ROW, ROW-43, ROW-44), and their mean stands in the
page; tiger once. The text between the tables stands in results_models_page.txt.
"""
import argparse
import json
import os
import re
import shlex
import subprocess
import sys

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.path.join(TREE, "build", "results", "models")
PAGE = os.path.join(TREE, "docs", "results-models.md")
DATA = os.environ.get("SEMID_DATA", os.path.join(TREE, "..", "shared", "data"))
FIGURES = ["recall@5", "ndcg@5", "recall@10", "ndcg@10"]

PARTS = "--catalog catalog --item-embedding"
WRITER = "sidgpt --catalog catalog-4 --item-embedding sid,content --dense 1 --precision bf16"
SEEDED = {"beauty_loo"}
ONCE = {"item2vec", "tiger", "sidgpt-codes", "sasrec-mixed", "sasrec-no-id-mixed"}
# name, data set, title, what goes to train and eval, codes of a SID, rows: name, what goes to train; catalog-4 is one of four codes
TABLES = [
    ("beauty_loo", "beauty", "Beauty, leave-one-out, ties in the order of the file", "--split loo --ties file", 3, [
        ("item2vec", "item2vec"),
        ("gru4rec", "gru4rec --precision bf16"),
        ("bert4rec", "bert4rec --precision bf16"),
        ("sasrec", "sasrec --precision bf16"),
        ("sasrec-all", f"sasrec {PARTS} id,sid,content --dropout 0.4 --epochs 40 --precision bf16"),
        ("sasrec-no-id", f"sasrec {PARTS} sid,content --dim 128 --dropout 0.3 --epochs 43 --precision bf16"),
        ("sasrec-mixed", f"sasrec {PARTS} id,sid,content --itemknn 8 --dropout 0.4 --epochs 40 --precision bf16"),
        ("sasrec-no-id-mixed", f"sasrec {PARTS} sid,content --itemknn 8 --dim 128 --dropout 0.3 --epochs 43 --precision bf16"),
        ("tiger", "tiger --catalog catalog-4 --epochs 60 --precision bf16"),
        ("sidgpt-codes", "sidgpt --catalog catalog-4 --batch-users 256 --batch-tokens 4096 --patience 0 --precision bf16"),
        ("sidgpt", f"{WRITER} --epochs 100 --patience 0"),
    ]),
    ("beauty_shuffle", "beauty", "Beauty, leave-one-out, ties shuffled", "--split loo --ties shuffle", 4, [
        ("item2vec", "item2vec"),
        ("gru4rec", "gru4rec --precision bf16"),
        ("sasrec", "sasrec --precision bf16"),
        ("sasrec-all", f"sasrec {PARTS} id,sid,content --dropout 0.4 --epochs 40 --precision bf16"),
        ("sidgpt", f"{WRITER} --epochs 100"),
    ]),
    ("beauty_time", "beauty", "Beauty, split by time", "--split time=0.8,0.1", 4, [
        ("item2vec", "item2vec"),
        ("gru4rec", "gru4rec --precision bf16"),
        ("sasrec", "sasrec --batch-users 128 --batch-tokens 0 --precision bf16"),
        ("sasrec-no-id", f"sasrec {PARTS} sid,content --batch-users 128 --batch-tokens 0 --dropout 0.3 --epochs 40 --precision bf16"),
        ("sidgpt", f"{WRITER} --batch-users 256 --batch-tokens 4096 --epochs 80"),
    ]),
    ("microlens", "microlens", "MicroLens, its own split", "--split column", 4, [
        ("item2vec", "item2vec"),
        ("gru4rec", "gru4rec --batch-users 128 --batch-tokens 0 --epochs 18 --precision bf16"),
        ("sasrec", "sasrec --batch-users 128 --batch-tokens 0 --epochs 20 --precision bf16"),
        ("sasrec-no-id", f"sasrec {PARTS} sid,content --batch-users 128 --batch-tokens 0 --dropout 0.3 --epochs 24 --precision bf16"),
        ("sidgpt", f"{WRITER} --batch-users 256 --batch-tokens 4096 --epochs 50"),
    ]),
]


def at(*names):
    return os.path.join(WORK, *names)


def run(command, through):
    words = shlex.split(through) + command
    print("+", " ".join(shlex.quote(w) for w in words), file=sys.stderr)
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


def fit_catalog(semid, data, levels, through):
    path = at(data, f"catalog-{levels}")
    if not os.path.exists(path):
        os.makedirs(at(data), exist_ok=True)
        folder = os.path.join(DATA, data)
        run([semid, "fit", "--items", f"{folder}/items.tsv", "--vectors", f"{folder}/text_minilm.npy", "--levels", str(levels),
             "--quiet", "-o", path], through)
    return path


def seeds_of(table, row):
    """(directory, seed) of each training of a row."""
    if table[0] not in SEEDED or row[0] in ONCE:
        return [(row[0], 42)]
    return [(row[0], 42), (f"{row[0]}-43", 43), (f"{row[0]}-44", 44)]


def levels_of(words, usual):
    own = re.search(r"--catalog catalog-(\d+)", words)
    return int(own.group(1)) if own else usual


def train(semid, table, row, directory, seed, through):
    name, data, _, split, levels, _ = table
    words = row[1]
    if "--catalog" in words:
        path = fit_catalog(semid, data, levels_of(words, levels), through)
        words = re.sub(r"--catalog catalog(-\d+)?", "--catalog " + shlex.quote(path), words)
    os.makedirs(at(name), exist_ok=True)
    path = at(name, directory)
    resume = ["--resume"] if os.path.exists(path + ".checkpoint") else []
    items = [] if "--catalog" in words else ["--items", f"{DATA}/{data}/items.tsv"]
    run([semid, "train", *shlex.split(words), "--events", f"{DATA}/{data}/events.tsv", *items, *shlex.split(split), "-o", path,
         "--seed", str(seed), *resume], through)


def name_rows(found, trained):
    """Says of each line of an evaluation which row it is: the models in order, and the means by what their seeds share."""
    kin = {}
    for model, row in zip(found["models"], trained):
        model["row"] = row
        kin[model["family"], model["options"]] = row
    for model in found["models"][len(trained):]:
        model["row"] = kin[model["family"], model["options"]]
    means = {m["row"] for m in found["models"] if m.get("seeds")}
    found["models"] = [m for m in found["models"] if m.get("seeds") or m["row"] not in means]
    order = list(dict.fromkeys(trained))
    found["models"].sort(key=lambda m: order.index(m["row"]))


def evaluate(semid, table, through):
    name, data, _, split, _, rows = table
    there = [(row[0], d) for row in rows for d, _ in seeds_of(table, row) if os.path.exists(at(name, d))]
    folder = os.path.join(DATA, data)
    text = run([semid, "eval", *[at(name, d) for _, d in there], "--events", f"{folder}/events.tsv", "--items",
                f"{folder}/items.tsv", "--vectors", f"{folder}/text_minilm.npy", *shlex.split(split), "--format", "json"], through)
    found = json.loads(text)
    name_rows(found, [row for row, _ in there])
    found["dataset"] = f"{data}/events.tsv"
    with open(at(name + ".json"), "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)


def training_of(table, row):
    """Minutes and MiB, by the model's log; none of what counts."""
    seconds, memory = None, None
    log = at(table, row, "metrics.jsonl")
    if os.path.exists(log):
        with open(log, encoding="utf-8") as file:
            for line in file:
                entry = json.loads(line)
                seconds = max(seconds or 0, entry.get("elapsed_s", 0))
                memory = max(memory or 0, entry.get("peak_mb", 0))
    return seconds, memory


def points(value):
    return "–" if value is None else f"{1e4 * value:.0f}"


def line_of(model, label, seconds, memory, best):
    metrics, cold = model["metrics"], model["segments"]["cold"]
    figures = " ".join(points(metrics[f]) for f in FIGURES)
    low, high = model["ci95"]["ndcg@10"]
    if model is best:
        figures = f"**{figures}**"
    if model.get("seeds"):
        label += f" x{model['seeds']}"
        figures += f" (sd {points(model['seed_deviation']['ndcg@10'])})"
    return "| " + " | ".join([
        label, figures, f"{5e3 * (high - low):.0f}", points(cold["metrics"]["recall@10"]),
        points(model["segments"]["few"]["metrics"]["recall@10"]), points(model["segments"]["warm"]["metrics"]["recall@10"]),
        f"{model['cold_items']['@10']:,}", f"{100 * model['coverage']['@10']:.0f}",
        "–" if model["diversity"]["@10"] is None else f"{model['diversity']['@10']:.2f}",
        "–" if seconds is None else f"{seconds / 60:.0f}", "–" if memory is None else f"{memory:.0f}"]) + " |"


def table_text(table):
    name, data, title, split, levels, rows = table
    path = at(name + ".json")
    if not os.path.exists(path):
        return f"## {title}\n\nNot measured yet.\n"
    with open(path, encoding="utf-8") as file:
        found = json.load(file)
    best = max(found["models"] + found["baselines"], key=lambda m: m["metrics"]["ndcg@10"])
    labels = dict(rows)
    share = 100 * found["cold_targets"] / found["targets"]
    lines = [f"## {title}", "",
             f"{found['users']:,} users, {found['candidates']:,} items; {share:.1f} % of the targets have no train event.", "",
             "| model | R@5 N@5 R@10 N@10 | ± | cold | few | warm | unseen | cov | div | min | MiB |",
             "|---|---|---|---|---|---|---|---|---|---|---|"]
    for model in found["baselines"]:
        lines.append(line_of(model, f"`{model['family']}`", None, None, best))
    for model in found["models"]:
        label = re.sub(r" --precision bf16| --catalog catalog(-\d+)?", "", labels[model["row"]])
        lines.append(line_of(model, f"`{label}`", *training_of(name, model["row"]), best))
    missing = [row[0] for row in rows if row[0] not in [m["row"] for m in found["models"]]]
    if missing:
        lines += ["", "Not measured yet: " + ", ".join(f"`{labels[m]}`" for m in missing) + "."]
    lines += ["", "<!-- shown: hours of training; scripts/results_models.py made it -->", "```text"]
    for words in sorted({c for m in found["models"] for c in re.findall(r"--catalog (catalog\S*)", labels[m["row"]])}):
        count = levels_of(f"--catalog {words}", levels)
        lines.append(f"semid fit --items {data}/items.tsv --vectors {data}/text_minilm.npy --levels {count} -o {words}")
    for model in found["models"]:
        row = labels[model["row"]]
        items = "" if "--catalog" in row else f" --items {data}/items.tsv"
        lines.append(f"semid train {row} --events {data}/events.tsv{items} {split} -o {model['row']}")
    names = "".join(f" {m['row']}" for m in found["models"])
    lines += [f"semid eval{names} --events {data}/events.tsv --items {data}/items.tsv --vectors {data}/text_minilm.npy {split}",
              "```", ""]
    return "\n".join(lines)


def write_page():
    with open(os.path.join(TREE, "scripts", "results_models_page.txt"), encoding="utf-8") as file:
        text = file.read()
    text = text.replace("{TABLES}", "\n".join(table_text(t) for t in TABLES))
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--semid", default=os.path.join(TREE, "build", "bench", "semid"))
    parser.add_argument("--only", action="append", default=[], choices=[t[0] for t in TABLES])
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--model", action="append", default=[], metavar="TABLE:ROW=DIR")
    parser.add_argument("--through", default="")
    given = parser.parse_args()
    for text in given.model:
        place, path = text.split("=", 1)
        table, row = place.split(":", 1)
        os.makedirs(at(table), exist_ok=True)
        if not os.path.exists(at(table, row)):
            os.symlink(os.path.abspath(path), at(table, row))
    for table in TABLES:
        if given.only and table[0] not in given.only:
            continue
        if not os.path.isdir(os.path.join(DATA, table[1])):
            print(f"results: NO DATA {table[1]}: its tables are SKIPPED", file=sys.stderr)
            continue
        for row in table[5]:
            for directory, seed in seeds_of(table, row):
                if given.train and not os.path.exists(at(table[0], directory)):
                    train(given.semid, table, row, directory, seed, given.through)
        if given.only or given.train or not os.path.exists(at(table[0] + ".json")):
            os.makedirs(WORK, exist_ok=True)
            evaluate(given.semid, table, given.through)
    write_page()


if __name__ == "__main__":
    main()
