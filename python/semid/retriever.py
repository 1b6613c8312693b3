"""Retriever: a history to candidates, by the prefixes that it is of; nothing is learned."""

from __future__ import annotations

import ctypes
from contextlib import ExitStack
from typing import Any, Iterable, List, Mapping, NamedTuple, Optional, Tuple, Union

from ._arrays import PathLike, address, char_pointers, ids_of, int_of, text_of
from ._errors import DataError, UsageError
from ._events import EventsArguments
from ._events import read as read_events
from ._handle import Owner, Turns, making
from ._impressions import ImpressionsArguments
from ._impressions import read as read_impressions
from ._native_model import sid_events_options
from ._native_rank import (
    lib,
    sid_retrieve_request,
    sid_retrieved,
    sid_retriever_change,
    sid_retriever_info,
    sid_retriever_options,
    sid_retriever_vectors,
)
from .catalog import Catalog
from .evaluation import catalog_pointer

by = ctypes.byref


class RetrieverInfo(NamedTuple):
    """unseen: items without an event or impression. half_life_days: inf where age does not matter. size: bytes. dim: of vectors, 0
    where there are none; vectors: items that have one; partitions: prefixes to probe.
    """

    items: int
    unseen: int
    levels: int
    half_life_days: float
    size: int
    dim: int = 0
    partitions: int = 0
    vectors: int = 0


class Candidate(NamedTuple):
    """An item that may be shown, its score among those of its prefix, and the prefix by which it came."""

    item_id: str
    sid: str
    title: str
    score: float
    prefix: str


class Candidates(List[Candidate]):
    """One of each prefix in turn. ``prefixes``: (prefix, weight), the heaviest first. ``unknown``: ids of the history that the
    catalogue lacks.
    """

    prefixes: "List[Tuple[str, float]]"
    unknown: int = 0


class _RetrieverHandle(Turns):
    def _free(self, pointer: ctypes.c_void_p) -> None:
        lib.sid_retriever_free(pointer)

    def _closed(self) -> str:
        return "the retriever is closed; make another one"


