#!/usr/bin/env python3
"""Counts the tests in ctest's JUnit file and prints "passed failed skipped".

A cmocka program counts by its cases, any other test as one. A program that fails without a failed case (a crash, a leak)
is one failure; so is one that ctest could not start. What was skipped is said on stderr, with the test's own reason.
(ctest's LastTest.log would not do: it calls skipped and missing tests "Passed".)
"""
import re
import sys
import xml.etree.ElementTree as ElementTree


def cmocka_cases(output, word):
    found = re.search(r"^\[  %s +\] (\d+) test" % re.escape(word), output, re.MULTILINE)
    return int(found.group(1)) if found else 0


def skip_reason(output):
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def count_program(case):
    output = case.findtext("system-out") or ""
    skipped = case.find("skipped")
    if skipped is not None:
        if "SKIP_" not in skipped.get("message", "") and "Disabled" not in skipped.get("message", ""):
            print("NOT RUN %s: %s" % (case.get("name"), skip_reason(output)), file=sys.stderr)
            return 0, 1, 0
        print("SKIPPED %s: %s" % (case.get("name"), skip_reason(output)), file=sys.stderr)
        return 0, 0, max(1, cmocka_cases(output, "SKIPPED"))
    counts = [cmocka_cases(output, word) for word in ("PASSED", "FAILED", "SKIPPED")]
    is_cmocka = "[==========]" in output
    for name in set(re.findall(r"^\[  SKIPPED \] (?!\d+ test)(\S+)", output, re.MULTILINE)):
        print("SKIPPED %s: %s" % (case.get("name"), name), file=sys.stderr)
    if case.get("status") == "fail":
        counts[1] = max(counts[1], 1)
    elif not is_cmocka:
        counts[0] = 1
    return counts


def main():
    totals = [0, 0, 0]
    for case in ElementTree.parse(sys.argv[1]).getroot().iter("testcase"):
        totals = [total + count for total, count in zip(totals, count_program(case))]
    print(*totals)


main()
