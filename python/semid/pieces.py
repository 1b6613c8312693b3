"""Pieces: SIDs to rows of an embedding table, for rankers that have no embedding of an item's id."""

from __future__ import annotations

import ctypes
import importlib
import os
import weakref
from typing import TYPE_CHECKING, Any, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from . import _native, _options
from ._arrays import PathLike, address, codes_of, int_of, path_of, text_of
from ._context import Context, Progress
from ._errors import DataError, UsageError
from ._native import lib
from .catalog import Catalog
from .sids import parse

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ._arrays import Codes

    Rows = Tuple[NDArray[np.uint64], NDArray[np.int64]]

KEYWORDS = ("scheme", "k", "weights", "fingerprint", "seed", "threads", "progress")


class Source(NamedTuple):
    """Items with codes: of a catalogue, or given as they are."""

    ids: Optional[List[str]]
    codes: "Codes"
    k: Tuple[int, ...]
    fingerprint: Optional[str]


def _of_catalog(catalog: Catalog) -> Source:
    import numpy as np

    info, fingerprint = catalog.info, catalog.fingerprint
    sids = catalog.sids()
    base = ["-".join(sid.split("-")[: info.levels]) for sid in sids.values()]  # without an added digit
    codes = parse(base) if base else np.zeros((0, info.levels), dtype=np.uint16)
    return Source(list(sids), codes_of(codes, info.levels), info.codes, fingerprint)


def _weights_of(weights: Any, source: Source) -> "Optional[NDArray[np.int64]]":
    import numpy as np

    if weights is None:
        return None
    if isinstance(weights, Mapping):
        if source.ids is None:
            raise UsageError("weights by id need a catalogue, which knows the ids; pass an array, a weight an item")
        weights = [weights.get(item_id, 0) for item_id in source.ids]
    array = np.asarray(weights)
    if array.dtype.kind not in "iu":
        raise TypeError(f"weights have dtype {array.dtype}; whole numbers are expected, such as impressions")
    if array.shape != (len(source.codes),):
        raise DataError(f"weights have shape {array.shape}; ({len(source.codes)},), one an item, is expected")
    return np.ascontiguousarray(array, dtype=np.int64)