class Retriever(Owner[_RetrieverHandle]):
    """Candidates for a ranker: the prefixes of what a user looked at, and below each its best items.

    >>> retriever = semid.Retriever(catalog, impressions="impressions.tsv")
    >>> [candidate.item_id for candidate in retriever.retrieve(["B01", "B07"], k=100)]

    catalog: an open one or its folder; it may be closed after. What is good: ``impressions`` (clicks by shows) or ``events``
    (how many), as files or columns; ``quality``, a column of the catalogue; nothing: all alike. An item counts half after
    ``half_life_days`` (inf: age does not matter; 0: a quarter of the time that births span) since it first came, or since
    the day in the column ``birth``. Any number of threads may ask.

    vectors: (ids, array (N, D)) of items, such as those of a two-tower model, for ``resolver="tower"`` and ``probe``; their
    partitions are the prefixes of ``vectors_depth`` codes (0: 2).
    """

    def __init__(
        self,
        catalog: Union[Catalog, PathLike],
        *,
        impressions: Any = None,
        events: Any = None,
        quality: Optional[str] = None,
        birth: Optional[str] = None,
        half_life_days: float = 0,
        vectors: Optional[Tuple[Iterable[Any], Any]] = None,
        vectors_depth: int = 0,
        on_error: str = "fail",
        threads: int = 0,
    ) -> None:
        if impressions is not None and events is not None:
            raise UsageError("impressions and events both say what is good; give one")
        if not half_life_days >= 0:
            raise UsageError(f"half_life_days is {half_life_days!r}; days from 0 are expected, or inf")
        given = sid_retriever_options(
            quality=text_of(quality, "quality"), birth=text_of(birth, "birth"), half_life_days=float(half_life_days)
        )
        kept = None if vectors is None else _vectors(vectors, vectors_depth)
        if kept is not None:
            given.vectors = ctypes.addressof(kept[0])
        with making(lib.sid_retriever_free, threads) as (context, pointer), ExitStack() as stack:
            of = catalog_pointer(catalog, stack)
            if impressions is not None:
                which = ImpressionsArguments(impressions, on_error=on_error)
                given.impressions = stack.enter_context(read_impressions(context, which))
            if events is not None:
                options = sid_events_options(catalog=of)
                asked = EventsArguments(events, on_error=on_error)
                given.events = stack.enter_context(read_events(context, asked, options))
            context.call_long(lib.sid_retriever_create, of, by(given), by(pointer))
        super().__init__(_RetrieverHandle(context, pointer))

    def __reduce__(self) -> Any:
        raise TypeError("a Retriever lives in memory; make one in each process, or make it before fork")

    @property
    def info(self) -> RetrieverInfo:
        """Sizes: see :class:`RetrieverInfo`."""
        i = sid_retriever_info()
        with self._handle.shared() as pointer:
            lib.sid_retriever_get_info(pointer, by(i))
        return RetrieverInfo(
            i.items, i.unseen, i.levels, i.half_life_days, i.size, i.dim, i.partitions, i.vectors
        )

    def __repr__(self) -> str:
        if not self._handle.pointer:
            return "<semid.Retriever, closed>"
        i = self.info
        return f"<semid.Retriever of {i.items} items, {i.size / 2**20:.1f} MiB>"

    def retrieve(
        self,
        history: Iterable[Any],
        k: int = 100,
        *,
        age_days: Optional[Iterable[float]] = None,
        half_life_days: float = 7,
        prefixes: int = 10,
        items: int = 0,
        depth: int = 0,
        gamma: float = 0,
        seed: int = 42,
        resolver: Optional[str] = None,
        keep_history: bool = False,
        deny: Optional[Iterable[Any]] = None,
        allow: Optional[Iterable[Any]] = None,
        within: Optional[Iterable[str]] = None,
        without: Optional[Iterable[str]] = None,
        query: Any = None,
        probe: int = 0,
    ) -> Candidates:
        """At most k items of the prefixes that a history of ids, oldest first, is of.

        age_days: of each event; an event counts half after ``half_life_days``. The budget: ``prefixes`` of them, and ``items``
        of each (0: k). depth: codes of a prefix (0: 2). gamma: 0, the heaviest prefixes; else they are drawn in proportion to
        weight^gamma, by ``seed``. resolver: "score", "fresh", "random", or, by the product with ``query`` (D), "tower". probe: above 0
        the best k items of the so many partitions that ``query`` is nearest to, whatever the history is. keep_history, deny, allow, within, without: as in
        :meth:`semid.Model.recommend_many`. An empty or unknown history gets nothing. Raises UsageError.
        """
        import numpy as np

        ids = ids_of(list(history) if not isinstance(history, str) else [history], "history")
        ages = None if age_days is None else np.ascontiguousarray(list(age_days), dtype=np.float64)
        if ages is not None and ages.shape != (len(ids),):
            raise DataError(f"age_days has shape {ages.shape}; ({len(ids)},), one an item of the history, is expected")
        given = (("deny", deny), ("allow", allow), ("within", within), ("without", without))
        lists = {name: ids_of(values, name) for name, values in given if values is not None}
        kept = {name: char_pointers(values) for name, values in [("history", ids), *lists.items()]}
        asked = None if query is None else np.ascontiguousarray(query, dtype=np.float32)
        dim = self.info.dim
        if asked is not None and asked.shape != (dim,):
            raise DataError(f"query has shape {asked.shape}; ({dim},), as the vectors of items, is expected")
        request = sid_retrieve_request(
            query=None if asked is None else address(asked),
            probe=int_of(probe, "probe", 0, 2**63 - 1),
            history_count=len(ids),
            age_days=None if ages is None else address(ages),
            half_life_days=float(half_life_days),
            k=int_of(k, "k", 1),
            prefixes=int_of(prefixes, "prefixes", 1),
            items=int_of(items, "items", 0),
            depth=int_of(depth, "depth", 0),
            gamma=float(gamma),
            seed=int_of(seed, "seed", 0, 2**63 - 1),
            resolver=text_of(resolver, "resolver"),
            keep_history=bool(keep_history),
            **{name: ctypes.cast(array, ctypes.c_void_p) for name, array in kept.items()},
            **{f"{name}_count": len(values) for name, values in lists.items()},
        )
        found = sid_retrieved()
        with self._handle.shared() as pointer:
            try:
                self._handle.context.call(lib.sid_retrieve, pointer, by(request), by(found))
                return _take(found)
            finally:
                lib.sid_retrieved_drop(by(found))


    def update(self, changes: Iterable[Mapping[str, Any]]) -> None:
        """Changes items while others ask: all of ``changes``, or none of them.

        >>> retriever.update([{"item_id": "B07", "quality": 0.31}, {"item_id": "B13", "remove": True},
        ...                   {"item_id": "B99", "sid": "12-153-7", "title": "A new one"}])

        Each has an item_id and any of: remove, sid and title (of a new item, or a changed one), quality (above 0; of a new item
        1), birth (days since 1970; of a new item that of the newest), vector (D). Raises UsageError (a SID that is none, too), DataError
        and NotFoundError (no such item to remove).
        """
        import numpy as np

        known = {"item_id", "remove", "sid", "title", "quality", "birth", "vector"}
        rows, dim, kept = list(changes), self.info.dim, []
        array = (sid_retriever_change * max(len(rows), 1))()
        for at, row in zip(array, rows):
            if not isinstance(row, Mapping) or set(row) - known or "item_id" not in row:
                raise UsageError(f"change {row!r}; item_id and any of {', '.join(sorted(known))} are expected")
            at.item_id = ids_of([row["item_id"]], "item_id")[0]
            at.remove = bool(row.get("remove", False))
            at.sid, at.title = text_of(row.get("sid"), "sid"), text_of(row.get("title"), "title")
            at.quality = float(row.get("quality", 0))
            at.has_birth = row.get("birth") is not None
            at.birth = float(row["birth"]) if at.has_birth else 0.0
            if row.get("vector") is not None:
                vector = np.ascontiguousarray(row["vector"], dtype=np.float32)
                if vector.shape != (dim,):
                    raise DataError(f"vector of {row['item_id']!r} has shape {vector.shape}; ({dim},) is expected")
                kept.append(vector)
                at.vector = address(vector)
        with self._handle.shared() as pointer:
            self._handle.context.call(lib.sid_retriever_update, pointer, array, len(rows))


def _vectors(given: Tuple[Iterable[Any], Any], depth: int) -> Tuple[Any, ...]:
    """The struct, and what it points to."""
    import numpy as np

    ids = ids_of(list(given[0]), "ids of vectors")
    array = np.ascontiguousarray(given[1], dtype=np.float32)
    if array.ndim != 2 or array.shape[0] != len(ids):
        raise DataError(f"vectors have shape {array.shape}; ({len(ids)}, D), one an id, is expected")
    pointers = char_pointers(ids)
    struct = sid_retriever_vectors(
        item_id=ctypes.cast(pointers, ctypes.c_void_p),
        vector=address(array),
        count=len(ids),
        dim=array.shape[1],
        depth=int_of(depth, "vectors_depth", 0),
    )
    return struct, pointers, array


def _take(found: sid_retrieved) -> Candidates:
    prefixes = [(found.prefix[i].prefix.decode(), found.prefix[i].weight) for i in range(found.prefix_count)]
    rows = (found.row[i] for i in range(found.count))
    out = Candidates(
        Candidate(r.item_id.decode(), r.sid.decode(), (r.title or b"").decode(), r.score, prefixes[r.prefix][0])
        for r in rows
    )
    out.prefixes, out.unknown = prefixes, found.unknown
    return out
