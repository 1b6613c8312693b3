"""Ranker: a click model whose items are described by pieces of their SIDs, trained day by day, in one folder on disk."""

from __future__ import annotations

import ctypes
import json
import math
import os
import tempfile
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NamedTuple, Optional, Union

from . import _options
from ._arrays import PathLike, address, int_of, path_of
from ._context import Context, Progress
from ._errors import ExistsError, UsageError
from ._handle import Owner, Turns, making
from ._impressions import ImpressionsArguments, as_file
from ._inputs import is_path
from ._native_rank import (
    REPORT_FN,
    SLICES,
    lib,
    sid_impressions_info,
    sid_rank_score,
    sid_ranker_day,
    sid_ranker_days,
    sid_ranker_info,
    sid_ranker_options,
)
from .catalog import Catalog
from .pieces import Pieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

by = ctypes.byref
NO_DAY = -(2**63)  # INT64_MIN
KEYWORDS = (
    "family impressions path catalog pieces features dim first last batch rate seed label positive implicit days sort force "
    "resume on_error threads memory_limit progress"
).split()


class RankerInfo(NamedTuple):
    """What a ranker is, and what it has learned of. ``last_day``: as the file numbered it; None: none yet."""

    family: str
    impressions: int
    clicks: int
    steps: int
    users: int
    items: int
    last_day: Optional[int]
    tables: int
    rows: int
    parameters: int


def _number(value: float) -> Optional[float]:
    return None if math.isnan(value) else value


def _score(score: sid_rank_score) -> Dict[str, Any]:
    figures = {name: _number(getattr(score, name)) for name in ("auc", "gauc", "log_loss", "ne")}
    ctr = score.clicks / score.impressions if score.impressions else None
    return {"impressions": score.impressions, "clicks": score.clicks, "ctr": ctr, **figures}


def _day(day: sid_ranker_day) -> Dict[str, Any]:
    """The figures of all impressions, and those of the slices by name."""
    return {
        "day": day.day,
        "days": day.days,
        **_score(day.score[0]),
        "slices": {name: _score(day.score[i]) for i, name in enumerate(SLICES) if i},
        "items_without_sid": day.items_without_sid,
        "rows": day.rows,
        "dropped": day.dropped,
        "train_s": day.train_s,
    }


# ---- The feature file ------------------------------------------------------------------------------------------------


def default_features(
    family: str, catalog: Union[Catalog, PathLike], pieces: Union[Pieces, PathLike], dim: int = 16, **options: Any
) -> Dict[str, Any]:
    """The feature file that :meth:`Ranker.train` uses where none is given: a growing row a user, an item as the sum of its
    pieces' rows, the user's last 30 clicks as what is shown is described. A dict to change and pass as ``features``.
    """
    _options.split("default_features", options, {"ranker": family}, KEYWORDS)
    where = pieces._path if isinstance(pieces, Pieces) else os.fspath(pieces)
    if where is None:
        raise UsageError("the pieces stand in no folder, which a ranker goes back to: pieces.save(path) first")
    rows = (pieces if isinstance(pieces, Pieces) else Pieces.open(where)).row_count
    growing = {"kind": "growing", "dim": int_of(dim, "dim", 1), "ttl_days": 30}
    sid = {"kind": "hashed", "dim": growing["dim"], "rows": rows} if rows else growing
    source = {
        "catalog": os.path.abspath(catalog.path if isinstance(catalog, Catalog) else catalog),
        "pieces": os.path.abspath(where),
    }
    return {
        "format": 1,
        "tables": {"user": growing, "sid": sid},
        "features": [
            {"name": "user", "kind": "id", "column": "user_id", "table": "user"},
            {"name": "item", "kind": "sid", "column": "item_id", **source, "table": "sid"},
            {"name": "clicks", "kind": "history", "from": "clicks", "max": 30, "as": "item", "pool": "mean"},
        ],
        "model": {"family": family, "options": {k.replace("_", "-"): _member(v) for k, v in options.items()}},
    }


def _member(value: Any) -> Any:
    return ",".join(map(str, value)) if isinstance(value, (tuple, list)) else value