class Pieces:
    """SIDs to rows of an embedding table; an item's vector is the sum of its rows.

    >>> pieces = semid.Pieces.train(catalog, "spm-unigram", rows=8000, weights=impressions)
    >>> rows, offsets = pieces.rows(codes)          # those of item i: rows[offsets[i]:offsets[i + 1]]
    >>> torch.nn.EmbeddingBag(pieces.row_count, 64, mode="sum")(rows, offsets[:-1])

    :func:`semid.piece_schemes` lists the schemes and their options.
    """

    def __init__(self, pointer: ctypes.c_void_p, context: Context) -> None:
        self._pointer, self._context = pointer, context
        i = _native.sid_pieces_info()
        lib.sid_pieces_get_info(pointer, ctypes.byref(i))
        self.scheme: str = i.scheme.decode()
        self.options: str = i.options.decode()
        self.fingerprint: Optional[str] = i.fingerprint.decode() or None
        self.codes: Tuple[int, ...] = tuple(i.codes[level] for level in range(i.levels))
        self.row_count: Optional[int] = i.rows or None
        self.item_rows_max: int = i.item_rows_max
        self._path: Optional[str] = None
        weakref.finalize(self, _free, pointer, context)

    @classmethod
    def train(
        cls,
        source: Any,
        scheme: str = "spm-unigram",
        *,
        k: Union[None, int, Sequence[int]] = None,
        weights: Any = None,
        fingerprint: Optional[str] = None,
        seed: int = 0,
        threads: int = 0,
        progress: Optional[Progress] = None,
        **options: Any,
    ) -> "Pieces":
        """Makes pieces of a :class:`semid.Catalog`, or of codes (N, L) with k, the codes of each level.

        weights: how often each item is shown, whole numbers: an array (N,), or with a catalogue a dict by id.
        Further keywords are options of the scheme (``rows=8000``); one that it does not have is a TypeError. Raises
        UsageError (an option's value), DataError (a code out of range).
        """
        text = _options.split("Pieces.train", options, {"pieces": scheme}, KEYWORDS)["pieces"]
        if seed:
            text = (text + b"," if text else b"") + b"seed=%d" % int_of(seed, "seed", 0, 2**53)
        if isinstance(source, Catalog):
            if k is not None or fingerprint is not None:
                raise UsageError("k and fingerprint are the catalogue's; leave them out")
            given = _of_catalog(source)
        else:
            array = codes_of(source)
            given = Source(None, array, _k_of(k, array.shape[1]), fingerprint)
        array, array_weights = given.codes, _weights_of(weights, given)
        o = _options_of(scheme, text, given)
        return cls._make(
            threads,
            progress,
            lib.sid_pieces_train,
            ctypes.byref(o),
            address(array),
            None if array_weights is None else address(array_weights),
            None,
            len(array),
        )

    @classmethod
    def read_model(
        cls, path: PathLike, catalog: Optional[Catalog] = None, *, k: Optional[Sequence[int]] = None, threads: int = 0
    ) -> "Pieces":
        """Takes the pieces of a SentencePiece model of the SIDs of a catalogue, or of k codes a level."""
        if (catalog is None) == (k is None):
            raise UsageError("the SIDs are those of a catalogue, or of k=(K1, K2, ..): give one of them")
        source = _of_catalog(catalog) if catalog is not None else Source(None, codes_of([]), tuple(k or ()), None)
        o = _options_of(None, None, source)
        return cls._make(threads, None, lib.sid_pieces_read_model, ctypes.byref(o), path_of(path, "path"))

    @classmethod
    def open(cls, path: PathLike, *, threads: int = 0) -> "Pieces":
        """Opens what :meth:`save` or ``semid pieces train`` wrote. Raises NotFoundError, CorruptError."""
        opened = cls._make(threads, None, lib.sid_pieces_open, path_of(path, "path"))
        opened._path = os.path.abspath(os.fspath(path))
        return opened

    @classmethod
    def _make(cls, threads: int, progress: Optional[Progress], function: Any, *arguments: Any) -> "Pieces":
        context, pointer = Context(threads, 0, progress), ctypes.c_void_p()
        try:
            context.call_long(function, context.pointer, *arguments, ctypes.byref(pointer))
        except BaseException:
            _free(pointer, context)
            raise
        return cls(pointer, context)

    def save(self, path: PathLike, *, force: bool = False) -> None:
        """Writes a directory, whole or not at all, where a copy of this object then finds it. Raises ExistsError; ``force``
        replaces other pieces there.
        """
        self._context.call(lib.sid_pieces_save, self._pointer, path_of(path, "path"), bool(force))
        self._path = os.path.abspath(os.fspath(path))

    def export(self, path: PathLike, form: str = "spm") -> None:
        """Writes a learned vocabulary: "spm" SentencePiece's .model, "tokenizer" tokenizer.json, "tsv"."""
        self._context.call(lib.sid_pieces_export, self._pointer, text_of(form, "form"), path_of(path, "path"))

    def rows(self, source: Any, known: Any = None) -> "Rows":
        """Rows of codes (N, L), or of all items of a catalogue, in the order of its ``sids()``.

        Gives (rows, offsets), uint64 and int64: those of item i are ``rows[offsets[i]:offsets[i + 1]]``. known: (N,)
        false where an item has no SID: it has no rows. Raises DataError: a code out of range, or a catalogue of other
        codebooks.
        """
        import numpy as np

        codes = self._codes_of(source)
        rows = np.empty(max(1, len(codes) * self.item_rows_max), dtype=np.uint64)
        offsets = np.zeros(len(codes) + 1, dtype=np.int64)
        mask = None if known is None else np.ascontiguousarray(known, dtype=np.bool_).view(np.uint8)
        if mask is not None and mask.shape != (len(codes),):
            raise DataError(f"known has shape {mask.shape}; ({len(codes)},), one an item, is expected")
        self._context.call_long(
            lib.sid_pieces_rows,
            self._pointer,
            address(codes),
            None if mask is None else address(mask),
            len(codes),
            address(rows),
            address(offsets),
        )
        return rows[: offsets[-1]], offsets

    def _codes_of(self, source: Any) -> "Codes":
        if not isinstance(source, Catalog):
            return codes_of(source, len(self.codes))
        given = _of_catalog(source)
        k = (ctypes.c_int * len(given.k))(*given.k)
        fingerprint = text_of(given.fingerprint, "fingerprint")
        self._context.call(lib.sid_pieces_check, self._pointer, fingerprint, k, len(given.k))
        return given.codes

    def to_parquet(self, catalog: Catalog, path: PathLike) -> None:
        """Writes item_id and rows, a list, of all items of a catalogue, for a feature store. Needs pyarrow."""
        try:
            pyarrow = importlib.import_module("pyarrow")
            parquet = importlib.import_module("pyarrow.parquet")
        except ImportError as error:
            raise ImportError("Pieces.to_parquet needs pyarrow: pip install pyarrow") from error
        rows, offsets = self.rows(catalog)
        lists = pyarrow.LargeListArray.from_arrays(offsets, rows)
        table = pyarrow.table({"item_id": pyarrow.array(list(catalog.sids()), pyarrow.string()), "rows": lists})
        parquet.write_table(table, os.fspath(path))

    def __repr__(self) -> str:
        return f"<semid.Pieces {self.scheme}{', ' + self.options if self.options else ''}, codes {self.codes}>"

    def __reduce__(self) -> Any:
        if self._path is None:
            raise TypeError("Pieces that stand in no folder cannot be pickled; save(path) first")
        return _reopen, (self._path,)


def _k_of(k: Union[None, int, Sequence[int]], levels: int) -> Tuple[int, ...]:
    if k is None:
        raise UsageError("codes alone do not say how many there are: pass k=256, or k=(K1, .., KL)")
    sizes = (int(k),) * levels if isinstance(k, int) else tuple(int(size) for size in k)
    if len(sizes) != levels:
        raise UsageError(f"k has {len(sizes)} numbers; codes have {levels} levels")
    return sizes


def _options_of(scheme: Optional[str], text: Optional[bytes], source: Source) -> Any:
    return _native.sid_pieces_options(
        scheme=text_of(scheme, "scheme"),
        options=text,
        codes=(ctypes.c_int * max(1, len(source.k)))(*source.k),
        levels=len(source.k),
        fingerprint=text_of(source.fingerprint, "fingerprint"),
    )


def _reopen(path: str) -> Pieces:
    return Pieces.open(path)


def _free(pointer: ctypes.c_void_p, context: Context) -> None:
    lib.sid_pieces_close(pointer)
    context.free()
