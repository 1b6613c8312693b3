"""test_layout.py: ctypes' view of semid.h against the header: sizes, offsets, limits, prototypes."""

import ctypes
import os
import re
import shutil
import subprocess

import pytest

from conftest import TREE
from semid import _native, _native_model, _native_rank

HEADER = os.path.join(TREE, "include", "semid.h")
HEADERS = [HEADER, *(os.path.join(TREE, "include", name) for name in ("semid_model.h", "semid_rank.h"))]
STRUCTS = [*_native.STRUCTS, *_native_model.STRUCTS, *_native_rank.STRUCTS]


def measured(tmp_path, lines):
    """What a C program prints of the header, as numbers by name."""
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("SKIPPED: no C compiler (cc) to ask for sizes")
    source, program = tmp_path / "layout.c", tmp_path / "layout"
    includes = "".join(f'#include "{os.path.basename(header)}"\n' for header in HEADERS)
    source.write_text(f"{includes}#include <stdio.h>\nint main(void)\n{{\n" + "\n".join(lines) + "\n}\n")
    subprocess.run([compiler, "-I", os.path.dirname(HEADER), str(source), "-o", str(program)], check=True)
    printed = subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout
    return {name: int(value) for name, value in (line.split() for line in printed.splitlines())}


def test_structs(tmp_path):
    """Fails when a struct or a field of semid.h changes place or size and _native.py does not."""
    wanted = {}
    for struct in STRUCTS:
        name = struct.__name__
        wanted[f"sizeof({name})"] = ctypes.sizeof(struct)
        for field, *_ in struct._fields_:
            wanted[f"offsetof({name},{field})"] = getattr(struct, field).offset
            wanted[f"sizeof((({name}*)0)->{field})"] = getattr(struct, field).size
    lines = [f'printf("%s %zu\\n", "{name}", (size_t){name});' for name in wanted]
    assert measured(tmp_path, lines) == wanted
    assert len(STRUCTS) >= 58


def test_constants(tmp_path):
    """Fails when a limit or an enum of semid.h changes and _native.py does not."""
    wanted = {
        "SID_SID_TEXT_MAX": _native.SID_TEXT_MAX,
        "SID_LEVELS_MAX": _native.LEVELS_MAX,
        "SID_SIZE_BINS": _native.SIZE_BINS,
        "SID_OPEN_READ": _native.OPEN_READ,
        "SID_OPEN_WRITE": _native.OPEN_WRITE,
        "SID_LOG_WARNING": _native.LOG_WARNING,
        "SID_CUTOFFS_MAX": _native_model.CUTOFFS_MAX,
        "SID_SEGMENTS_MAX": _native_model.SEGMENTS_MAX,
        "SID_METRIC_COUNT": len(_native_model.METRICS),
        "SID_RANK_SLICE_COUNT": len(_native_rank.SLICES),
    }
    for prefix, names in (
        ("SID_IF_EXISTS_", _native.IF_EXISTS),
        ("SID_ON_ERROR_", _native.ON_ERROR),
        ("SID_OPTION_", _native.OPTION_TYPES),
        ("SID_METRIC_", _native_model.METRICS),
        ("SID_RANK_SLICE_", _native_rank.SLICES),
    ):
        wanted.update({prefix + name.upper(): number for number, name in enumerate(names)})
    lines = [f'printf("%s %d\\n", "{name}", (int){name});' for name in wanted]
    assert measured(tmp_path, lines) == wanted


def declared():
    """name -> (result, argument types) of every SID_API function, as C texts."""
    text = ""
    for header in HEADERS:
        with open(header, encoding="utf-8") as file:
            text += re.sub(r"/\*.*?\*/", " ", file.read(), flags=re.DOTALL)
    out = {}
    for result, name, arguments in re.findall(r"SID_API ([^;()]*?)\b(sid_\w+)\(([^;]*?)\);", text):
        parts = [] if arguments.strip() == "void" else [part.strip() for part in arguments.split(",")]
        out[name] = (result.replace("SID_MUST_CHECK", "").strip(), parts)
    return out


def kind_of_c(text):
    if "*" in text or text.startswith("sid_progress_fn"):
        return "pointer"
    words = [word for word in text.split() if word != "const"]
    word = words[0] if words else text
    return {
        "void": "void",
        "int": "int",
        "sid_status": "int",
        "sid_open_mode": "int",
        "sid_unseen": "int",
        "bool": "bool",
        "int64_t": "int64",
        "size_t": "uint64",
        "uint64_t": "uint64",
    }[word]


def kind_of_ctypes(kind):
    if kind is None:
        return "void"
    simple = {
        ctypes.c_int: "int",
        ctypes.c_bool: "bool",
        ctypes.c_int64: "int64",
        ctypes.c_uint64: "uint64",
        ctypes.c_size_t: "uint64",
    }
    return simple.get(kind, "pointer")


def test_prototypes():
    """Fails when a function that is called is declared otherwise: another count, order or kind of arguments or
    result.
    """
    functions = declared()
    assert len(functions) > 80
    fallible = {**_native.FALLIBLE, **_native_model.FALLIBLE, **_native_rank.FALLIBLE}
    table = {name: (ctypes.c_int, [*arguments, _native._ERR]) for name, arguments in fallible.items()}
    table.update({**_native.PLAIN, **_native_model.PLAIN, **_native_rank.PLAIN})
    for name, (result, arguments) in table.items():
        c_result, c_arguments = functions[name]
        ours = [kind_of_ctypes(result), *map(kind_of_ctypes, arguments)]
        assert ours == [kind_of_c(c_result), *map(kind_of_c, c_arguments)], name


def test_statuses():
    """Fails when a status of semid.h has no exception class of its own, or a class no status."""
    with open(HEADER, encoding="utf-8") as file:
        names = set(re.findall(r"X\((E[A-Z]+|OK), \d", file.read())) - {"OK"}
    from semid._errors import CLASSES

    assert {"SID_" + name for name in names} == set(CLASSES)
