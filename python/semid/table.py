"""Table: embedding rows by key that grow with what is seen, trained where they stand. numpy arrays in and out."""

from __future__ import annotations

import ctypes
import weakref
from typing import TYPE_CHECKING, Any, List, NamedTuple, Optional, Sequence, Union

from . import _native
from ._arrays import PathLike, address, array_of, int_of, path_of, rows_of, text_of
from ._context import Context
from ._errors import DataError, UsageError
from ._native import lib

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ._arrays import Rows

    Keys = NDArray[np.uint64]

UNSEEN = {"zero": 0, "init": 1}


class Slice(NamedTuple):
    """A part of each row: its own initial values, optimiser and type when served. See semid_rank.h, sid_slice."""

    dim: int
    optimizer: str = "adagrad"
    options: str = ""
    initializer: str = "uniform"
    range: float = 0.05
    serving: str = "fp32"


class TableInfo(NamedTuple):
    """What a table is, and how large."""

    kind: str
    dim: int
    rows: int
    row_size: int
    memory_size: int
    sights: int
    steps: int
    is_serving: bool


class Table:
    """Rows of floats by 64-bit key.

    >>> table = semid.Table(16, ttl_days=30, options="rate=0.05")
    >>> rows = table.visit(keys, time)            # counts, admits, reads: (N, 16)
    >>> table.apply(keys, gradients)              # one step a key, equal keys summed in order
    >>> table.lookup(keys)                        # changes nothing

    slices: a dim (also by the keyword ``dim``), or a list of :class:`Slice`. options, optimizer and serving are those of a single slice. kind: "growing",
    "capped", "hashed" or "double"; the other words are as in semid_rank.h, sid_table_options. Lookups of several threads run
    together, and beside one call that changes the table.
    """

    def __init__(
        self,
        slices: Union[None, int, Sequence[Slice]] = None,
        *,
        dim: Optional[int] = None,
        kind: str = "growing",
        rows: int = 0,
        optimizer: str = "adagrad",
        options: str = "",
        serving: str = "fp32",
        seed: int = 42,
        hash_seed: int = 0,
        by_row: bool = False,
        admit_count: int = 0,
        admit_cells: int = 0,
        admit_prob: int = 0,
        ttl_days: float = 0,
        half_life_days: float = 0,
        threads: int = 0,
        memory_limit: int = 0,
    ) -> None:
        if (slices is None) == (dim is None):
            raise UsageError("a row is of dim= floats, or of slices: give one of them")
        slices = dim if slices is None else slices
        listed: List[Slice] = (
            [Slice(int_of(slices, "slices", 1), optimizer, options, serving=serving)]
            if not isinstance(slices, (list, tuple))
            else list(slices)
        )
        made = (_native.sid_slice * max(len(listed), 1))()
        for at, one in zip(made, listed):
            at.dim = int_of(one.dim, "dim", 1)
            at.initializer, at.range = text_of(one.initializer, "initializer"), float(one.range)
            at.optimizer, at.options = text_of(one.optimizer, "optimizer"), text_of(one.options or None, "options")
            at.serving = text_of(one.serving, "serving")
        given = _native.sid_table_options(
            kind=text_of(kind, "kind"),
            rows=int_of(rows, "rows", 0, 2**62),
            slice=made,
            slice_count=len(listed),
            seed=int_of(seed, "seed", 0, 2**63 - 1),
            hash_seed=int_of(hash_seed, "hash_seed", 0, 2**63 - 1),
            by_row=bool(by_row),
            admit_count=int_of(admit_count, "admit_count", 0),
            admit_cells=int_of(admit_cells, "admit_cells", 0, 2**62),
            admit_prob=int_of(admit_prob, "admit_prob", 0),
            ttl_days=float(ttl_days),
            half_life_days=float(half_life_days),
        )
        context, pointer = Context(threads, memory_limit), ctypes.c_void_p()
        try:
            context.call(lib.sid_table_create, context.pointer, ctypes.byref(given), ctypes.byref(pointer))
        except BaseException:
            context.free()
            raise
        self._adopt(context, pointer)

    def _adopt(self, context: Context, pointer: ctypes.c_void_p) -> None:
        self._context, self._pointer = context, pointer
        self._close = weakref.finalize(self, _free, pointer, context)
        self.dim = self.info.dim

    @classmethod
    def open_serving(cls, path: PathLike, *, threads: int = 0, memory_limit: int = 0) -> "Table":
        """What :meth:`save_serving` wrote, to be looked up. Raises DataError, CorruptError."""
        context, pointer = Context(threads, memory_limit), ctypes.c_void_p()
        try:
            context.call(lib.sid_table_open_serving, context.pointer, path_of(path, "path"), ctypes.byref(pointer))
        except BaseException:
            context.free()
            raise
        table = cls.__new__(cls)
        table._adopt(context, pointer)
        return table

    @property
    def info(self) -> TableInfo:
        given = _native.sid_table_info()
        lib.sid_table_get_info(self._pointer, ctypes.byref(given))
        return TableInfo(
            given.kind.decode(),
            given.dim,
            given.rows,
            given.row_size,
            given.memory_size,
            given.sights,
            given.steps,
            given.is_serving,
        )

    def __len__(self) -> int:
        return self.info.rows

    def _call(self, function: Any, *arguments: Any) -> None:
        self._context.call(function, self._pointer, *arguments)

    def visit(self, keys: Any, time: int = 0) -> "Rows":
        """Training reads, (N, dim): counts a sight of each key at ``time`` (seconds since 1970), makes rows for admitted
        ones; the others read as zeroes. Raises OutOfMemoryError before anything is changed.
        """
        import numpy as np

        array = keys_of(keys)
        out = np.empty((len(array), self.dim), dtype=np.float32)
        self._call(lib.sid_table_visit, address(array), len(array), int_of(time, "time", 0, 2**32 - 1), address(out))
        return out

    def lookup(self, keys: Any, unseen: str = "zero") -> "Rows":
        """Rows (N, dim); a key without one reads as zeroes, or with unseen="init" as it would begin."""
        import numpy as np

        array = keys_of(keys)
        out = np.empty((len(array), self.dim), dtype=np.float32)
        self._call(lib.sid_table_lookup, address(array), len(array), _unseen(unseen), address(out))
        return out

    def gather_sum(self, keys: Any, begin: Any, unseen: str = "zero") -> "Rows":
        """Sums of lists of rows, (M, dim): list i is keys[begin[i]:begin[i + 1]]; begin (M + 1,)."""
        import numpy as np

        array, borders = keys_of(keys), begin_of(begin, keys)
        out = np.empty((len(borders) - 1, self.dim), dtype=np.float32)
        self._call(lib.sid_table_gather_sum, address(array), address(borders), len(out), _unseen(unseen), address(out))
        return out

    def apply(self, keys: Any, gradients: Any, begin: Any = None) -> None:
        """One step of each key that has a row, gradients of equal keys summed in order. gradients (N, dim); with ``begin``
        (M + 1,) one a list, (M, dim). Raises DataError for NaN and infinities; no row is changed then.
        """
        array, rows = keys_of(keys), rows_of(gradients, "gradients", self.dim)
        borders = None if begin is None else begin_of(begin, keys)
        wanted = len(array) if borders is None else len(borders) - 1
        if len(rows) != wanted:
            what = "key" if borders is None else "list"
            raise DataError(f"gradients have {len(rows)} rows; {wanted} are expected, one a {what}")
        if borders is None:
            self._call(lib.sid_table_apply, address(array), wanted, address(rows))
        else:
            self._call(lib.sid_table_apply_sum, address(array), address(borders), wanted, address(rows))

    update = apply

    def touch(self, keys: Any, time: int) -> None:
        """Keeps rows as seen at ``time``, without a sight."""
        array = keys_of(keys)
        self._call(lib.sid_table_touch, address(array), len(array), int_of(time, "time", 0, 2**32 - 1))

    def expire(self, now: int) -> int:
        """Drops rows not seen for ttl_days and gives memory back; how many."""
        dropped = ctypes.c_int64()
        self._call(lib.sid_table_expire, int_of(now, "now", 0, 2**32 - 1), ctypes.byref(dropped))
        return dropped.value

    def evict(self, keys: Any) -> int:
        """Drops the rows of these keys; how many."""
        array, dropped = keys_of(keys), ctypes.c_int64()
        self._call(lib.sid_table_evict, address(array), len(array), ctypes.byref(dropped))
        return dropped.value

    def keys(self) -> "Keys":
        """All keys that have a row, ascending, uint64."""
        import numpy as np

        count = ctypes.c_int64(len(self))
        while True:  # another thread may add some meanwhile
            out = np.empty(count.value, dtype=np.uint64)
            self._call(lib.sid_table_keys, address(out), len(out), ctypes.byref(count))
            if count.value <= len(out):
                return out[: count.value]

    def save(self, path: PathLike) -> None:
        """Everything that the next call depends on, as safetensors: equal tables give equal bytes."""
        self._call(lib.sid_table_save, path_of(path, "path"))

    def restore(self, path: PathLike) -> None:
        """Goes on as the saved table would have. Raises DataError (other options), CorruptError; the table is then as it
        was.
        """
        self._call(lib.sid_table_restore, path_of(path, "path"))

    def save_serving(self, path: PathLike) -> None:
        """Weights alone, in each slice's serving type."""
        self._call(lib.sid_table_save_serving, path_of(path, "path"))

    def __repr__(self) -> str:
        info = self.info
        return f"<semid.Table {info.kind}: {info.rows} rows of {info.dim} floats, {info.memory_size / 2**20:.1f} MiB>"


