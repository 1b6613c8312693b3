#!/usr/bin/env python3
"""run_doc_blocks.py [--update] DOC...: runs the code blocks of the documentation, so that what it shows is true.

What a fence's first line says (the language stays first, for highlighting):
    ```sh run            runs in bash, in a fresh folder a document, `semid` in PATH, $TREE the source tree
    ```sh run exit=3     must end with that exit code
    ```sh tree           runs in a copy of nothing: the tree itself (builds, ./dev)
    ```python run        runs in the same folder by the Python that SEMID_PYTHON names (default: python3), which finds semid;
                         needs=A,B: where that Python lacks one of these modules it is passed by, which is said
    ```sh run data=NAME  the same with $DATA, the folder NAME of real data; passed by where that is not there, which is said
    ```sh run scratch=/srv,/etc   paths below these are taken below the document's folder
    ```tsv file=NAME     is written to NAME
    ```text output       is what the block before prints on a terminal; a line "..." stands for any lines, "..." inside a
                         line for any text
A line `<!-- run: COMMAND -->` runs unseen. Before a block may stand, unseen too,
    <!-- with: COMMAND -->     runs in the block's own shell (or Python) first: a stand-in for what a test must not do, such as a
                               function apt-get that installs nothing
    <!-- elsewhere: FILE -->   the block does not run here, but FILE runs what it shows, in CI
    <!-- shown: WHY -->        the block does not run at all; its commands and options must still be the program's
Every other block is a problem, so that none is forgotten; the last line counts all kinds.
--update rewrites the outputs that differ (those without "...").
Blocks run on a pseudo-terminal, so that tables come out as a reader will see them; without colours and progress bars.
Exit code 1 when a block fails or prints something else.
"""
import collections
import concurrent.futures
import fcntl
import functools
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import termios

FENCE = re.compile(r"^```([a-z]*)([^\n]*)\n(.*?)^```$|^<!-- (run|with|elsewhere|shown): (.*?) -->$", re.MULTILINE | re.DOTALL)
TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DATA = os.environ.get("SEMID_DATA") or os.path.join(TREE, "..", "shared", "data")


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


@functools.lru_cache(maxsize=None)
def help_of(verb):
    """What `semid help VERB` says; None: there is no such verb."""
    said = subprocess.run(["semid", "help", verb], capture_output=True, text=True)
    return said.stdout if said.returncode == 0 else None


def unknown_words(body):
    """Of lines such as `semid fit x -o y --codes 16`: verbs and options that the program lacks."""
    body = body.replace("\\\n", " ")
    for line in re.findall(r"^(?:\$ )?(?:\w+=\S+ )*semid ([a-z].*)$", body, re.MULTILINE):
        words = line.split(" #")[0].split("|")[0].split()
        verb = " ".join(words[:2]) if words[0] in ("rank", "pieces", "synth") and len(words) > 1 else words[0]
        known = help_of(verb) or help_of(words[0])
        if known is None:
            yield verb
            continue
        family = help_of(" ".join(words[:2])) if words[0] == "train" and len(words) > 1 else None
        for option in (word.split("=")[0] for word in words if word.startswith("--")):
            if option not in known and not any(option in more for more in (family or "", *families())):
                yield f"{verb} {option}"


@functools.lru_cache(maxsize=None)
def families():
    """The options of quantizers, encoders and models, which are flags of their verbs."""
    return tuple(help_of(f"{verb} {name}") or "" for verb, name in
                 (("fit", "rkmeans"), ("fit", "fsq"), ("fit", "bert"), ("fit", "lsa"), ("train", "sasrec"), ("train", "sidgpt")))


