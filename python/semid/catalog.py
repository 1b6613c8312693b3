"""Catalog: items, their vectors and their SIDs, in one folder on disk."""

from __future__ import annotations

import ctypes
import json
import math
import os
import weakref
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NamedTuple, Optional, Tuple, Union

from . import _inputs, _native, _tables
from ._arrays import (
    PathLike,
    address,
    char_pointers,
    choice_of,
    codes_of,
    ids_of,
    int_of,
    one_vector,
    optional_path,
    path_of,
    rows_of,
    text_of,
)
from ._context import Context, Progress, warn
from ._errors import NotFoundError, UsageError
from ._fit import FitArguments, fit
from ._handle import Handle
from ._items import Buckets, Item, Label, Map, take_buckets, take_hits, take_labels, take_map, take_sids
from ._native import IF_EXISTS, OPEN_READ, OPEN_WRITE, lib
from .sids import format_one

if TYPE_CHECKING:
    from ._arrays import Codes, Rows
    from .prefixes import Prefixes

by = ctypes.byref


class Info(NamedTuple):
    """What a catalogue is: the manifest's figures and, live, ``version`` and ``items``.

    Rows below ``fitted_items`` are of the fit, the others were added later. ``ordered``: a prefix of a SID means
    something.
    """

    id: str
    parent: Optional[str]
    quantizer: str
    collisions: str
    digit_style: str
    encoder: Optional[str]
    version: int
    items: int
    dim: int
    levels: int
    codes: Tuple[int, ...]
    has_vectors: bool
    ordered: bool
    fitted_items: int
    fusion: Optional[str]


def _optional(value: Optional[bytes]) -> Optional[str]:
    return None if value is None else value.decode()


def _number(value: float) -> Optional[float]:
    return None if math.isnan(value) else value


