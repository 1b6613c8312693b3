#!/usr/bin/env python3
"""Calls that the design forbids, with the reason and what to use instead."""
import os
import re
import sys

import c_source

UNSAFE = {
    "strcpy strcat stpcpy sprintf vsprintf gets": "no bound: snprintf, or sid__strbuf",
    "strtok": "keeps global state: strtok_r, or a loop",
    "atoi atol atoll atof": "cannot report an error: strtol, strtod",
    "rand srand random srandom drand48 arc4random": "not reproducible: sid__philox",
    "alloca": "no bound on the stack: sid__alloc",
    "system popen": "runs a shell",
    "mktemp tmpnam tempnam": "a race: mkstemp, mkdtemp",
    "setlocale": "changes the whole process",
}
LIBRARY = {
    "printf vprintf puts putchar putc perror": "nothing below cli/ prints: sid__ctx_info, or the error",
    "exit _exit _Exit quick_exit abort": "nothing below cli/ ends the process: return a status",
    "malloc calloc realloc reallocarray strdup strndup asprintf vasprintf posix_memalign aligned_alloc":
        "memory comes from base/mem.h, where tests make it fail",
    "mmap": "a file that shrinks would be a signal: sid__file_read",
}
# Their last bit differs between systems, so nothing that may reach a vector, a codebook or a SID uses them.
LIBM = "log log2 log10 log1p exp exp2 expm1 sin cos tan asin acos atan atan2 sinh cosh tanh pow cbrt hypot erf tgamma lgamma"
LIBM_RULE = {" ".join(name + end for name in LIBM.split() for end in ("", "f", "l")):
             "libm differs between systems: linalg/scalar.h"}
PRINTS_TO_STREAM = re.compile(r"\bf(?:printf|puts|putc|write)\s*\([^;]*\bstd(?:out|err)\b")
# file: calls it may make, because it is the one place for them.
EXCEPTIONS = {
    "src/base/mem.c": {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "mmap"},
}


def rules_for(path):
    rules = dict(UNSAFE)
    if path.startswith("src" + os.sep):
        rules.update(LIBRARY)
        rules.update(LIBM_RULE)
    return {name: why for names, why in rules.items() for name in names.split()}


def file_problems(path):
    rules = rules_for(path)
    source = c_source.without_comments(c_source.read(path))
    problems = []
    for match in re.finditer(r"(?<![\w.>])(%s)\s*\(" % "|".join(rules), source):
        name = match.group(1)
        if name in EXCEPTIONS.get(path, ()):
            continue
        problems.append("%s:%d: %s: %s" % (path, source.count("\n", 0, match.start()) + 1, name, rules[name]))
    if path.startswith("src" + os.sep):
        for match in PRINTS_TO_STREAM.finditer(source):
            problems.append("%s:%d: prints to a standard stream" % (path, source.count("\n", 0, match.start()) + 1))
    return problems


def main():
    problems = []
    for path in c_source.c_files("include", "src", "cli", "serve", "tests", "bench", "examples"):
        problems += file_problems(path)
    return c_source.report("banned calls", problems)


sys.exit(main())
