"""Metrics of lists that anything recommended, by the definitions of semid_model.h, so that they stand beside `evaluate`."""

from __future__ import annotations

import math
from typing import Any, Dict, List, Sequence, Set, Union

from ._errors import DataError
from .evaluation import cutoffs


def _ids(found: Any) -> List[str]:
    return [str(one if isinstance(one, (str, int)) else one.item_id) for one in found]


def _wanted(target: Any) -> Set[str]:
    wanted = {str(target)} if isinstance(target, (str, int)) else {str(one) for one in target}
    if not wanted:
        raise DataError("a list without a target cannot be judged; leave it out")
    return wanted


def _of_one(found: List[str], wanted: Set[str], k: int) -> Dict[str, float]:
    places = [place for place, item in enumerate(found[:k], 1) if item in wanted]
    best = sum(1 / math.log2(place + 1) for place in range(1, min(len(wanted), k) + 1))
    return {
        "recall": len(places) / len(wanted),
        "hit_rate": float(bool(places)),
        "ndcg": sum(1 / math.log2(place + 1) for place in places) / best,
        "mrr": 1 / places[0] if places else 0.0,
    }


def of_lists(
    recommended: Sequence[Any], targets: Sequence[Any], k: Union[int, Sequence[int]] = (5, 10)
) -> Dict[str, float]:
    """Means over users: recall, hit rate, NDCG and MRR at each k.

    recommended: a list of ids, or of :class:`semid.Recommendation`, a user, best first. targets: an id a user, or several.
    A list shorter than k is one that found no more.

    >>> semid.metrics.of_lists([["a", "b"], ["c"]], ["b", "d"], k=2)
    {'recall@2': 0.5, 'hit_rate@2': 0.5, 'ndcg@2': 0.3154648767857287, 'mrr@2': 0.25}
    Raises DataError (another number of targets, an item twice in a list, nobody).
    """
    if len(recommended) != len(targets) or not len(targets):
        raise DataError(f"{len(recommended)} lists and {len(targets)} targets; as many, one a user, are expected")
    lists, wanted = [_ids(found) for found in recommended], [_wanted(target) for target in targets]
    for user, found in enumerate(lists):
        if len(set(found)) != len(found):
            raise DataError(f"list {user} names an item twice")
    out: Dict[str, List[float]] = {}
    for cutoff in cutoffs(k):
        for found, target in zip(lists, wanted):
            for name, value in _of_one(found, target, cutoff).items():
                out.setdefault(f"{name}@{cutoff}", []).append(value)
    return {name: math.fsum(values) / len(values) for name, values in out.items()}


def coverage(recommended: Sequence[Any], items: int, k: int) -> float:
    """The share of ``items`` candidates that stands among the first k of somebody."""
    return len({item for found in recommended for item in _ids(found)[:k]}) / items