class Document:
    def __init__(self, path, folder):
        self.path, self.folder, self.config = path, os.path.join(folder, "work"), os.path.join(folder, "config.json")
        os.mkdir(self.folder)
        with open(self.config, "w", encoding="utf-8") as file:
            file.write('{"progress": "never"}')
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        self.output, self.problems, self.updates, self.passed_by = None, [], [], []
        self.counts, self.notes, self.before = collections.Counter(), [], {}

    def fail(self, match, why):
        line = self.text.count("\n", 0, match.start()) + 1
        self.problems.append("%s:%d: %s" % (self.path, line, why))

    def run_python(self, match, body, wanted_exit):
        path = os.path.join(os.path.dirname(self.folder), "block.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.before.get("with", "") + "\n" + body)
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
        self.counts["ran"] += 1
        if code != wanted_exit:
            self.fail(match, "exit code %d, expected %d\n%s" % (code, wanted_exit, self.output))

    def check_output(self, match, wanted):
        if self.output is None:
            return
        self.counts["compared"] += 1
        if matches(wanted, self.output):
            return
        if "..." not in wanted:
            self.updates.append((match.start(3), match.end(3), self.output))
        self.fail(match, "prints something else:\n%s" % self.output)

    def run_sh(self, match, body, words, named):
        before = self.before.get("with", "")
        if "data" in named:
            data = os.path.join(os.path.abspath(DATA), named["data"])
            if not os.path.isdir(data):
                self.passed_by.append(f"data {named['data']}")
                self.output = None
                return
            before = f"DATA={shlex.quote(data)}\n{before}"
        for place in named.get("scratch", "").split(",") if "scratch" in named else ():
            body = body.replace(place + "/", self.folder + place + "/")
        self.counts["stand-ins"] += "with" in self.before
        self.run_block(match, f"{before}\n{body}", int(named.get("exit", 0)), TREE if "tree" in words else self.folder)

    def pass_by(self, match, body):
        """Not run here: by another script, or shown alone."""
        kind = "elsewhere" if "elsewhere" in self.before else "shown"
        why = self.before[kind]
        self.counts[kind] += 1
        self.notes.append((kind, why))
        for name in why.split(", ") if kind == "elsewhere" else ():
            if not os.path.exists(os.path.join(TREE, name)):
                self.fail(match, f"there is no {name} to run it elsewhere")
        for word in unknown_words(body):
            self.fail(match, f"semid has no {word}")

    def run_fence(self, match, language, words, body):
        named = dict(word.split("=", 1) for word in words if "=" in word)
        if "elsewhere" in self.before or "shown" in self.before:
            self.pass_by(match, body)
        elif language == "sh" and ("run" in words or "tree" in words):
            self.run_sh(match, body, words, named)
        elif language == "python" and "run" in words:
            if not (named.get("needs") and self.lacks(named["needs"].split(","))):
                self.run_python(match, body, int(named.get("exit", 0)))
        elif "file" in named:
            self.counts["files"] += 1
            with open(os.path.join(self.folder, named["file"]), "w", encoding="utf-8") as file:
                file.write(body)
        elif "output" in words:
            self.check_output(match, body)
        else:
            self.fail(match, "a block that neither runs nor says why: see scripts/run_doc_blocks.py")

    def run(self):
        for match in FENCE.finditer(self.text):
            language, info, body, kind, note = match.groups()
            if kind == "run":
                self.run_block(match, note, 0, self.folder)
                self.counts["ran"] -= 1
                self.counts["unseen"] += 1
            elif kind:
                self.before[kind] = note
            else:
                self.run_fence(match, language, (info or "").split(), body)
                self.before = {}

    def update(self):
        for start, end, output in reversed(self.updates):
            output = "".join(line.rstrip() + "\n" for line in output.splitlines())
            self.text = self.text[:start] + output + self.text[end:]
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(self.text)


def run_document(path, is_update):
    with tempfile.TemporaryDirectory() as folder:
        document = Document(path, folder)
        document.run()
    if is_update and document.updates:
        document.update()
        print("docs: %s: %d outputs rewritten" % (path, len(document.updates)))
    return document


def main():
    is_update = "--update" in sys.argv[1:]
    paths = [path for path in sys.argv[1:] if path != "--update"]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        documents = list(pool.map(lambda path: run_document(path, is_update), paths))
    counts, notes, lacking = collections.Counter(), collections.Counter(), []
    for path, document in zip(paths, documents):
        print(*document.problems, sep="\n", end="\n" if document.problems else "")
        passed_by = ", %d passed by: SKIPPED: no %s" % (len(document.passed_by), ", ".join(document.passed_by)) if document.passed_by else ""
        if any(document.counts.values()):
            print("docs: %s: %d blocks ran, %d problems%s" % (path, document.counts["ran"], len(document.problems), passed_by))
        counts.update(document.counts)
        notes.update(document.notes)
        lacking += document.passed_by
    print("docs: %d blocks ran, %d of them with stand-ins; %d outputs compared, %d files written; %d ran elsewhere, %d shown only, %d passed by here"
          % (*(counts[kind] for kind in ("ran", "stand-ins", "compared", "files", "elsewhere", "shown")), len(lacking)))
    for (kind, why), number in sorted(notes.items()):
        print("docs: %s%s: %s" % ("run by " if kind == "elsewhere" else "shown only, because ", why, "a block" if number == 1 else "%d blocks" % number))
    return any(document.problems for document in documents)


sys.exit(main())
