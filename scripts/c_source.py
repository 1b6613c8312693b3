"""C files of the tree as text, for the lint scripts: which there are, and what is code in them."""
import os
import re

ROOMS = ("src", "cli", "serve")
TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""", re.DOTALL
)


def c_files(*folders, endings=(".c", ".h")):
    """Paths relative to the working directory, sorted."""
    found = []
    for folder in folders:
        for directory, _, names in os.walk(folder):
            found += [os.path.join(directory, name) for name in names if name.endswith(endings)]
    return sorted(found)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def without_comments(source, keep_text=False):
    """The source with comments (and the inside of literals) as spaces: lines and columns stay where they are."""

    def blank(match):
        if match.lastgroup == "text":
            if keep_text:
                return match.group()
            return match.group()[0] + " " * (len(match.group()) - 2) + match.group()[0]
        return re.sub(r"[^\n]", " ", match.group())

    return TOKEN.sub(blank, source)


def report(rule, problems):
    """Prints the problems; gives the exit code."""
    for problem in problems:
        print(problem)
    print("lint: %s: %s" % (rule, "%d problems" % len(problems) if problems else "clean"))
    return 1 if problems else 0