def _free(pointer: ctypes.c_void_p, context: Context) -> None:
    lib.sid_table_free(pointer)
    context.free()


def _unseen(word: str) -> int:
    if word not in UNSEEN:
        raise UsageError(f'unseen is {word!r}; "zero" and "init" are possible')
    return UNSEEN[word]


def keys_of(keys: Any) -> "Keys":
    """Whole numbers of 0 .. 2^64 - 1 as uint64, C-contiguous."""
    import numpy as np

    array = np.asarray(array_of(keys, "keys"))
    if array.size == 0 and array.ndim <= 1:
        return np.empty(0, dtype=np.uint64)
    if array.dtype.kind not in "iu":
        raise TypeError(f"keys have dtype {array.dtype}; whole numbers are expected, uint64 fits all")
    if array.ndim != 1:
        raise DataError(f"keys have shape {array.shape}; (N,) is expected")
    if array.dtype.kind == "i" and array.min() < 0:
        raise DataError(f"keys: {int(array.min())} is negative; 0 to 2^64 - 1 are possible")
    return np.ascontiguousarray(array, dtype=np.uint64)


def begin_of(begin: Any, keys: Any) -> "NDArray[np.int64]":
    """Borders of lists: (M + 1,) whole numbers that end within the keys."""
    import numpy as np

    array = np.ascontiguousarray(begin, dtype=np.int64)
    if array.ndim != 1 or len(array) < 1:
        raise DataError(f"begin has shape {array.shape}; (M + 1,) is expected: list i is keys[begin[i]:begin[i + 1]]")
    if array[-1] > len(keys):
        raise DataError(f"begin ends at {int(array[-1])}; there are {len(keys)} keys")
    return array


def slot_key(field: int, ids: Any) -> "Keys":
    """Keys of several fields in one table: the field in the upper 8 bits, ids in the lower 56."""
    import numpy as np

    return keys_of(ids) & np.uint64(2**56 - 1) | np.uint64(int_of(field, "field", 0, 255)) << np.uint64(56)
