"""From items or vectors to codes by a catalogue's encoder and codebooks: asked for, or stored; and taking items out."""

from __future__ import annotations

import ctypes
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Dict, List

from . import _inputs, _native, _tables
from ._arrays import address, char_pointers, choice_of, ids_of, int_of, rows_of
from ._errors import UsageError
from ._handle import Handle, Owner
from ._items import Item, take_hits, take_info
from ._native import IF_EXISTS, lib

if TYPE_CHECKING:
    from ._arrays import Codes, Rows

by = ctypes.byref


class Changes(Owner[Handle]):
    """A part of :class:`semid.Catalog`."""

    def encode(self, X: Any) -> "Codes":
        """Base codes (N, L) uint16 of vectors (N, D), or of items as in :meth:`embed`; the catalogue stays as it is.

        Where it was fitted on several vectors an item, X is a dict of them; the rows are those of the first one, then
        items that only others have.

        float32 rows are read where they lie; others are converted once. X may be a file of vectors, of any size. The
        same vector gives the same codes on every machine. Raises DataError for another D, NaN, infinities, values over
        1e15.
        """
        import numpy as np

        X = _tables.given(X, None).X
        if _inputs.is_items(X) or _inputs.is_vectors_path(X) or isinstance(X, dict):
            return self._encode_file(X)
        with self._handle.shared() as pointer:
            i = take_info(pointer)
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

    def _encode_file(self, source: Any) -> "Codes":
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
            codes = np.empty((lib.sid_vectors_count(vectors), take_info(pointer).levels), dtype=np.uint16)
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
        context = self._handle.context
        if isinstance(X, dict):
            return self._fuse(pointer, X, ids, items, on_error, stack)
        if ids is None and not _inputs.is_vectors_path(X):
            raise UsageError("ids are needed for new vectors: add(ids, X)")
        dim = take_info(pointer).dim
        return stack.enter_context(_inputs.vectors(context, X, ids, items, on_error, dim))

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
