#!/usr/bin/env python3
"""run_doc_blocks.py [--update] DOC...: runs the code blocks of the documentation, so that what it shows is true.

What a fence's first line says (the language stays first, for highlighting):
    ```sh run            runs in bash, in a fresh folder a document, `semid` in PATH, $TREE the source tree
    ```sh run exit=3     must end with that exit code
    ```sh tree           runs in a copy of nothing: the tree itself (builds, ./dev)
    ```python run        runs in the same folder by the Python that SEMID_PYTHON names (default: python3), which finds semid;
                         needs=A,B: where that Python lacks one of these modules it is passed by, which is said
    ```tsv file=NAME     is written to NAME
    ```text output       is what the block before prints on a terminal; a line "..." stands for any lines, "..." inside a
                         line for any text
A line `<!-- run: COMMAND -->` runs unseen. --update rewrites the outputs that differ (those without "...").
Blocks run on a pseudo-terminal, so that tables come out as a reader will see them; without colours and progress bars.
Exit code 1 when a block fails or prints something else.
"""
import fcntl
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import termios

FENCE = re.compile(r"^```([a-z]*)([^\n]*)\n(.*?)^```$|^<!-- run: (.*?) -->$", re.MULTILINE | re.DOTALL)
TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


COLUMNS = 120


def run_shell(command, folder, config):
    """Exit code and what a terminal would show."""
    environment = dict(os.environ, TREE=TREE, LC_ALL="C.UTF-8", NO_COLOR="1", TERM="dumb", SEMID_CONFIG=config)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    with subprocess.Popen(["bash", "-eu", "-c", command], cwd=folder, env=environment,
                          stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = bytearray()
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux says EIO when the last writer has closed the terminal
                break
            if not piece:
                break
            shown += piece
    os.close(ours)
    return process.returncode, shown.decode("utf-8", "replace").replace("\r\n", "\n")


def line_pattern(line):
    if line.strip() == "...":
        return "(?:.*\n)*?"
    return ".*".join(re.escape(part) for part in line.split("...")) + " *\n"


def matches(wanted, seen):
    """Lines are equal but for spaces at their ends; "..." stands for any lines, or any text inside a line."""
    seen = seen if seen.endswith("\n") or not seen else seen + "\n"
    return re.fullmatch("".join(line_pattern(line.rstrip()) for line in wanted.splitlines()), seen) is not None


class Document:
    def __init__(self, path, folder):
        self.path, self.folder, self.config = path, os.path.join(folder, "work"), os.path.join(folder, "config.json")
        os.mkdir(self.folder)
        with open(self.config, "w", encoding="utf-8") as file:
            file.write('{"progress": "never"}')
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        self.output, self.problems, self.ran, self.updates, self.passed_by = None, [], 0, [], []

    def fail(self, match, why):
        line = self.text.count("\n", 0, match.start()) + 1
        self.problems.append("%s:%d: %s" % (self.path, line, why))

    def run_python(self, match, body, wanted_exit):
        path = os.path.join(os.path.dirname(self.folder), "block.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(body)
        python = shlex.quote(os.environ.get("SEMID_PYTHON", "python3"))
        self.run_block(match, "%s %s" % (python, shlex.quote(path)), wanted_exit, self.folder)

    def lacks(self, modules):
        """Those that the Python of blocks does not have; its next output is not looked for."""
        python = os.environ.get("SEMID_PYTHON", "python3")
        program = "import importlib.util, sys; print(*(m for m in sys.argv[1:] if importlib.util.find_spec(m) is None))"
        found = subprocess.run([python, "-c", program, *modules], check=True, capture_output=True, text=True).stdout.split()
        if found:
            self.passed_by.append(" and ".join(found))
            self.output = None
        return found

    def run_block(self, match, command, wanted_exit, folder):
        code, self.output = run_shell(command, folder, self.config)
        self.ran += 1
        if code != wanted_exit:
            self.fail(match, "exit code %d, expected %d\n%s" % (code, wanted_exit, self.output))

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
            elif language == "python" and "run" in words and not (named.get("needs") and self.lacks(named["needs"].split(","))):
                self.run_python(match, body, int(named.get("exit", 0)))
            elif "file" in named:
                with open(os.path.join(self.folder, named["file"]), "w", encoding="utf-8") as file:
                    file.write(body)
            elif "output" in words:
                self.check_output(match, body)

    def update(self):
        for start, end, output in reversed(self.updates):
            output = "".join(line.rstrip() + "\n" for line in output.splitlines())
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
        lacking = ", %d passed by: SKIPPED: no %s" % (len(document.passed_by), ", ".join(document.passed_by)) if document.passed_by else ""
        print("docs: %s: %d blocks ran, %d problems%s" % (path, document.ran, len(document.problems), lacking))
        failed |= bool(document.problems)
    return failed


sys.exit(main())
