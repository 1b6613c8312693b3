#!/usr/bin/env python3
"""run_doc_blocks.py [--update] DOC...: runs the code blocks of the documentation, so that what it shows is true.

What a fence's first line says (the language stays first, for highlighting):
    ```sh run            runs in bash, in a fresh folder a document, `semid` in PATH, $TREE the source tree
    ```sh run exit=3     must end with that exit code
    ```sh tree           runs in a copy of nothing: the tree itself (builds, ./dev)
    ```tsv file=NAME     is written to NAME
    ```text output       is what the block before prints, stdout then stderr; a line "..." stands for any lines
A line `<!-- run: COMMAND -->` runs unseen. --update rewrites the outputs that differ (those without "...").
Exit code 1 when a block fails or prints something else.
"""
import os
import re
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^```([a-z]*)([^\n]*)\n(.*?)^```$|^<!-- run: (.*?) -->$", re.MULTILINE | re.DOTALL)
TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def run_shell(command, folder):
    environment = dict(os.environ, TREE=TREE, LC_ALL="C.UTF-8")
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=600)


def matches(wanted, seen):
    """Lines are equal; a wanted "..." stands for any number of lines."""
    pattern = "".join("(?:.*\n)*?" if line.strip() in ("...", "…") else re.escape(line) + "\n"
                      for line in wanted.splitlines())
    return re.fullmatch(pattern, seen if seen.endswith("\n") or not seen else seen + "\n") is not None


class Document:
    def __init__(self, path, folder):
        self.path, self.folder = path, folder
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        self.output, self.problems, self.ran, self.updates = None, [], 0, []

    def fail(self, match, why):
        line = self.text.count("\n", 0, match.start()) + 1
        self.problems.append("%s:%d: %s" % (self.path, line, why))

    def run_block(self, match, command, wanted_exit, folder):
        done = run_shell(command, folder)
        self.output = done.stdout + done.stderr
        self.ran += 1
        if done.returncode != wanted_exit:
            self.fail(match, "exit code %d, expected %d\n%s" % (done.returncode, wanted_exit, self.output))

    def check_output(self, match, wanted):
        if self.output is None or matches(wanted, self.output):
            return
        if "..." not in wanted:
            self.updates.append((match.start(3), match.end(3), self.output))
        self.fail(match, "prints something else:\n%s" % self.output)

    def run(self):
        for match in FENCE.finditer(self.text):
            language, info, body, hidden = match.groups()
            words = (info or "").split()
            named = dict(word.split("=", 1) for word in words if "=" in word)
            if hidden:
                self.run_block(match, hidden, 0, self.folder)
            elif language == "sh" and ("run" in words or "tree" in words):
                folder = TREE if "tree" in words else self.folder
                self.run_block(match, body, int(named.get("exit", 0)), folder)
            elif "file" in named:
                with open(os.path.join(self.folder, named["file"]), "w", encoding="utf-8") as file:
                    file.write(body)
            elif "output" in words:
                self.check_output(match, body)

    def update(self):
        for start, end, output in reversed(self.updates):
            self.text = self.text[:start] + output + self.text[end:]
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(self.text)


def main():
    paths = sys.argv[1:]
    is_update = "--update" in paths
    failed = 0
    for path in [path for path in paths if path != "--update"]:
        with tempfile.TemporaryDirectory() as folder:
            document = Document(path, folder)
            document.run()
        if is_update and document.updates:
            document.update()
            print("docs: %s: %d outputs rewritten" % (path, len(document.updates)))
        for problem in document.problems:
            print(problem)
        print("docs: %s: %d blocks ran, %d problems" % (path, document.ran, len(document.problems)))
        failed |= bool(document.problems)
    return failed


sys.exit(main())
