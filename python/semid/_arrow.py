"""Arrow arrays as numpy sees them, where they lie: the Arrow C data interface, read by ctypes, so that pyarrow, polars,
DuckDB and others pass columns without a copy and none of them is needed here.

Taken are columns of numbers, (N,), and of lists of them that are equally long, (N, D); the layouts are those of
"The Arrow C data interface" and "The Arrow PyCapsule interface" of the Arrow project. Several chunks are put together,
which copies them.
"""

from __future__ import annotations

import ctypes as c
from ctypes import POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from typing import TYPE_CHECKING, Any, Iterator, Tuple

from ._errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]

TYPES = {
    "c": "i1", "C": "u1", "s": "<i2", "S": "<u2", "i": "<i4", "I": "<u4", "l": "<i8", "L": "<u8",
    "e": "<f2", "f": "<f4", "g": "<f8",
}  # fmt: skip


class Schema(Structure):
    pass


Schema._fields_ = [
    ("format", c_char_p),
    ("name", c_char_p),
    ("metadata", c_void_p),
    ("flags", c_int64),
    ("n_children", c_int64),
    ("children", POINTER(POINTER(Schema))),
    ("dictionary", c_void_p),
    ("release", c_void_p),
    ("private_data", c_void_p),
]


class Chunk(Structure):
    pass


Chunk._fields_ = [
    ("length", c_int64),
    ("null_count", c_int64),
    ("offset", c_int64),
    ("n_buffers", c_int64),
    ("n_children", c_int64),
    ("buffers", POINTER(c_void_p)),
    ("children", POINTER(POINTER(Chunk))),
    ("dictionary", c_void_p),
    ("release", c_void_p),
    ("private_data", c_void_p),
]


class Stream(Structure):
    pass


Stream._fields_ = [
    ("get_schema", c.CFUNCTYPE(c_int, POINTER(Stream), POINTER(Schema))),
    ("get_next", c.CFUNCTYPE(c_int, POINTER(Stream), POINTER(Chunk))),
    ("get_last_error", c.CFUNCTYPE(c_char_p, POINTER(Stream))),
    ("release", c_void_p),
    ("private_data", c_void_p),
]

_pointer_of = c.pythonapi.PyCapsule_GetPointer
_pointer_of.restype, _pointer_of.argtypes = c_void_p, [c.py_object, c_char_p]


def is_arrow(value: Any) -> bool:
    """Whether it offers a column by the Arrow PyCapsule interface."""
    return hasattr(value, "__arrow_c_array__") or hasattr(value, "__arrow_c_stream__")


# ---- Memory ---------------------------------------------------------------------------------------------------------


class _Memory:
    """What numpy takes an array of, and what keeps that memory alive: the array's base."""

    def __init__(self, address: int, count: int, kind: str, owner: Any) -> None:
        self.owner = owner
        self.__array_interface__ = {"data": (address, True), "shape": (count,), "typestr": kind, "version": 3}


def _view(address: Any, begin: int, count: int, kind: str, owner: Any) -> "Array":
    import numpy as np

    if count == 0 or not address:
        return np.empty(0, dtype=kind)
    return np.asarray(_Memory(address + begin * np.dtype(kind).itemsize, count, kind, owner))


class _Owned:
    """A schema or chunk that a stream gave us: ours to release."""

    def __init__(self, item: Any) -> None:
        self.item = item

    def __del__(self) -> None:
        if self.item.release:
            c.CFUNCTYPE(None, c_void_p)(self.item.release)(c.addressof(self.item))


