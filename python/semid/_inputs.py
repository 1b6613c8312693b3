"""Items and vectors on their way into C: files, arrays, rows of texts. Each is a context manager that frees what it
made.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Dict, Iterator, List, Optional

from ._arrays import address, char_pointers, choice_of, ids_of, path_of, rows_of, text_of
from ._context import Context
from ._errors import DataError, Error, NotFoundError, UsageError
from ._native import ON_ERROR, lib, sid_modality, sid_read_options

VECTOR_ENDINGS = (".npy", ".npz", ".safetensors")


def is_path(value: Any) -> bool:
    return isinstance(value, (str, os.PathLike))


def is_vectors_path(value: Any) -> bool:
    """x.npy, x.npz[:array], x.safetensors[:tensor]"""
    if not is_path(value):
        return False
    path = os.fspath(value)
    return path.endswith(VECTOR_ENDINGS) or ".npz:" in path or ".safetensors:" in path


def is_items(value: Any) -> bool:
    """A file of items, a list of dicts or texts, or a DataFrame; not vectors."""
    if is_path(value):
        return not is_vectors_path(value)
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return True
    return isinstance(value, (list, tuple)) and len(value) > 0 and isinstance(value[0], (dict, str))


def read_options(on_error: str) -> sid_read_options:
    """ "fail", "skip" or "quarantine=FILE"."""
    kind, _, path = on_error.partition("=")
    options = sid_read_options(on_error=choice_of(kind, "on_error", ON_ERROR))
    if path or kind == "quarantine":
        options.quarantine_path = path_of(path, 'the path of on_error="quarantine=FILE"')
    return options


# ---- Items ----------------------------------------------------------------------------------------------------------


def _is_given(value: Any) -> bool:
    return value is not None and value == value  # NaN: what a DataFrame has where nothing was given


def _row(number: int, row: Any, ids: Optional[List[bytes]]) -> Dict[str, Any]:
    if isinstance(row, str):
        row = {"title": row}
    if not isinstance(row, dict):
        raise TypeError(f"items: row {number} is {row!r}; a dict with item_id and texts, or a text, is expected")
    out = {
        str(name): value.item() if hasattr(value, "item") else value for name, value in row.items() if _is_given(value)
    }
    own = out.pop("item_id", None)
    item_id = ids[number].decode() if ids is not None else own if own is not None else number
    return {"item_id": str(item_id), **out}


def _write_rows(rows: Any, ids: Any, path: str) -> None:
    if hasattr(rows, "to_dict"):
        rows = rows.to_dict("records")
    id_list = None if ids is None else ids_of(ids)
    if id_list is not None and len(id_list) != len(rows):
        raise DataError(f"{len(id_list)} ids for {len(rows)} items; row i gets id i, so the counts must be equal")
    with open(path, "w", encoding="utf-8") as file:
        for number, row in enumerate(rows):
            try:
                file.write(json.dumps(_row(number, row, id_list), ensure_ascii=False, allow_nan=False) + "\n")
            except (TypeError, ValueError) as error:
                raise DataError(
                    f"items: row {number} cannot be written as JSON: {error}; texts, numbers, lists and dicts "
                    "of them are possible"
                ) from error


def _of_row(error: Error, path: str) -> Error:
    """An error of the temporary file, which the caller never saw, as one of a row."""
    row = None if error.row is None else error.row - 1
    message = re.sub(re.escape(path) + r"(:\d+)?:", "items:" if row is None else f"items: row {row}:", error.message)
    made = type(error)(message)
    made.row = row
    return made


@contextmanager
def items(context: Context, source: Any, on_error: str = "fail", ids: Any = None) -> Iterator[ctypes.c_void_p]:
    """A sid_items of a file, or of rows that go through a temporary .jsonl; of None: NULL."""
    out = ctypes.c_void_p()
    if source is None:
        yield out
        return
    options = read_options(on_error)
    try:
        if is_path(source):
            if ids is not None:
                raise UsageError("ids= belongs to vectors; a file of items has its ids in the column item_id")
            context.call_long(
                lib.sid_items_read, context.pointer, path_of(source, "items"), ctypes.byref(options), ctypes.byref(out)
            )
        else:
            if not is_items(source):
                raise TypeError(
                    f"items is a {type(source).__name__}; a path, a list of dicts, a list of texts or a "
                    "DataFrame is expected"
                )
            with tempfile.TemporaryDirectory(prefix="semid-") as folder:
                path = os.path.join(folder, "items.jsonl")
                _write_rows(source, ids, path)
                try:
                    context.call_long(
                        lib.sid_items_read, context.pointer, os.fsencode(path), ctypes.byref(options), ctypes.byref(out)
                    )
                except Error as error:
                    raise _of_row(error, path) from None
        yield out
    finally:
        lib.sid_items_free(out)


# ---- Vectors --------------------------------------------------------------------------------------------------------


@contextmanager
def vectors_from_array(context: Context, X: Any, ids: Any, dim: Optional[int] = None) -> Iterator[ctypes.c_void_p]:
    """A sid_vectors over the memory of X (N, D), which it does not copy."""
    rows = rows_of(X, dim=dim)
    pointers = None
    if ids is not None:
        id_list = _lines(ids) if is_path(ids) and os.path.exists(ids) else ids_of(ids)
        if len(id_list) != len(rows):
            raise DataError(
                f"{len(id_list)} ids for X of shape {rows.shape}; row i gets id i, so there must be " f"{len(rows)}"
            )
        pointers = char_pointers(id_list)
    out = ctypes.c_void_p()
    try:
        context.call_long(
            lib.sid_vectors_wrap,
            context.pointer,
            address(rows),
            rows.shape[0],
            rows.shape[1],
            pointers,
            ctypes.byref(out),
        )
        yield out
    finally:
        lib.sid_vectors_free(out)


def _lines(path: Any) -> List[bytes]:
    with open(path, "rb") as file:
        return file.read().replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n")


@contextmanager
def vectors_from_file(
    context: Context, path: Any, ids: Any, items_pointer: Any, on_error: str = "fail"
) -> Iterator[ctypes.c_void_p]:
    """A sid_vectors of x.npy, x.npz or x.safetensors; ids: a file, one a line."""
    if ids is not None and not is_path(ids):
        raise TypeError("ids of a file of vectors are a file too, one id a line; or load the vectors with numpy")
    options = read_options(on_error)
    out = ctypes.c_void_p()
    try:
        context.call_long(
            lib.sid_vectors_read_with,
            context.pointer,
            path_of(path, "X"),
            None if ids is None else path_of(ids, "ids"),
            None if ids is not None else items_pointer,
            ctypes.byref(options),
            ctypes.byref(out),
            None,
        )
        yield out
    finally:
        lib.sid_vectors_free(out)


@contextmanager
def vectors_from_items(context: Context, items_pointer: Any) -> Iterator[Optional[ctypes.c_void_p]]:
    """The "vector" members of .jsonl items; None where they have none."""
    out = ctypes.c_void_p()
    try:
        with suppress(NotFoundError):
            context.call_long(lib.sid_vectors_from_items, context.pointer, items_pointer, ctypes.byref(out))
        yield out if out else None
    finally:
        lib.sid_vectors_free(out)


@contextmanager
def vectors(
    context: Context, X: Any, ids: Any, items_pointer: Any = None, on_error: str = "fail", dim: Optional[int] = None
) -> Iterator[ctypes.c_void_p]:
    """A sid_vectors of an array or a file; without ids those of the items, row by row, else row numbers."""
    if is_vectors_path(X):
        with vectors_from_file(context, X, ids, items_pointer, on_error) as pointer:
            yield pointer
        return
    with vectors_from_array(context, X, ids, dim) as pointer:
        if items_pointer and ids is None:
            context.call(lib.sid_vectors_set_ids, pointer, items_pointer)
        yield pointer


@contextmanager
def modalities(
    context: Context,
    X: Dict[str, Any],
    ids: Any,
    items_pointer: Any = None,
    on_error: str = "fail",
    weights: Optional[Dict[str, float]] = None,
) -> Iterator[Any]:
    """sid_modality of {name: vectors} or {name: (vectors, ids)}."""
    strange = [name for name in weights or {} if name not in X]
    if strange:
        raise UsageError(f"fuse_weights names {strange[0]!r}; the modalities are {', '.join(map(repr, X))}")
    array = (sid_modality * len(X))()
    with ExitStack() as stack:
        for one, (name, value) in zip(array, X.items()):
            own, own_ids = value if isinstance(value, tuple) and len(value) == 2 else (value, ids)
            one.name, one.weight = text_of(name, "the name of a modality"), _weight(name, (weights or {}).get(name, 1))
            one.vectors = stack.enter_context(vectors(context, own, own_ids, items_pointer, on_error))
        yield array


def _weight(name: str, weight: Any) -> float:
    if not isinstance(weight, (int, float)) or not 0 < weight < float("inf"):
        raise UsageError(f"fuse_weights gives {name!r} the weight {weight!r}; a number above 0 is expected")
    return float(weight)