@contextmanager
def _feature_file(features: Union[Dict[str, Any], PathLike]) -> Iterator[bytes]:
    if is_path(features):
        yield path_of(features, "features")
        return
    if not isinstance(features, dict):
        raise TypeError(f"features is a {type(features).__name__}; a feature file, or a dict like one, is expected")
    with tempfile.TemporaryDirectory(prefix="semid-") as folder:
        path = os.path.join(folder, "features.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(features, file, indent=1)
        yield os.fsencode(path)


# ---- The ranker ------------------------------------------------------------------------------------------------------


class RankerHandle(Turns):
    """That of a sid_ranker, which one call uses at a time; `path` None: it lives in memory only."""

    def __init__(self, context: Context, pointer: ctypes.c_void_p, path: Optional[str]) -> None:
        super().__init__(context, pointer)
        self.path = path

    def _free(self, pointer: ctypes.c_void_p) -> None:
        lib.sid_ranker_free(pointer)

    def _closed(self) -> str:
        return f"the ranker {self.path or '(in memory)'} is closed; open it again with semid.Ranker.open"

    @contextmanager
    def use(self) -> Iterator[ctypes.c_void_p]:
        with self.alone():
            self._check_open()
            yield self.pointer


class Ranker(Owner[RankerHandle]):
    """A click model: how likely a user clicks what is shown.

    >>> ranker = semid.Ranker.train("dcnv2", impressions="days.tsv", catalog=catalog, pieces=pieces, last=-2, path="ranker")
    >>> ranker.evaluate("days.tsv", first=-1)["auc"]
    >>> ranker.predict({"user_id": ["u1", "u1"], "item_id": ["B01", "B07"], "day": [9, 9]})

    Made by :meth:`train` or :meth:`open`; calls from several threads wait for each other. A copy sent to another process
    (pickle) opens the same folder.
    """

    def __init__(self, handle: RankerHandle) -> None:
        """Not for users: see train and open."""
        if not isinstance(handle, RankerHandle):
            raise TypeError("a Ranker is made by semid.Ranker.train(...) or semid.Ranker.open(path)")
        super().__init__(handle)
        self.learned: List[Dict[str, Any]] = []  # of each day that train and learn went through, before it was learned

    # ---- Making -----------------------------------------------------------------------------------------------------

    default_features = staticmethod(default_features)

    @classmethod
    def train(
        cls,
        family: Optional[str] = None,
        *,
        impressions: Any,
        path: Optional[PathLike] = None,
        catalog: Union[None, Catalog, PathLike] = None,
        pieces: Union[None, Pieces, PathLike] = None,
        features: Union[None, Dict[str, Any], PathLike] = None,
        dim: int = 16,
        first: int = 0,
        last: int = 0,
        batch: int = 0,
        rate: float = 0,
        seed: int = 42,
        force: bool = False,
        resume: bool = False,
        threads: int = 0,
        memory_limit: int = 0,
        progress: Optional[Progress] = None,
        label: Optional[str] = None,
        positive: Optional[str] = None,
        implicit: Optional[str] = None,
        days: int = 0,
        sort: bool = False,
        on_error: str = "fail",
        **options: Any,
    ) -> "Ranker":
        """Learns from impressions, one pass over the days in order, and writes the folder ``path`` after each; None: memory.

        family ("dcnv2"; :func:`semid.ranker_families` lists them with their options, which are further keywords), catalog
            and pieces (opened from a folder, or saved to one): a feature file is made of them, with rows of ``dim`` floats.
        features: or a feature file of your own, or a dict like one (docs/guide/ranking.md); it names family and options.
        impressions: a file with user_id, item_id, label and day, split or timestamp; or a DataFrame, an Arrow table or a
            dict of such columns. label, positive ("rating>=4"), implicit ("n=4,alpha=0.5": clicks alone), days (equal chunks
            by time) and sort are those of ``semid rank``.
        first, last: days by number, from 1; below 0 from the end, -1 is the last; 0: the first, the last.
        resume: goes on with the ranker at path; days that it learned are passed by. force: replaces it.
        batch: impressions a step (512). rate: of Adam (0.001). progress: as in :meth:`semid.Catalog.fit`.

        ``learned`` says of each day what the ranker reached before it was learned. Raises ExistsError, DataError (a bad row,
        pieces of another catalogue), UsageError (the feature file: line, value, what is possible), OutOfMemoryError.
        """
        where = None if path is None else os.path.abspath(os.fsdecode(path_of(path, "path")))
        is_there = where is not None and os.path.lexists(where)
        if is_there and not (force or resume):
            raise ExistsError(f"{where}: exists already; name another place, or pass resume=True or force=True")
        if resume and where is None:
            raise UsageError("resume=True goes on with the ranker at path=, which is not given")
        with making(lib.sid_ranker_free, threads, memory_limit, progress) as (context, pointer):
            if resume and is_there:
                context.call_long(lib.sid_ranker_open, context.pointer, os.fsencode(where or ""), by(pointer))
            else:
                given = _features_of(family, catalog, pieces, features, dim, options)
                made = sid_ranker_options(int_of(batch, "batch", 0), float(rate), int_of(seed, "seed", 0, 2**63 - 1))
                with _feature_file(given) as file:
                    context.call_long(lib.sid_ranker_create, context.pointer, file, by(made), by(pointer))
        ranker = cls(RankerHandle(context, pointer, where))
        which = ImpressionsArguments(impressions, label, positive, implicit, days, sort, seed, on_error)
        try:
            ranker._learn(which, first, last, resume, where, force or resume)
        except BaseException:
            ranker.close()
            raise
        return ranker

    @classmethod
    def open(
        cls, path: PathLike, *, threads: int = 0, memory_limit: int = 0, progress: Optional[Progress] = None
    ) -> "Ranker":
        """Opens the ranker in the folder ``path``, with the catalogue and the pieces that it is of.

        Raises NotFoundError, CorruptError (names the damaged file), VersionError.
        """
        name = os.path.abspath(path_of(path, "path"))
        with making(lib.sid_ranker_free, threads, memory_limit, progress) as (context, pointer):
            context.call_long(lib.sid_ranker_open, context.pointer, name, by(pointer))
        return cls(RankerHandle(context, pointer, os.fsdecode(name)))

    def save(self, path: PathLike, *, force: bool = False) -> None:
        """Writes the folder ``path``, whole or not at all. Raises ExistsError; ``force`` replaces a ranker there."""
        name = os.path.abspath(path_of(path, "path"))
        with self._handle.use() as pointer:
            self._handle.context.call(lib.sid_ranker_save, pointer, name, bool(force))
            self._handle.path = os.fsdecode(name)

    def __reduce__(self) -> Any:
        if self._handle.path is None:
            raise TypeError("a Ranker in memory cannot be pickled: save(path), then every process can open it")
        return Ranker.open, (self._handle.path,)

    # ---- What it is -------------------------------------------------------------------------------------------------

    @property
    def path(self) -> Optional[str]:
        """The folder, absolute; None: in memory."""
        return self._handle.path

    @property
    def info(self) -> RankerInfo:
        """Family, sizes, what it learned of: see :class:`RankerInfo`."""
        i = sid_ranker_info()
        with self._handle.use() as pointer:
            lib.sid_ranker_get_info(pointer, by(i))
            return RankerInfo(
                i.family.decode(),
                i.impressions,
                i.clicks,
                i.steps,
                i.users,
                i.items,
                None if i.last_day == NO_DAY else i.last_day,
                i.tables,
                i.rows,
                i.parameters,
            )

    def __repr__(self) -> str:
        if not self._handle.pointer:
            return f"<semid.Ranker {self.path!r}, closed>"
        i = self.info
        return (
            f"<semid.Ranker {self.path!r}: {i.family}, {i.rows} rows in {i.tables} tables, {i.impressions} impressions>"
        )

    # ---- Learning and asking ----------------------------------------------------------------------------------------

    def learn(
        self, impressions: Any, *, first: int = 0, last: int = 0, skip_seen: bool = False, **more: Any
    ) -> List[Dict[str, Any]]:
        """One pass over further days; what each was before it was learned. Days up to the last one learned are refused, or
        with ``skip_seen`` passed by. In memory: :meth:`save` writes it. Keywords of the impressions as in :meth:`train`.
        """
        before = len(self.learned)
        self._learn(ImpressionsArguments(impressions, **more), first, last, skip_seen, None, False)
        return self.learned[before:]

    def _learn(
        self, given: ImpressionsArguments, first: int, last: int, skip_seen: bool, path: Optional[str], force: bool
    ) -> None:
        """Saves after each day where there is a path."""
        replaces = [force]

        def on_day(_user: Any, day: Any, error: Any) -> int:
            self.learned.append(_day(day.contents))
            if path is None:
                return 0
            status = lib.sid_ranker_save(self._handle.pointer, os.fsencode(path), replaces[0], error)
            replaces[0] = True
            return int(status)

        report = REPORT_FN(on_day)
        which = _days(first, last, skip_seen, report)
        with self._handle.use() as pointer, self._read(pointer, given) as rows:
            self._handle.context.call_long(lib.sid_ranker_train, pointer, rows, by(which))

    @contextmanager
    def _read(
        self, pointer: ctypes.c_void_p, given: ImpressionsArguments, default: Optional[Dict[str, Any]] = None
    ) -> Iterator[ctypes.c_void_p]:
        context, options, out = self._handle.context, given.options(), ctypes.c_void_p()
        try:
            with as_file(given.impressions, default) as path:
                context.call_long(lib.sid_ranker_read, pointer, path, by(options), by(out))
            yield out
        finally:
            lib.sid_impressions_free(out)

    def evaluate(self, impressions: Any, *, first: int = 0, last: int = 0, **more: Any) -> Dict[str, Any]:
        """How well it tells what was clicked, without learning: auc, gauc, log_loss, ne of those days together, and of the
        slices: on items first shown then (new), on those shown often (head), less often (torso), seldom (tail). None: does
        not apply. Keywords of the impressions as in :meth:`train`.
        """
        return self._ask(ImpressionsArguments(impressions, **more), first, last, None, None)

    def predict(self, impressions: Any, *, first: int = 0, last: int = 0, **more: Any) -> "Scores":
        """The score of each impression, (N,) float64: a probability, but of two-tower. Rows are in the order of days, those
        of a day by time where there is one. Columns in memory may lack the label: nothing was clicked then.
        """
        import numpy as np

        scores: List[Any] = []
        self._ask(ImpressionsArguments(impressions, **more), first, last, scores, {more.get("label") or "label": 0})
        return np.asarray(scores[0])

    def _ask(
        self,
        given: ImpressionsArguments,
        first: int,
        last: int,
        scores: Optional[List[Any]],
        default: Optional[Dict[str, Any]],
    ) -> Dict[str, Any]:
        import numpy as np

        which, day, info = _days(first, last, False, REPORT_FN()), sid_ranker_day(), sid_impressions_info()
        with self._handle.use() as pointer, self._read(pointer, given, default) as rows:
            lib.sid_impressions_get_info(rows, by(info))
            p = np.empty(info.count, dtype=np.float64) if scores is not None else None
            at = None if p is None else address(p)
            self._handle.context.call_long(lib.sid_ranker_eval, pointer, rows, by(which), by(day), at)
        if scores is not None and p is not None:
            scores.append(p[: day.score[0].impressions])
        found = _day(day)
        for name in ("day", "rows", "dropped", "train_s"):
            found.pop(name)
        return found


def _days(first: int, last: int, skip_seen: bool, report: Any) -> sid_ranker_days:
    which = sid_ranker_days(to=int_of(last, "last", -(2**31)), skip_seen=bool(skip_seen), report=report)
    setattr(which, "from", int_of(first, "first", -(2**31)))
    return which


def _features_of(family: Any, catalog: Any, pieces: Any, features: Any, dim: int, options: Dict[str, Any]) -> Any:
    if features is not None:
        if family is not None or catalog is not None or pieces is not None or options:
            raise UsageError("features name the family, its options, catalogue and pieces; leave those keywords out")
        return features
    if catalog is None or pieces is None:
        raise UsageError("catalog= and pieces= say what an item is; or pass features=, a feature file of your own")
    with suppress(AttributeError):
        family = family.strip()
    return default_features(family or "dcnv2", catalog, pieces, dim, **options)
