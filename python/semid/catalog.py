"""Catalog: items, their vectors and their SIDs, in one folder on disk."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Tuple, Union

from . import _native, _tables
from ._arrays import PathLike, address, int_of, one_vector, path_of, text_of
from ._changes import Changes
from ._context import Progress, warn
from ._errors import NotFoundError
from ._fit import FitArguments, fit
from ._handle import Handle, making
from ._items import Info, Item, take_hits, take_info, take_sids
from ._native import OPEN_READ, OPEN_WRITE, lib
from ._reports import Reports
from .sids import prefix_text

if TYPE_CHECKING:
    from .prefixes import Prefixes

by = ctypes.byref


class Catalog(Reports, Changes):
    """A catalogue of items and their semantic IDs.

    Made by :meth:`fit` or :meth:`open`, closed by :meth:`close`, at the end of a ``with`` block, or when nothing refers
    to it any more. Reading methods may be called from many threads at once and run in parallel, without the GIL;
    changes wait for them. A copy sent to another process (pickle) opens the same folder for reading; so does one that a
    child made by ``fork`` inherits.

    >>> catalog = semid.Catalog.fit("items.tsv", path="catalog", codes=16)
    >>> catalog.neighbors(item="tea-01", k=3)
    """

    def __init__(self, handle: Handle) -> None:
        """Not for users: see fit and open."""
        if not isinstance(handle, Handle):
            raise TypeError("a Catalog is made by semid.Catalog.fit(...) or semid.Catalog.open(path)")
        super().__init__(handle)

    # ---- Making -----------------------------------------------------------------------------------------------------

    @classmethod
    def fit(
        cls,
        X: Any,
        *,
        path: PathLike,
        ids: Any = None,
        items: Any = None,
        quantizer: Optional[str] = None,
        levels: Optional[int] = None,
        codes: Any = None,
        seed: int = 42,
        collisions: Optional[str] = None,
        digit_style: Optional[str] = None,
        encoder: Optional[str] = None,
        fields: Optional[str] = None,
        fuse: Optional[str] = None,
        fuse_weights: Optional[Dict[str, float]] = None,
        fuse_dim: int = 0,
        fit_rows: Any = None,
        parent: Optional[str] = None,
        init_from: Optional[PathLike] = None,
        drop_vectors: bool = False,
        force: bool = False,
        resume: bool = False,
        on_error: str = "fail",
        threads: int = 0,
        memory_limit: int = 0,
        progress: Optional[Progress] = None,
        **options: Any,
    ) -> "Catalog":
        """Fits a quantizer, gives every item a SID and writes the folder ``path``, all or nothing.

        X: what the items are:
            - an array (N, D) of float32, used where it lies, of numpy, Arrow (lists of D) or DLPack; float64, float16 or strided ones are converted once;
              at most 1e15 in magnitude, without NaN;
            - a file of vectors, "x.npy", "x.npz[:array]" or "x.safetensors[:tensor]";
            - a file of items ("items.tsv", .csv, .jsonl), a list of dicts or of texts, or a DataFrame: text, embedded
              by ``encoder`` ("lsa") with its ``encoder_...`` options over the weighted ``fields`` ("title:2,brand:1");
            - a table: a Parquet file, or what pyarrow, polars or DuckDB hold: its column "vector" (or the only one of lists
              of floats), item_id, and the others as items; without vectors its texts;
            - several vectors an item, {"image": Y, "text": (Z, ids_of_Z)}: joined by id, one may lack items. ``fuse``
              ("concat" or "sum") makes one of them, of ``fuse_dim`` numbers (0: 256), by ``fuse_weights`` ({"image":
              2}).
        ids: N ids (str or int) of the rows, or a file, one a line; default the ids of ``items``, else row numbers.
        items: titles and metadata for vectors, joined by id: a file, a list of dicts, a DataFrame.
        quantizer: "rkmeans" (default), or another of :func:`semid.quantizers`; its options are further keywords, such
            as ``beam=4``. levels: codes a SID (3); codes: K, or one a level: (256, 256, 128).
        seed: of all randomness; the same seed gives the same bits (0 stands for 42).
        collisions: "keep" (default), or another of :func:`semid.collision_policies`; options: ``collisions_...``.
        fit_rows: ids, or a file of them: fit on these, encode all. init_from: a catalogue to go on from.
        drop_vectors: smaller, but neighbours are approximate. force: replace an existing catalogue. resume: go on from
            the checkpoint that an interrupted training left beside ``path``.
        on_error: with bad rows of files: "fail", "skip" or "quarantine=FILE".
        threads: 0 for as many as the process may use; results never depend on it. memory_limit: in bytes; 0: none.
        progress: called as progress(stage, done, total, unit, loss); what it raises ends the fit.

        Ctrl-C ends a long fit; nothing is left of it but the checkpoint of a training. Gives the catalogue, open for
        changes. Raises ExistsError (path exists), DataError (NaN, shapes, an id twice), UsageError, TypeError (an
        option that the quantizer does not have), IoError, OutOfMemoryError.
        """
        X, ids, items = _tables.given(X, ids, items)
        with making(lib.sid_catalog_close, threads, memory_limit, progress) as (context, _):
            pointer = fit(
                context,
                FitArguments(
                    X,
                    path,
                    ids,
                    items,
                    quantizer,
                    levels,
                    codes,
                    seed,
                    collisions,
                    digit_style,
                    encoder,
                    fields,
                    fuse,
                    fuse_weights,
                    fuse_dim,
                    fit_rows,
                    parent,
                    init_from,
                    drop_vectors,
                    force,
                    resume,
                    on_error,
                    options,
                ),
            )
        return cls(Handle(context, pointer, os.path.abspath(path), True))

    @classmethod
    def from_sids(
        cls,
        sids: Any = None,
        X: Any = None,
        *,
        path: PathLike,
        ids: Any = None,
        items: Any = None,
        form: Optional[str] = None,
        codebooks: Any = None,
        mean: Any = None,
        codes: Any = None,
        digit_column_last: bool = False,
        token_form: Optional[str] = None,
        template: Optional[str] = None,
        force: bool = False,
        on_error: str = "fail",
        threads: int = 0,
        memory_limit: int = 0,
    ) -> "Catalog":
        """Makes a catalogue from SIDs, or codebooks, that were made elsewhere, as ``semid import`` does.

        sids: a file in a form of docs/guide/interchange.md (``form``: default by its ending), codes (N, L) of the rows of X,
            or SIDs as texts; None: the codebooks choose. X, ids, items: vectors, as in :meth:`fit`; needed.
        codebooks: a safetensors file, or a list of arrays (K, D), a level each, and ``mean`` (D,), which is taken from vectors
            first: the quantizer, in place of means of residuals.
        codes, digit_column_last, token_form, template: of forms that need them. Raises DataError (a code out of range, with
        file and line), ExistsError.
        """
        from ._from_sids import FromSids, from_sids

        given = FromSids(
            sids,
            X,
            path,
            ids,
            items,
            form,
            codebooks,
            mean,
            codes,
            digit_column_last,
            token_form,
            template,
            force,
            on_error,
        )
        with making(lib.sid_catalog_close, threads, memory_limit) as (context, _):
            pointer = from_sids(context, given)
        return cls(Handle(context, pointer, os.path.abspath(path), True))

    @classmethod
    def open(
        cls,
        path: PathLike,
        *,
        write: bool = False,
        threads: int = 0,
        memory_limit: int = 0,
        progress: Optional[Progress] = None,
    ) -> "Catalog":
        """Opens the catalogue in the folder ``path``.

        It reads until the first change, which takes the writing lock until close; ``write=True`` takes it at once, so
        that another writer is met here. threads, memory_limit and progress as in :meth:`fit`.
        Raises MissingFileError, CorruptError (names the damaged file), VersionError, LockedError (names the process).
        """
        name = os.path.abspath(path_of(path, "path"))  # a handle outlives os.chdir
        mode = OPEN_WRITE if write else OPEN_READ
        with making(lib.sid_catalog_close, threads, memory_limit, progress) as (context, pointer):
            context.call_long(lib.sid_catalog_open, context.pointer, name, mode, by(pointer))
        return cls(Handle(context, pointer, os.path.abspath(path), bool(write)))

    def __reduce__(self) -> Any:
        return _reopen, (self.path, self._threads())

    # ---- What it is -------------------------------------------------------------------------------------------------

    @property
    def path(self) -> str:
        """The folder, absolute."""
        return self._handle.path

    @property
    def info(self) -> Info:
        """Ids, quantizer, version, sizes: see :class:`Info`."""
        with self._handle.shared() as pointer:
            return take_info(pointer)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the quantizer: catalogues of equal ones give equal vectors equal codes."""
        i = _native.sid_catalog_info()
        with self._handle.shared() as pointer:
            lib.sid_catalog_get_info(pointer, by(i))
            return (i.fingerprint or b"").decode()

    def __len__(self) -> int:
        return self.info.items

    def __repr__(self) -> str:
        if not self._handle.pointer:
            return f"<semid.Catalog {self.path!r}, closed>"
        i = self.info
        codes = str(i.codes[0]) if len(set(i.codes)) == 1 else ",".join(map(str, i.codes))
        return f"<semid.Catalog {self.path!r}: {i.items} items, {i.quantizer}, {i.levels} levels of {codes} codes>"

    # ---- Items ------------------------------------------------------------------------------------------------------

    def items(self) -> List[Item]:
        """All items, by row."""
        return take_hits(self._hits(lib.sid_catalog_items))

    def sids(self) -> Dict[str, str]:
        """item_id -> SID ("12-153-87"), of all items, by row."""
        return take_sids(self._hits(lib.sid_catalog_items))

    def show(self, item_id: str) -> List[Item]:
        """The item, then those that share its codes. Raises NotFoundError (a KeyError)."""
        return take_hits(self._hits(lib.sid_catalog_show, text_of(str(item_id), "item_id")))

    def __getitem__(self, item_id: str) -> Item:
        return self.show(item_id)[0]

    def __contains__(self, item_id: object) -> bool:
        try:
            self.show(str(item_id))
        except NotFoundError:
            return False
        return True

    def __iter__(self) -> Iterator[str]:
        """The ids, by row."""
        return iter(self.sids())

    def _hits(self, function: Any, *arguments: Any) -> _native.sid_hits:
        hits = _native.sid_hits()
        with self._handle.shared() as pointer:
            self._handle.context.call(function, pointer, *arguments, by(hits))
        return hits

    def decode(self, prefix: Union[str, Tuple[int, ...]], k: int = 10) -> Tuple[List[Item], List[Item]]:
        """The items whose SID starts with ``prefix``, by SID; and the k items nearest to its reconstruction."""
        exact, nearest = _native.sid_hits(), _native.sid_hits()
        with self._handle.shared() as pointer:
            self._handle.context.call(
                lib.sid_catalog_decode, pointer, prefix_text(prefix), int_of(k, "k", 1), by(exact), by(nearest)
            )
        return take_hits(exact), take_hits(nearest)

    def neighbors(
        self,
        item: Optional[str] = None,
        *,
        prefix: Union[None, str, Tuple[int, ...]] = None,
        vector: Any = None,
        text: Optional[str] = None,
        k: int = 10,
    ) -> List[Item]:
        """The k items near an item (never itself), below a prefix, near a vector (D,) or near a text: exactly one of
        them.

        Order: longest shared prefix, true distance (L2; of reconstructions where vectors were dropped), row.
        Raises NotFoundError (no such item), DataError (the vector's size, NaN; a text without known words), UsageError.
        Warns of the words of a text that the encoder does not know.
        """
        query = _native.sid_query(
            item=text_of(None if item is None else str(item), "item"),
            prefix=prefix_text(prefix),
            text=text_of(text, "text"),
            k=int_of(k, "k", 1),
        )
        rows = None if vector is None else one_vector(vector)  # keeps the memory that the query points to
        if rows is not None:
            query.vector, query.vector_dim = address(rows), rows.shape[1]
        found = take_hits(self._hits(lib.sid_catalog_neighbors, by(query)))
        if text is not None:
            self._warn_unknown(query.text)
        return found

    def _warn_unknown(self, text: bytes) -> None:
        words = ctypes.c_void_p()
        with self._handle.shared() as pointer:
            self._handle.context.call(lib.sid_catalog_unknown_words, pointer, text, by(words))
        if words:
            unknown = ctypes.string_at(words).decode("utf-8", "replace")
            lib.sid_text_free(words)
            warn(f"the encoder does not know: {unknown}")

    def prefixes(self) -> "Prefixes":
        """The trie of the SIDs as they are now: see :class:`semid.Prefixes`."""
        from .prefixes import Prefixes

        return Prefixes(self)

    def to_parquet(self, path: PathLike) -> None:
        """Writes item_id, sid, codes (list<uint16>) and title of all items. Needs pyarrow."""
        from .parquet import write_catalog

        write_catalog(self, path)


def _reopen(path: str, threads: int) -> Catalog:
    return Catalog.open(path, threads=threads)
