"""evaluate: how good models are, beside what needs no training, as a dict with the members of `semid eval --format json`."""

from __future__ import annotations

import ctypes
import math
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Union

from ._arrays import int_of, text_of
from ._context import Context, Progress
from ._errors import UsageError
from ._events import EventsArguments, read, split_options
from ._inputs import is_path, vectors as vectors_of
from ._native_model import (
    CUTOFFS_MAX,
    METRICS,
    lib,
    sid_eval_options,
    sid_eval_row,
    sid_evaluation,
    sid_events_options,
    sid_search_options,
)
from .catalog import Catalog

if TYPE_CHECKING:
    from ._arrays import PathLike
    from .model import Model

by = ctypes.byref


def catalog_pointer(catalog: "Union[None, Catalog, PathLike]", stack: ExitStack) -> Optional[ctypes.c_void_p]:
    """The sid_catalog of one that is open, or of a folder, which is open until the stack ends; None: NULL."""
    if catalog is None:
        return None
    if not isinstance(catalog, Catalog):
        catalog = stack.enter_context(Catalog.open(catalog))
    return stack.enter_context(catalog._handle.shared())


def search_options(beam: int, search: Optional[str], cold: Optional[str]) -> sid_search_options:
    return sid_search_options(
        beam=int_of(beam, "beam", 0), search=text_of(search, "search"), cold=text_of(cold, "cold")
    )


def cutoffs(k: Union[int, Sequence[int]]) -> List[int]:
    """(5, 10), or one."""
    found = [k] if isinstance(k, int) else list(k)
    if not 1 <= len(found) <= CUTOFFS_MAX:
        raise UsageError(f"k has {len(found)} numbers; 1 to {CUTOFFS_MAX}, rising, are expected, such as (5, 10)")
    return [int_of(one, "k", 1) for one in found]


# ---- The result -----------------------------------------------------------------------------------------------------


def _number(value: float) -> Optional[float]:
    return None if math.isnan(value) else value


def _values(e: sid_evaluation, values: Any) -> Dict[str, Optional[float]]:
    return {f"{metric}@{e.k[k]}": _number(values[m][k]) for m, metric in enumerate(METRICS) for k in range(e.k_count)}


def _means(e: sid_evaluation, intervals: Any) -> Dict[str, Optional[float]]:
    return {
        f"{metric}@{e.k[k]}": _number(intervals[m][k].mean)
        for m, metric in enumerate(METRICS)
        for k in range(e.k_count)
    }


def _bounds(e: sid_evaluation, intervals: Any) -> Dict[str, List[Optional[float]]]:
    return {
        f"{metric}@{e.k[k]}": [_number(intervals[m][k].low), _number(intervals[m][k].high)]
        for m, metric in enumerate(METRICS)
        for k in range(e.k_count)
    }


def _by_cutoff(e: sid_evaluation, values: Any) -> Dict[str, Any]:
    return {f"@{e.k[k]}": _number(values[k]) for k in range(e.k_count)}


def _segments(e: sid_evaluation, row: sid_eval_row) -> Dict[str, Any]:
    return {
        s.name.decode(): {"targets": s.targets, "metrics": _values(e, s.mean)}
        for s in (row.segment[i] for i in range(row.segment_count))
    }


def _row(e: sid_evaluation, row: sid_eval_row) -> Dict[str, Any]:
    is_generator = not math.isnan(row.invalid_rate)
    out: Dict[str, Any] = {
        "family": row.family.decode(),
        "options": row.options.decode(),
        "id": (row.id or b"").decode(),
        "seed": row.seed,
        "metrics": _means(e, row.value),
    }
    if not math.isnan(row.value[0][0].low):
        out["ci95"] = _bounds(e, row.value)
    out.update(
        options_hash=(row.options_hash or b"").decode(),
        sid_version=row.sid_version.decode() if row.sid_version else None,
        collisions=_number(row.collisions),
        sid_metrics=_values(e, row.sid_value) if is_generator else {},
        coverage=_by_cutoff(e, row.coverage),
        gini=_by_cutoff(e, row.gini),
        novelty=_by_cutoff(e, row.novelty),
        diversity=_by_cutoff(e, row.diversity),
        cold_items=_by_cutoff(e, row.cold_items),
        cold_share=_by_cutoff(e, row.cold_share),
        segments=_segments(e, row),
    )
    if is_generator:
        out.update(exact_rate=_number(row.exact_rate), invalid_rate=_number(row.invalid_rate))
    if row.seeds > 0:
        out.update(seeds=row.seeds, seed_deviation=_values(e, row.seed_deviation))
    out.update(train_s=row.train_s, eval_s=row.eval_s)
    return out


def _paired(e: sid_evaluation) -> List[Dict[str, Any]]:
    return [
        {
            "a": pair.a,
            "b": pair.b,
            "metric": f"{metric}@{e.k[k]}",
            "difference": _number(pair.difference[m][k].mean),
            "ci95": [_number(pair.difference[m][k].low), _number(pair.difference[m][k].high)],
        }
        for pair in (e.pair[p] for p in range(e.pair_count))
        for m, metric in enumerate(METRICS)
        for k in range(e.k_count)
    ]


