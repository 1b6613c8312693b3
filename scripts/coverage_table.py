#!/usr/bin/env python3
"""coverage_table.py LINES.csv MIN: the lines of gcovr's table by room of src/, and the files below MIN per cent.

Exit code 1 when all of src/ together is below MIN.
"""
import collections
import csv
import sys


def rate(covered, total):
    return 100.0 * covered / total if total else 100.0


def main():
    path, least = sys.argv[1], float(sys.argv[2])
    rooms = collections.defaultdict(lambda: [0, 0])
    low = []
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            covered, total = int(row["line_covered"]), int(row["line_total"])
            room = rooms[row["filename"].split("/")[1]]
            room[0] += covered
            room[1] += total
            if rate(covered, total) < least:
                low.append((rate(covered, total), row["filename"], total - covered))
    for percent, name, missed in sorted(low):
        print("below %g %%: %-32s %5.1f %%, %d lines not run" % (least, name, percent, missed))
    print("%-10s %8s %8s %8s" % ("room", "lines", "run", "%"))
    for room in sorted(rooms):
        covered, total = rooms[room]
        print("src/%-6s %8d %8d %8.1f" % (room, total, covered, rate(covered, total)))
    covered, total = (sum(room[i] for room in rooms.values()) for i in (0, 1))
    print("%-10s %8d %8d %8.1f" % ("src", total, covered, rate(covered, total)))
    if rate(covered, total) < least:
        print("coverage: FAILED: %.1f %% of the lines of src/ ran, %g %% is the least" % (rate(covered, total), least))
        return 1
    return 0


sys.exit(main())