def _check_valid(chunk: Chunk, begin: int, count: int, what: str, owner: Any) -> None:
    """Refuses missing values; the bitmap has a bit for each of the first `begin + count`."""
    import numpy as np

    if chunk.null_count == 0 or count == 0 or chunk.n_buffers == 0 or not chunk.buffers[0]:
        return
    bits = _view(chunk.buffers[0], begin // 8, (begin % 8 + count + 7) // 8, "u1", owner)
    valid = np.unpackbits(bits, bitorder="little")[begin % 8 : begin % 8 + count]
    missing = np.flatnonzero(valid == 0)
    if len(missing):
        raise DataError(f"{what} {int(missing[0])} is null; a value is expected in every one")


# ---- Columns --------------------------------------------------------------------------------------------------------


def _numbers(form: str, chunk: Chunk, begin: int, count: int, what: str, owner: Any) -> "Array":
    """`count` numbers from the begin-th of a chunk on."""
    if form not in TYPES:
        raise TypeError(f"an Arrow column of format {form!r} has no numbers; floats or lists of floats are expected")
    begin += chunk.offset
    _check_valid(chunk, begin, count, what, owner)
    return _view(chunk.buffers[1], begin, count, TYPES[form], owner)


def _width(offsets: "Array") -> int:
    """The length that all lists have."""
    import numpy as np

    widths = np.diff(offsets)
    other = np.flatnonzero(widths != widths[:1])
    if len(other):
        row = int(other[0])
        raise DataError(f"the list of row {row} holds {int(widths[row])} numbers, that of row 0 {int(widths[0])}")
    return int(widths[0]) if len(widths) else 0


def _column(schema: Schema, chunk: Chunk, owner: Any) -> "Array":
    form, rows = schema.format.decode(), chunk.length
    if form[:2] not in ("+w", "+l", "+L"):
        return _numbers(form, chunk, 0, rows, "row", owner)
    _check_valid(chunk, chunk.offset, rows, "row", owner)
    if form.startswith("+w:"):
        width = int(form[3:])
        begin = chunk.offset * width
    else:
        offsets = _view(chunk.buffers[1], chunk.offset, rows + 1, "<i4" if form == "+l" else "<i8", owner)
        width, begin = _width(offsets), int(offsets[0]) if len(offsets) else 0
    inner = schema.children[0].contents.format.decode()
    numbers = _numbers(inner, chunk.children[0].contents, begin, rows * width, "number", owner)
    return numbers.reshape(rows, width)


def _of_stream(value: Any) -> "Iterator[Tuple[Schema, Chunk, Any]]":
    capsule = value.__arrow_c_stream__()
    stream = Stream.from_address(_pointer_of(capsule, b"arrow_array_stream"))
    schema = Schema()
    if stream.get_schema(c.byref(stream), c.byref(schema)):
        raise DataError(f"Arrow: {(stream.get_last_error(c.byref(stream)) or b'no schema').decode()}")
    owner = (capsule, _Owned(schema))
    while True:
        chunk = Chunk()
        if stream.get_next(c.byref(stream), c.byref(chunk)):
            raise DataError(f"Arrow: {(stream.get_last_error(c.byref(stream)) or b'no chunk').decode()}")
        if not chunk.release:
            return
        yield schema, chunk, (owner, _Owned(chunk))


def to_numpy(value: Any) -> "Array":
    """(N,) or (N, D), read-only, over the column's memory where it is one chunk. Raises DataError (null, lists of unequal
    length), TypeError (other types).
    """
    import numpy as np

    if hasattr(value, "__arrow_c_array__"):
        capsules = value.__arrow_c_array__()
        schema = Schema.from_address(_pointer_of(capsules[0], b"arrow_schema"))
        return _column(schema, Chunk.from_address(_pointer_of(capsules[1], b"arrow_array")), capsules)
    columns = [_column(schema, chunk, owner) for schema, chunk, owner in _of_stream(value)]
    filled = [column for column in columns if len(column)] or columns[:1]
    if len({column.shape[1:] for column in filled}) > 1:
        raise DataError(f"chunks hold lists of {', '.join(str(one.shape[1]) for one in filled)} numbers; of one length")
    return filled[0] if len(filled) == 1 else np.concatenate(filled) if filled else np.empty(0, dtype=np.float32)
