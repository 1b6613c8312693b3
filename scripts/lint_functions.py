#!/usr/bin/env python3
"""No function over 70 lines. Prints the median and the longest of each folder.

clang-format puts the brace of a function, and of nothing else, alone at column 0, and ends it with one there.
A function counts from the first line of its signature to its last brace.
"""
import statistics
import sys

import c_source

LINES_MAX = 70
FOLDERS = ("src", "cli", "serve", "include", "tests", "bench", "examples")


def signature_start(lines, brace):
    start = brace
    while start > 0:
        above = lines[start - 1].rstrip()
        if not above or above[0] in "#}" or above.endswith((";", "}")):
            break
        start -= 1
    return start


def functions(path):
    """Yields (name, first line, line count)."""
    lines = c_source.without_comments(c_source.read(path)).split("\n")
    brace = None
    for number, line in enumerate(lines):
        if line.rstrip() == "{":
            brace = number
        elif line.startswith("}") and brace is not None:
            start = signature_start(lines, brace)
            signature = " ".join(lines[start:brace])
            name = signature.split("(")[0].split()[-1].lstrip("*") if "(" in signature else "?"
            yield name, start + 1, number - start + 1
            brace = None


def main():
    problems = []
    for folder in FOLDERS:
        found = [
            (length, name, path, line) for path in c_source.c_files(folder) for name, line, length in functions(path)
        ]
        if not found:
            continue
        problems += [
            "%s:%d: %s has %d lines; %d is the most" % (path, line, name, length, LINES_MAX)
            for length, name, path, line in found
            if length > LINES_MAX
        ]
        length, name, path, line = max(found)
        median = statistics.median(each[0] for each in found)
        print("%-8s %4d functions, median %g lines, longest %d: %s (%s:%d)" % (folder, len(found), median, length, name, path, line))
    return c_source.report("function lengths", problems)


sys.exit(main())
