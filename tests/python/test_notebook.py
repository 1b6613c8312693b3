"""test_notebook.py: examples/notebook.py, cell by cell: what each prints is what stands behind it."""

import contextlib
import io
import os
import re

import pytest

from conftest import TREE

PATH = os.path.join(TREE, "examples", "notebook.py")


def cells():
    """(line, code, what it prints)"""
    with open(PATH, encoding="utf-8") as file:
        text = file.read()
    starts = [match.start() for match in re.finditer(r"^# %%", text, re.MULTILINE)] + [len(text)]
    for begin, end in zip(starts, starts[1:]):
        cell = text[begin:end]
        if not cell.startswith("# %% [markdown]"):
            shown = [line[3:] for line in cell.splitlines() if line.startswith("#> ")]
            yield text.count("\n", 0, begin) + 1, cell, shown


@pytest.mark.filterwarnings("ignore::semid.SemidWarning")
def test_notebook(tmp_path, monkeypatch):
    """Fails when a cell fails, or prints something else than it says."""
    monkeypatch.chdir(tmp_path)
    names = {"__file__": PATH, "__name__": "notebook"}
    for line, code, shown in cells():
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile("\n" * (line - 1) + code, PATH, "exec"), names)
        assert printed.getvalue().splitlines() == shown, f"the cell of line {line}"
