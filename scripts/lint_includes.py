#!/usr/bin/env python3
"""Checks who includes whom (docs/architecture.md), that file names are unique and that each source has its test.

A room of src/ may include itself and what stands left of it; cli/ and serve/ only <semid*.h> and their own files.
"""
import os
import re
import sys

import c_source

# room: the rooms right below it; what those may include is allowed too.
BELOW = {
    "base": [],
    "kernel": ["base"],
    "linalg": ["kernel"],
    "io": ["linalg"],
    "tensor": ["io"],
    "embed": ["tensor"],
    "quant": ["tensor"],
    "sid": ["embed", "quant"],
    "pieces": ["sid"],
    "catalog": ["sid"],
    "data": ["pieces", "catalog"],
    "model": ["data"],
    "decode": ["model"],
    "eval": ["decode"],
    "train": ["eval"],
    "table": ["tensor"],
    "rank": ["train", "table", "pieces"],
    "retrieve": ["catalog", "data"],
    "report": ["catalog", "data"],
    "stream": ["rank"],
    "dist": ["base"],
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def allowed_rooms(room):
    rooms = {room}
    for below in BELOW[room]:
        rooms |= allowed_rooms(below)
    return rooms


def includes(path):
    source = c_source.without_comments(c_source.read(path), keep_text=True)
    for match in INCLUDE.finditer(source):
        yield source.count("\n", 0, match.start()) + 1, match.group(1), match.group(2)


def is_public(name):
    return re.fullmatch(r"semid(_[a-z]+)?\.h", name) is not None


def src_problem(room, quote, name):
    if quote == "<":
        return "public headers are included as \"semid.h\" inside src/" if is_public(name) else None
    if is_public(name):
        return None
    target = name.split("/")[0]
    if "/" not in name or target not in BELOW:
        return 'write it as "room/file.h"'
    if not os.path.exists(os.path.join("src", name)):
        return "there is no src/%s" % name
    if target not in allowed_rooms(room):
        return "%s may not include %s: it does not stand below" % (room, target)
    return None


def user_problem(folder, quote, name):
    if quote == "<":
        return None
    if is_public(name) or os.path.exists(os.path.join(folder, name)):
        return None
    if folder == "cli" and name == "serve/serve.h":
        return None
    return "%s uses <semid*.h> and its own files only" % folder


def layer_problems():
    problems = []
    for path in c_source.c_files("src", "cli", "serve"):
        parts = path.split(os.sep)
        if parts[0] == "src" and (len(parts) != 3 or parts[1] not in BELOW):
            problems.append("%s: not in a room of design: src/<room>/file.c" % path)
            continue
        for line, quote, name in includes(path):
            why = src_problem(parts[1], quote, name) if parts[0] == "src" else user_problem(parts[0], quote, name)
            if why:
                problems.append('%s:%d: includes "%s": %s' % (path, line, name, why))
    return problems


def name_problems():
    seen = {}
    problems = []
    for path in c_source.c_files("include", "src", "cli", "serve", "tests", "bench", "examples"):
        name = os.path.basename(path)
        if name in seen:
            problems.append("%s: the file name is taken by %s" % (path, seen[name]))
        seen[name] = path
    return problems


def test_problems():
    """src/x/foo.c needs tests/unit/test_foo.c; foo_avx2.c and its like are tested beside foo_portable.c, by test_foo.c."""
    problems = []
    for path in c_source.c_files("src", endings=(".c",)):
        name = os.path.basename(path)[: -len(".c")]
        names = [name, re.sub(r"_(portable|avx2|avx512|avx512bf16)$", "", name)]
        if not any(os.path.exists("tests/unit/test_%s.c" % each) for each in names):
            problems.append("%s: has no test tests/unit/test_%s.c" % (path, names[-1]))
    return problems


def main():
    status = c_source.report("layers", layer_problems())
    status |= c_source.report("file names", name_problems())
    status |= c_source.report("a test for each source", test_problems())
    return status


sys.exit(main())
