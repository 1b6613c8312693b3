#!/usr/bin/env python3
"""check_labels.py SEMID CATALOG ITEMS COLUMN [--count N] [--least M] [--depth D]: do labels say what prefixes hold?

Takes the N largest prefixes more than half of whose items are of one category, and compares the label of each, made from
words alone (without --category), with that category. A label counts when it shares a word with it; words that half of all
categories have say nothing, and plural endings do not part words. Prints a line a prefix, "mixed" where no category has
half of the items; exit code 1 when fewer than M count.
"""
import argparse
import collections
import json
import re
import subprocess
import sys


def words(text):
    return {re.sub(r"s$", "", word) for word in re.findall(r"[^\W_]{2,}", text.lower())}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def read_column(path, column):
    with open(path, encoding="utf-8") as file:
        header = file.readline().rstrip("\n").split("\t")
        place = header.index(column)
        for line in file:
            cells = line.rstrip("\n").split("\t")
            yield cells[0], cells[place]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("semid")
    parser.add_argument("catalog")
    parser.add_argument("items")
    parser.add_argument("column")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--least", type=int, default=16)
    parser.add_argument("--depth", type=int, default=1)
    args = parser.parse_args()
    of_item = dict(read_column(args.items, args.column))
    below = collections.defaultdict(collections.Counter)
    for line in output(args.semid, "export", args.catalog, "--as", "tsv").splitlines()[1:]:
        item_id, sid = line.split("\t")[:2]
        below["-".join(sid.split("-")[:args.depth])][of_item[item_id]] += 1
    everywhere = collections.Counter(word for path in set(of_item.values()) for word in words(path))
    common = {word for word, count in everywhere.items() if 2 * count > len(set(of_item.values()))}
    labels = json.loads(output(args.semid, "label", args.catalog, "--depth", str(args.depth), "--format", "json"))
    good = judged = 0
    for label in labels:
        category, count = below[label["prefix"]].most_common(1)[0]
        shared = words(label["words"]) & words(category) - common
        is_mixed = 2 * count <= label["items"]
        judged += not is_mixed
        good += bool(shared) and not is_mixed
        verdict = "mixed" if is_mixed else "ok" if shared else "--"
        print(f'{verdict:5} {label["prefix"]:>7} {label["items"]:>5}  {label["words"]:<50} '
              f'{100 * count / label["items"]:3.0f} % {category}')
        if judged == args.count:
            break
    print(f"{good} of {judged} labels share a word with the category of most of their items")
    return 0 if good >= args.least else 1


if __name__ == "__main__":
    sys.exit(main())
