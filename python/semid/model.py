"""Model: a recommender, trained from events, in one folder on disk."""

from __future__ import annotations

import ctypes
import os
from contextlib import ExitStack
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple, Union, overload

from . import _inputs, _options
from ._arrays import PathLike, char_pointers, ids_of, int_of, optional_path, path_of, text_of
from ._context import Context, Progress
from ._errors import UsageError
from ._events import EventsArguments, read, split_options
from ._handle import Owner, Turns, making
from ._native_model import lib, sid_events_options, sid_model_info, sid_recommendations, sid_request, sid_train_options
from .catalog import Catalog
from .evaluation import catalog_pointer, evaluate, search_options

by = ctypes.byref
KEYWORDS = (
    "family events path catalog items vectors ids split ties targets cold_fraction seed repeats core force resume "
    "on_error threads memory_limit progress"
).split()
MANY = 256  # histories a call: enough for every core, and Ctrl-C comes through between calls


class ModelInfo(NamedTuple):
    """What a model is. ``catalog_id``: whose SIDs it learned, ``levels`` codes each; None and 0: none."""

    id: str
    family: str
    options: str
    split: str
    ties: str
    seed: int
    items: int
    train_events: int
    dim: int
    catalog_id: Optional[str]
    levels: int
    items_without_sid: int


class Recommendation(NamedTuple):
    """An item that may come next. ``score``: larger is better; of a model that writes SIDs the logarithm of a probability.
    ``row``: among the model's items. ``sid``: None where the model knows none.
    """

    item_id: str
    sid: Optional[str]
    score: float
    row: int


class Recommendations(List[Recommendation]):
    """The best, best first. ``unknown``: ids of the history that the model does not know. ``is_exact``: proven to be the
    best of all items; a beam may miss some.
    """

    unknown: int = 0
    is_exact: bool = True


def _take(found: sid_recommendations) -> Recommendations:
    rows = (found.row[i] for i in range(found.count))
    out = Recommendations(
        Recommendation(r.item_id.decode(), None if r.sid is None else r.sid.decode(), r.score, r.row) for r in rows
    )
    out.unknown, out.is_exact = found.unknown, found.is_exact
    return out


class ModelHandle(Turns):
    """That of a sid_model; `path` None: it lives in memory only."""

    def __init__(self, context: Context, pointer: ctypes.c_void_p, path: Optional[str]) -> None:
        super().__init__(context, pointer)
        self.path = path
        self.used: Dict[str, str] = {}  # "catalog", "vectors" -> the folder that it is asked by

    def _free(self, pointer: ctypes.c_void_p) -> None:
        lib.sid_model_close(pointer)

    def _closed(self) -> str:
        return f"the model {self.path or '(in memory)'} is closed; open it again with semid.Model.open"

    def use(self, what: str, catalog: Union[Catalog, PathLike]) -> None:
        """`what`: "catalog" or "vectors"."""
        with ExitStack() as stack:
            pointer = catalog_pointer(catalog, stack)
            stack.enter_context(self.alone())
            self._check_open()
            self.context.call_long(getattr(lib, f"sid_model_use_{what}"), self.pointer, pointer)
            self.used[what] = os.path.abspath(catalog.path if isinstance(catalog, Catalog) else catalog)


class _Filters(NamedTuple):
    """What all requests of a call share; the arrays of pointers live as long as it does."""

    k: int
    keep_history: bool
    lists: Dict[str, Any]
    counts: Dict[str, int]
    search: Any

    def request(self, history: List[bytes]) -> "Tuple[sid_request, Any]":
        pointers = char_pointers(history)
        made = sid_request(
            history=ctypes.cast(pointers, ctypes.c_void_p),
            history_count=len(history),
            k=self.k,
            keep_history=self.keep_history,
            search=self.search,
            **{name: ctypes.cast(array, ctypes.c_void_p) for name, array in self.lists.items()},
            **{f"{name}_count": count for name, count in self.counts.items()},
        )
        return made, pointers


def _history(history: Any, number: int) -> List[bytes]:
    if history is None or isinstance(history, (str, int)):
        raise TypeError(f"history {number} is {history!r}; a list of ids, oldest first, is expected")
    return ids_of(history, f"history {number}")