SPLIT_MEMBERS = (
    "train_events valid_events test_events test_targets users_without_history users_excluded cold_items cold_events "
    "cold_targets"
).split()


def _table(
    e: sid_evaluation, dataset: str, split: Optional[str], ties: Optional[str], cold: Optional[str]
) -> Dict[str, Any]:
    rows = [e.row[r] for r in range(e.row_count)]
    return {
        "format": 1,
        "cold": cold,
        "dataset": dataset,
        "split": split or "loo",
        "part": e.part.decode(),
        "ties": ties or "file",
        "filter": "none" if e.keep_history else "seen",
        "users": e.users,
        "candidates": e.candidates,
        "targets": e.targets,
        "cold_targets": e.cold_targets,
        "tied_events_rate": _number(e.split.tied_events_rate),
        "tied_targets_rate": _number(e.tied_targets_rate),
        "events": {name: getattr(e.split, name) for name in SPLIT_MEMBERS},
        "models": [_row(e, row) for row in rows if not row.is_baseline],
        "baselines": [_row(e, row) for row in rows if row.is_baseline],
        "paired": _paired(e),
    }


# ---- The question ---------------------------------------------------------------------------------------------------


def _events_of(pointers: List[Any], catalog: Any) -> sid_events_options:
    """The items are those of the models, else of the catalogue, else of the events."""
    options = sid_events_options()
    if pointers:
        options.item_ids = ctypes.cast(lib.sid_model_item_ids(pointers[0]), ctypes.c_void_p)
        options.item_count = _item_count(pointers[0])
    elif catalog is not None:
        options.catalog = catalog
    return options


def _item_count(pointer: Any) -> int:
    from ._native_model import sid_model_info

    info = sid_model_info()
    lib.sid_model_get_info(pointer, by(info))
    return int(info.items)


def evaluate(
    events: Any,
    models: "Sequence[Model]" = (),
    *,
    split: Optional[str] = None,
    ties: Optional[str] = None,
    targets: Optional[str] = None,
    cold_fraction: float = 0,
    part: str = "test",
    k: Union[int, Sequence[int]] = (5, 10),
    keep_history: bool = False,
    bootstrap: int = 1000,
    seed: int = 42,
    baselines: bool = True,
    catalog: "Union[None, Catalog, PathLike]" = None,
    vectors: Any = None,
    ids: Any = None,
    beam: int = 0,
    search: Optional[str] = None,
    cold: Optional[str] = None,
    repeats: Optional[str] = None,
    core: int = 0,
    on_error: str = "fail",
    threads: int = 0,
    memory_limit: int = 0,
    progress: Optional[Progress] = None,
) -> Dict[str, Any]:
    """Asks each test user's next item of models, ranking all items, and of pop, last and itemknn beside them.

    events: a file or rows, as in :meth:`semid.Model.train`. models: trained on the same split of them. split: "loo"
    (default), "time=0.8,0.1", "column". ties: "file" (default), "shuffle", "exclude". part: "test" or "valid". k: cut-offs.
    bootstrap: resamples of the users for intervals; 0: none. vectors, ids, or a catalogue that has vectors: for itemknn.
    beam, search ("beam", "exact", "oracle") and cold ("quota=2", "rerank"): of models that write SIDs.

    Gives a dict with the members that ``semid eval --format json`` prints: docs/guide/evaluation.md says what they mean.
    Raises UsageError (a model of another split or other items), DataError (nobody is asked).
    """
    context = Context(threads, memory_limit, progress)
    options = sid_eval_options(
        split=split_options(split, ties, targets, cold_fraction, seed),
        keep_history=bool(keep_history),
        bootstrap=int_of(bootstrap, "bootstrap", 0) or -1,
        seed=int_of(seed, "seed", 0, 2**63 - 1),
        no_baselines=not baselines,
        search=search_options(beam, search, cold),
        part=text_of(part, "part"),
    )
    for at, one in enumerate(cutoffs(k)):
        options.k[at] = one
    e = sid_evaluation()
    try:
        with ExitStack() as stack:
            pointers = [stack.enter_context(model._handle.shared()) for model in models]
            catalog_given = catalog_pointer(catalog, stack)
            options.catalog = catalog_given
            if vectors is not None:
                options.vectors = stack.enter_context(vectors_of(context, vectors, ids, None, on_error))
            given = EventsArguments(events, repeats, core, on_error)
            events_pointer = stack.enter_context(read(context, given, _events_of(pointers, catalog_given)))
            array = (ctypes.c_void_p * max(len(pointers), 1))(*(pointer.value for pointer in pointers))
            context.call_long(
                lib.sid_evaluate, context.pointer, events_pointer, by(options), array, len(pointers), by(e)
            )
            return _table(e, os.fspath(events) if is_path(events) else "events", split, ties, cold)
    finally:
        lib.sid_evaluation_drop(by(e))
        context.free()