class Catalog:
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
        self._handle = handle
        self._closer = weakref.finalize(self, Handle.close, handle)

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
        context = Context(threads, memory_limit, progress)
        try:
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
        except BaseException:
            context.free()
            raise
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

        context = Context(threads, memory_limit)
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
        try:
            pointer = from_sids(context, given)
        except BaseException:
            context.free()
            raise
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
        context, pointer = Context(threads, memory_limit, progress), ctypes.c_void_p()
        try:
            context.call_long(
                lib.sid_catalog_open, context.pointer, name, OPEN_WRITE if write else OPEN_READ, by(pointer)
            )
        except BaseException:
            lib.sid_catalog_close(pointer)
            context.free()
            raise
        return cls(Handle(context, pointer, os.path.abspath(path), bool(write)))

    def close(self) -> None:
        """Waits for running calls and closes. Closing twice is fine; every other call raises UsageError afterwards."""
        self._closer()

    def __enter__(self) -> "Catalog":
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def __reduce__(self) -> Any:
        return _reopen, (self.path, lib.sid_ctx_threads(self._handle.context.pointer) if self._handle.pointer else 0)

    # ---- What it is -------------------------------------------------------------------------------------------------

    @property
    def path(self) -> str:
        """The folder, absolute."""
        return self._handle.path

    @property
    def info(self) -> Info:
        """Ids, quantizer, version, sizes: see :class:`Info`."""
        i = _native.sid_catalog_info()
        with self._handle.shared() as pointer:
            lib.sid_catalog_get_info(pointer, by(i))
            return Info(
                i.id.decode(),
                _optional(i.parent),
                i.quantizer.decode(),
                i.collisions.decode(),
                (i.digit_style or b"").decode(),
                _optional(i.encoder),
                i.version,
                i.items,
                i.dim,
                i.levels,
                tuple(i.codes[level] for level in range(i.levels)),
                i.has_vectors,
                i.ordered,
                i.fitted_items,
                _optional(i.fusion),
            )

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
                lib.sid_catalog_decode, pointer, _prefix_text(prefix), int_of(k, "k", 1), by(exact), by(nearest)
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
            prefix=_prefix_text(prefix),
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

    def labels(
        self, depth: int = 0, *, category: Optional[str] = None, category_separator: Optional[str] = None
    ) -> List[Label]:
        """What the items of each prefix of up to ``depth`` codes (0: 2) have in common, in words."""
        options = _native.sid_label_options(
            depth=int_of(depth, "depth", 0),
            category=text_of(category, "category"),
            category_separator=text_of(category_separator, "category_separator"),
        )
        out = _native.sid_labels()
        with self._handle.shared() as pointer:
            self._handle.context.call_long(lib.sid_catalog_labels, pointer, by(options), by(out))
        return take_labels(out)

    def prefixes(self) -> "Prefixes":
        """The trie of the SIDs as they are now: see :class:`semid.Prefixes`."""
        from .prefixes import Prefixes

        return Prefixes(self)

    # ---- Drawings ---------------------------------------------------------------------------------------------------

    def page(
        self,
        path: PathLike,
        *,
        name: Optional[str] = None,
        category: Optional[str] = None,
        category_separator: Optional[str] = None,
    ) -> int:
        """Writes the health page, one HTML file that needs nothing else, as ``semid inspect --html``; how many bytes.

        name: what commands on the page call the catalogue; default its folder. category: as in :meth:`report`.
        """
        options = _native.sid_page_options(
            name=text_of(self.path if name is None else name, "name"),
            category=text_of(category, "category"),
            category_separator=text_of(category_separator, "category_separator"),
        )
        size = ctypes.c_int64()
        with self._handle.shared() as pointer:
            self._handle.context.call_long(lib.sid_catalog_page, pointer, by(options), path_of(path, "path"), by(size))
        return size.value

    def buckets(self, first: int = 0, max: int = 100) -> Buckets:
        """Items that share their codes, two or more, largest first: a page of at most ``max`` from the first-th."""
        out, page = _native.sid_buckets(), (int_of(first, "first", 0, 2**62), int_of(max, "max", 0, 2**62))
        with self._handle.shared() as pointer:
            self._handle.context.call_long(lib.sid_catalog_buckets, pointer, *page, by(out))
        return take_buckets(out)

    def map(self, prefix: Union[None, str, Tuple[int, ...]] = None, *, max: int = 10000, seed: int = 42) -> Map:
        """Items below a prefix (None: all) on a plane; more than ``max`` are sampled. Raises NotFoundError: none is there."""
        options = _native.sid_map_options(
            prefix=_prefix_text(prefix), max=int_of(max, "max", 1, 2**62), seed=int_of(seed, "seed", 0, 2**63 - 1)
        )
        out = _native.sid_map()
        with self._handle.shared() as pointer:
            self._handle.context.call_long(lib.sid_catalog_map, pointer, by(options), by(out))
        return take_map(out)

    # ---- Encoding ---------------------------------------------------------------------------------------------------

    def encode(self, X: Any) -> "Codes":
        """Base codes (N, L) uint16 of vectors (N, D), or of items as in :meth:`embed`; the catalogue stays as it is.

        Where it was fitted on several vectors an item, X is a dict of them; the rows are those of the first one, then
        items that only others have.

        float32 rows are read where they lie; others are converted once. X may be a file of vectors, of any size. The
        same vector gives the same codes on every machine. Raises DataError for another D, NaN, infinities, values over
        1e15.
        """
        import numpy as np

        i, X = self.info, _tables.given(X, None).X
        if _inputs.is_items(X) or _inputs.is_vectors_path(X) or isinstance(X, dict):
            return self._encode_file(X, i)
        rows = rows_of(X, dim=i.dim)
        codes = np.empty((len(rows), i.levels), dtype=np.uint16)
        if len(rows):
            with self._handle.shared() as pointer:
                self._call_sized(
                    rows.size, lib.sid_catalog_encode, pointer, address(rows), len(rows), i.dim, address(codes)
                )
        return codes

    def _call_sized(self, size: int, function: Any, *arguments: Any) -> None:
        """Work of a few milliseconds needs no way to interrupt it, and no thread."""
        context = self._handle.context
        (context.call_long if size > 1 << 20 else context.call)(function, *arguments)

    def _encode_file(self, source: Any, i: Info) -> "Codes":
        import numpy as np

        context = self._handle.context
        with ExitStack() as stack:
            pointer = stack.enter_context(self._handle.shared())
            if _inputs.is_items(source):
                items = stack.enter_context(_inputs.items(context, source))
                vectors = self._embed(pointer, items, stack)
            elif isinstance(source, dict):
                vectors = self._fuse(pointer, source, None, None, "fail", stack)
            else:
                vectors = stack.enter_context(_inputs.vectors_from_file(context, source, None, None))
            codes = np.empty((lib.sid_vectors_count(vectors), i.levels), dtype=np.uint16)
            context.call_long(lib.sid_catalog_encode_vectors, pointer, vectors, address(codes))
        return codes

    def embed(self, items: Any) -> "Rows":
        """Vectors (N, D) float32 of items (a file, a list of dicts or of texts, a DataFrame) by the stored encoder.

        Raises UsageError where the catalogue was made from vectors.
        """
        import numpy as np

        with ExitStack() as stack:
            pointer = stack.enter_context(self._handle.shared())
            given = stack.enter_context(_inputs.items(self._handle.context, _tables.given(items, None).X))
            vectors = self._embed(pointer, given, stack)
            out = np.empty((lib.sid_vectors_count(vectors), lib.sid_vectors_dim(vectors)), dtype=np.float32)
            self._handle.context.call(lib.sid_vectors_rows, vectors, 0, len(out), address(out))
        return out

    # ---- Changes ----------------------------------------------------------------------------------------------------

    def add(
        self,
        ids: Any,
        X: Any = None,
        *,
        items: Any = None,
        if_exists: str = "fail",
        commit_every: int = 0,
        on_error: str = "fail",
    ) -> List[Item]:
        """Stores new items, in one transaction, and gives them as stored, in input order; old SIDs never move.

        ``add(ids, X)``: N ids and vectors (N, D), or files of both, or a dict of several vectors an item.
        ``add(items)``: items as in :meth:`embed`, by the stored encoder, or a table as in :meth:`fit`. items: titles and metadata for vectors, joined
        by id. if_exists: with an id that is there: "fail", "skip" or "replace". commit_every: items a transaction; 0:
        all in one. Raises DataError (shapes, NaN, an id twice, an id that is there), LockedError (another process
        writes), ReadOnlyError.
        """
        context, hits = self._handle.context, _native.sid_hits()
        options = _native.sid_add_options(
            if_exists=choice_of(if_exists, "if_exists", IF_EXISTS),
            commit_every=int_of(commit_every, "commit_every", 0, 2**62),
        )
        if X is None and _tables.is_table(ids):
            X, ids, items = _tables.given(ids, None, items)
            if _inputs.is_items(X):  # texts: they are what is added
                X, ids = None, X
        if X is None and not _inputs.is_items(ids):
            raise UsageError('add needs ids and vectors, add(ids, X), or items, add("new.tsv")')
        with ExitStack() as stack:
            pointer = stack.enter_context(self._handle.changing())
            if X is None:
                given = stack.enter_context(_inputs.items(context, ids, on_error))
                vectors = self._embed(pointer, given, stack)
            else:
                given = stack.enter_context(_inputs.items(context, items, on_error))
                vectors = self._vectors_given(pointer, ids, X, given, on_error, stack)
            options.items = given
            context.call_long(lib.sid_catalog_add, pointer, vectors, by(options), by(hits))
        return take_hits(hits)

    def _embed(self, pointer: Any, items: Any, stack: ExitStack) -> ctypes.c_void_p:
        context, vectors = self._handle.context, ctypes.c_void_p()
        own = stack.enter_context(_inputs.vectors_from_items(context, items))
        if own is not None:
            return own
        stack.callback(lambda: lib.sid_vectors_free(vectors))
        context.call_long(lib.sid_catalog_embed, pointer, items, by(vectors), None)
        return vectors

    def _vectors_given(
        self, pointer: Any, ids: Any, X: Any, items: Any, on_error: str, stack: ExitStack
    ) -> ctypes.c_void_p:
        context, i = self._handle.context, _native.sid_catalog_info()
        if isinstance(X, dict):
            return self._fuse(pointer, X, ids, items, on_error, stack)
        if ids is None and not _inputs.is_vectors_path(X):
            raise UsageError("ids are needed for new vectors: add(ids, X)")
        lib.sid_catalog_get_info(pointer, by(i))
        return stack.enter_context(_inputs.vectors(context, X, ids, items, on_error, i.dim))

    def _fuse(
        self, pointer: Any, X: Dict[str, Any], ids: Any, items: Any, on_error: str, stack: ExitStack
    ) -> ctypes.c_void_p:
        context, vectors = self._handle.context, ctypes.c_void_p()
        parts = stack.enter_context(_inputs.modalities(context, X, ids, items, on_error))
        stack.callback(lambda: lib.sid_vectors_free(vectors))
        context.call_long(lib.sid_catalog_fuse, pointer, parts, len(parts), by(vectors))
        return vectors

    def remove(self, ids: Any) -> None:
        """Removes an item or several, in one transaction. Raises NotFoundError (names the id; none is removed)."""
        texts = ids_of([ids] if isinstance(ids, int) else ids)
        if not texts:
            return
        with self._handle.changing() as pointer:
            self._handle.context.call_long(lib.sid_catalog_remove, pointer, char_pointers(texts), len(texts))

    # ---- Health, versions, exchange ---------------------------------------------------------------------------------

    def report(self, *, category: Optional[str] = None, category_separator: Optional[str] = None) -> Dict[str, Any]:
        """The health report, as ``semid inspect --format json`` prints it; None where a figure does not apply.

        category: a column of the items to compare prefixes with (purity, NMI, AMI). What the figures mean:
        docs/guide/health.md.
        """
        options = _native.sid_report_options(
            category=text_of(category, "category"), category_separator=text_of(category_separator, "category_separator")
        )
        report, text, context = _native.sid_report(), ctypes.c_void_p(), self._handle.context
        with self._handle.shared() as pointer:
            context.call_long(lib.sid_catalog_report_with, pointer, by(options), by(report))
            try:
                context.call(lib.sid_report_json, by(report), by(text))
                found: Dict[str, Any] = json.loads(ctypes.string_at(text))
                return found
            finally:
                lib.sid_text_free(text)
                lib.sid_report_drop(by(report))

    def compare(
        self,
        old: Union["Catalog", PathLike],
        *,
        map_path: Optional[PathLike] = None,
        codes_path: Optional[PathLike] = None,
        events: Optional[PathLike] = None,
    ) -> Dict[str, Any]:
        """What moved since ``old``, as ``semid compare --format json``: counts, and shares of common items by depth.

        map_path, codes_path: get the migration map of items and of codes (TSV). events: a TSV; an item counts as often
        as it stands in its column item_id.
        """
        if not isinstance(old, Catalog):
            with Catalog.open(old) as opened:
                return self.compare(opened, map_path=map_path, codes_path=codes_path, events=events)
        options = _native.sid_compare_options(
            map_path=optional_path(map_path, "map_path"),
            codes_path=optional_path(codes_path, "codes_path"),
            events_path=optional_path(events, "events"),
        )
        c = _native.sid_comparison()
        with old._handle.shared() as before, self._handle.shared() as after:
            self._handle.context.call_long(lib.sid_catalog_compare, before, after, by(options), by(c))
        try:
            level = [
                {
                    "depth": at.depth,
                    "raw": _number(at.raw),
                    "level": _number(at.level),
                    "prefix": _number(at.prefix),
                    "ami": _number(at.ami),
                }
                for at in (c.level[i] for i in range(c.levels))
            ]
            return {
                "old": c.old_id.decode(),
                "new": c.new_id.decode(),
                "is_child": c.is_child,
                "common": c.common,
                "added": c.added,
                "removed": c.removed,
                "weighted": c.is_weighted,
                "sid_changed": _number(c.sid_changed),
                "level": level,
            }
        finally:
            lib.sid_comparison_drop(by(c))

    def verify(self, full: bool = False) -> Dict[str, Any]:
        """Checks hashes, the items' digest, every item through the index, and a re-encoded sample (``full``: all).

        Raises CorruptError, which names what is damaged. Gives counts of what was checked.
        """
        r = _native.sid_verify_result()
        with self._handle.shared():
            context = self._handle.context
            context.call_long(lib.sid_catalog_verify, context.pointer, os.fsencode(self.path), bool(full), by(r))
        return {
            "verdict": "ok",
            "files_checked": r.files_checked,
            "items_walked": r.items_walked,
            "items_reencoded": r.items_reencoded,
            "items_without_vector": r.items_without_vector,
            "index_rebuilt": r.index_rebuilt,
        }

    def export(
        self,
        path: PathLike,
        form: Optional[str] = None,
        *,
        digit: Optional[str] = None,
        token_form: Optional[str] = None,
        template: Optional[str] = None,
    ) -> None:
        """Writes all items to ``path`` in a form of docs/guide/interchange.md: tsv, jsonl, npy, letters, grid, ..

        form: default by the path's ending. digit: "none", "tiger", "grid" or "suffix", for items that share codes.
        """
        options = _native.sid_export_options(
            form=text_of(form, "form"),
            digit=text_of(digit, "digit"),
            token_form=text_of(token_form, "token_form"),
            template_text=text_of(template, "template"),
        )
        with self._handle.shared() as pointer:
            self._handle.context.call_long(lib.sid_catalog_export_as, pointer, by(options), path_of(path, "path"))

    def to_parquet(self, path: PathLike) -> None:
        """Writes item_id, sid, codes (list<uint16>) and title of all items. Needs pyarrow."""
        from .parquet import write_catalog

        write_catalog(self, path)


def _prefix_text(prefix: Union[None, str, Tuple[int, ...]]) -> Optional[bytes]:
    if prefix is None or isinstance(prefix, str):
        return text_of(prefix, "prefix")
    return format_one(codes_of([list(prefix)])[0]).encode()


def _reopen(path: str, threads: int) -> Catalog:
    return Catalog.open(path, threads=threads)