def _filters(k: int, keep_history: bool, search: Any, **given: Optional[Iterable[Any]]) -> _Filters:
    lists = {name: ids_of(values, name) for name, values in given.items() if values is not None}
    return _Filters(
        int_of(k, "k", 1),
        bool(keep_history),
        {name: char_pointers(values) for name, values in lists.items()},
        {name: len(values) for name, values in lists.items()},
        search,
    )


class Model(Owner[ModelHandle]):
    """A recommender: what comes after a history of items.

    >>> model = semid.Model.train("itemknn", events="events.tsv", catalog=catalog, path="model")
    >>> model.recommend(["B01", "B07"], k=10)
    >>> model.evaluate("events.tsv")["metrics"]["recall@10"]

    Made by :meth:`train` or :meth:`open`, closed by :meth:`close`, at the end of a ``with`` block, or when nothing refers
    to it any more. Asking may be done from many threads at once, without the GIL. A copy sent to another process (pickle)
    opens the same folder; one that a child made by ``fork`` inherits goes on answering.
    """

    def __init__(self, handle: ModelHandle) -> None:
        """Not for users: see train and open."""
        if not isinstance(handle, ModelHandle):
            raise TypeError("a Model is made by semid.Model.train(...) or semid.Model.open(path)")
        super().__init__(handle)

    # ---- Making -----------------------------------------------------------------------------------------------------

    @classmethod
    def train(
        cls,
        family: str = "itemknn",
        *,
        events: Any,
        path: Optional[PathLike] = None,
        catalog: Union[None, Catalog, PathLike] = None,
        items: Any = None,
        vectors: Any = None,
        ids: Any = None,
        split: Optional[str] = None,
        ties: Optional[str] = None,
        targets: Optional[str] = None,
        cold_fraction: float = 0,
        seed: int = 42,
        repeats: Optional[str] = None,
        core: int = 0,
        force: bool = False,
        resume: bool = False,
        on_error: str = "fail",
        threads: int = 0,
        memory_limit: int = 0,
        progress: Optional[Progress] = None,
        **options: Any,
    ) -> "Model":
        """Learns from events and writes the folder ``path``, whole or not at all; None: the model stays in memory.

        family: one of :func:`semid.model_families`; its options are further keywords, such as ``epochs=20``.
        events: a file (.tsv, .csv, .jsonl, RecBole's .inter) with user_id, item_id and, where known, timestamp and split;
            or rows (user, item[, time]), or a DataFrame, an Arrow table or a dict of those columns.
        catalog: its items are those that can be recommended, its SIDs what families that write SIDs learn, its vectors
            what items are like. Or items (as in :meth:`semid.Catalog.fit`) and vectors with ids; without any of them the
            items are those of the events.
        split: "loo" (default) keeps each user's last two events back, for :meth:`evaluate`; "time=0.8,0.1"; "column";
            "all" learns from everything. ties, targets, cold_fraction: see docs/guide/evaluation.md.
        seed: of all randomness; the same seed gives the same bytes. repeats, core: thin the events out.
        force: replace a model at path. resume: go on from the checkpoint that an interrupted training left beside path.
        progress: called as progress(stage, done, total, unit, loss); what it raises ends the training, as Ctrl-C does.

        Raises ExistsError, DataError (nothing to learn from; a bad row), UsageError, TypeError (an option that the family
        does not have), IoError, OutOfMemoryError.
        """
        text = _options.split("Model.train", options, {"model": family}, KEYWORDS)["model"]
        given = sid_train_options(
            family=text_of(family, "family"),
            options=text,
            seed=int_of(seed, "seed", 0, 2**63 - 1),
            split=split_options(split, ties, targets, cold_fraction, seed),
            force=bool(force),
            resume=bool(resume),
        )
        name = optional_path(None if path is None else os.path.abspath(path), "path")
        with making(lib.sid_model_close, threads, memory_limit, progress) as (context, out), ExitStack() as stack:
            sources = _sources(context, catalog, items, vectors, ids, on_error, stack)
            given.catalog, given.vectors = sources.catalog, sources.vectors
            which = sid_events_options(catalog=sources.catalog, items=sources.items, vectors=sources.vectors_with_ids)
            rows = stack.enter_context(read(context, EventsArguments(events, repeats, core, on_error), which))
            context.call_long(lib.sid_model_train, context.pointer, by(given), rows, name, by(out))
        return cls(ModelHandle(context, out, None if name is None else os.fsdecode(name)))

    @classmethod
    def open(
        cls,
        path: PathLike,
        *,
        catalog: Union[None, Catalog, PathLike] = None,
        threads: int = 0,
        memory_limit: int = 0,
        progress: Optional[Progress] = None,
    ) -> "Model":
        """Opens the model in the folder ``path``; with a catalogue, :meth:`use_catalog` too.

        Raises MissingFileError, CorruptError (names the damaged file), VersionError.
        """
        name = os.path.abspath(path_of(path, "path"))
        with making(lib.sid_model_close, threads, memory_limit, progress) as (context, pointer):
            context.call_long(lib.sid_model_open, context.pointer, name, by(pointer))
        model = cls(ModelHandle(context, pointer, os.fsdecode(name)))
        if catalog is not None:
            model.use_catalog(catalog)
        return model

    def __reduce__(self) -> Any:
        if self._handle.path is None:
            raise TypeError("a Model in memory cannot be pickled: train it with path=, which every process can open")
        return _reopen, (self._handle.path, self._handle.used, self._threads())

    # ---- What it is -------------------------------------------------------------------------------------------------

    @property
    def path(self) -> Optional[str]:
        """The folder, absolute; None: in memory."""
        return self._handle.path

    @property
    def info(self) -> ModelInfo:
        """Family, options, split, sizes: see :class:`ModelInfo`."""
        i = sid_model_info()
        with self._handle.shared() as pointer:
            lib.sid_model_get_info(pointer, by(i))
            return ModelInfo(
                i.id.decode(),
                i.family.decode(),
                i.options.decode(),
                i.split.decode(),
                i.ties.decode(),
                i.seed,
                i.items,
                i.train_events,
                i.dim,
                None if i.catalog_id is None else i.catalog_id.decode(),
                i.levels,
                i.items_without_sid,
            )

    @property
    def item_ids(self) -> List[str]:
        """The items that it knows, by row."""
        count = self.info.items
        with self._handle.shared() as pointer:
            ids = lib.sid_model_item_ids(pointer)
            return [ids[row].decode() for row in range(count)]

    def use_catalog(self, catalog: Union[Catalog, PathLike]) -> "Model":
        """Asks by a later version of its catalogue: items removed there are recommended no more, and a model that writes
        SIDs recommends the items added since. The catalogue is read once and may be closed. Raises DataError: other
        codebooks than those that the model learned.
        """
        self._handle.use("catalog", catalog)
        return self

    def use_vectors(self, catalog: Union[Catalog, PathLike]) -> "Model":
        """Takes what items are like from a catalogue, for ``cold="rerank"``, where the model keeps no vectors."""
        self._handle.use("vectors", catalog)
        return self

    def __repr__(self) -> str:
        if not self._handle.pointer:
            return f"<semid.Model {self.path!r}, closed>"
        i = self.info
        sids = f", SIDs of {i.levels} codes" if i.levels else ""
        return f"<semid.Model {self.path!r}: {i.family} of {i.items} items, {i.train_events} events{sids}>"

    # ---- Asking -----------------------------------------------------------------------------------------------------

    @overload
    def recommend(self, history: "Union[List[str], Tuple[str, ...]]", k: int = 10, **more: Any) -> Recommendations: ...

    @overload
    def recommend(self, history: "List[List[str]]", k: int = 10, **more: Any) -> List[Recommendations]: ...

    def recommend(self, history: Any, k: int = 10, **more: Any) -> Any:
        """The k items that may come next after a history of ids, oldest first; of a list of histories, a list of them.

        Ids that the model does not know are passed by and counted (``unknown``). Keywords are those of
        :meth:`recommend_many`. Raises NotFoundError (the model knows no id of the only history), UsageError.
        """
        if not isinstance(history, str) and len(history) and not isinstance(history[0], (str, int)):
            return self.recommend_many(history, k, **more)
        filters, found = self._filters_of(k, **more), sid_recommendations()
        request, _pointers = filters.request(ids_of(history, "history"))
        with self._handle.shared() as pointer:
            try:
                self._handle.context.call(lib.sid_model_recommend, pointer, by(request), by(found))
                return _take(found)
            finally:
                lib.sid_recommendations_drop(by(found))

    def recommend_many(
        self,
        histories: Iterable[Iterable[Any]],
        k: int = 10,
        *,
        keep_history: bool = False,
        deny: Optional[Iterable[Any]] = None,
        allow: Optional[Iterable[Any]] = None,
        within: Optional[Iterable[str]] = None,
        without: Optional[Iterable[str]] = None,
        beam: int = 0,
        search: Optional[str] = None,
        cold: Optional[str] = None,
    ) -> List[Recommendations]:
        """The same for many histories, together, which is faster and gives the same answers. A history of which the model
        knows nothing gets an empty one.

        keep_history: items of the history may be recommended. deny: ids that may not be; allow: only these may. within,
        without: prefixes of SIDs ("12", "12-153") that must be, must not be above an item. All are masks: k items come
        whenever k are left. beam (0: the larger of 2 k and 50), search ("beam", "exact", "oracle") and cold (places for
        items that nothing trained: "quota=2", "rerank") are of models that write SIDs.
        """
        filters = self._filters_of(
            k,
            keep_history=keep_history,
            deny=deny,
            allow=allow,
            within=within,
            without=without,
            beam=beam,
            search=search,
            cold=cold,
        )
        texts = [_history(history, number) for number, history in enumerate(histories)]
        out: List[Recommendations] = []
        for begin in range(0, len(texts), MANY):
            out.extend(self._answers(filters, texts[begin : begin + MANY]))
        return out

    @staticmethod
    def _filters_of(
        k: int,
        *,
        keep_history: bool = False,
        deny: Optional[Iterable[Any]] = None,
        allow: Optional[Iterable[Any]] = None,
        within: Optional[Iterable[str]] = None,
        without: Optional[Iterable[str]] = None,
        beam: int = 0,
        search: Optional[str] = None,
        cold: Optional[str] = None,
    ) -> _Filters:
        return _filters(
            k, keep_history, search_options(beam, search, cold), deny=deny, allow=allow, within=within, without=without
        )

    def _answers(self, filters: _Filters, histories: List[List[bytes]]) -> List[Recommendations]:
        made = [filters.request(history) for history in histories]
        requests = (sid_request * len(made))(*(request for request, _ in made))
        found = (sid_recommendations * len(made))()
        with self._handle.shared() as pointer:
            try:
                self._handle.context.call_long(lib.sid_model_recommend_many, pointer, requests, len(made), found)
                return [_take(one) for one in found]
            finally:
                for one in found:
                    lib.sid_recommendations_drop(by(one))

    # ---- Judging ----------------------------------------------------------------------------------------------------

    def evaluate(
        self,
        events: Any,
        *,
        split: Optional[str] = None,
        ties: Optional[str] = None,
        k: Union[int, Sequence[int]] = (5, 10),
        **more: Any,
    ) -> Dict[str, Any]:
        """How high the model ranks what test users came to next, among all items, beside what needs no training.

        split and ties: by default those that it was trained on. Further keywords as in :func:`semid.evaluate`. Gives a
        dict: ``metrics`` ({"recall@5": ..}), ``ci95``, ``segments``, ``baselines``: docs/guide/evaluation.md. Raises
        UsageError: another split, which may have shown the model the answers.
        """
        info = self.info
        more.setdefault("threads", lib.sid_ctx_threads(self._handle.context.pointer))
        table = evaluate(events, [self], split=split or info.split, ties=ties or info.ties, k=k, **more)
        [own] = table.pop("models")
        return {**table, **own}


class _Sources(NamedTuple):
    """Where the items of the events, and what they are like, come from; None: NULL."""

    catalog: Optional[ctypes.c_void_p]
    items: Optional[ctypes.c_void_p]
    vectors: Optional[ctypes.c_void_p]
    vectors_with_ids: Optional[ctypes.c_void_p]


def _sources(
    context: Context, catalog: Any, items: Any, vectors: Any, ids: Any, on_error: str, stack: ExitStack
) -> _Sources:
    if catalog is not None and items is not None:
        raise UsageError("items are given twice: by catalog= and by items=; give one")
    catalog_given = catalog_pointer(catalog, stack)
    given = stack.enter_context(_inputs.items(context, items, on_error))
    if vectors is None:
        return _Sources(catalog_given, given, None, None)
    made = stack.enter_context(_inputs.vectors(context, vectors, ids, given, on_error))
    has_items = catalog is not None or items is not None
    return _Sources(catalog_given, given, made, None if has_items or ids is None else made)


def _reopen(path: str, used: Dict[str, str], threads: int) -> Model:
    model = Model.open(path, threads=threads)
    for what, catalog in used.items():
        model._handle.use(what, catalog)
    return model
