"""Items and labels as Python sees them, copied out of C lists."""

from __future__ import annotations

import ctypes
import json
import math
from typing import Any, Dict, List, NamedTuple, Optional

from ._native import lib, sid_hits, sid_labels


class Item(NamedTuple):
    """An item as the catalogue holds it, or a hit of a query.

    ``assigned``: "argmin" the quantizer's own choice for the vector; "fit" given while fitting or importing, another
    than encoding would choose; "policy" changed by the collision policy. ``distance`` (L2, of the vectors' unit) and
    ``shared`` (levels of common prefix) belong to queries; elsewhere they are None and 0.
    """

    item_id: str
    sid: str
    title: str
    distance: Optional[float]
    shared: int
    row: int
    state: str
    assigned: str
    metadata_json: str

    @property
    def metadata(self) -> Dict[str, Any]:
        """The item's columns, by name."""
        return json.loads(self.metadata_json) if self.metadata_json else {}

    @property
    def codes(self) -> "tuple[int, ...]":
        """The codes of its SID, an added digit included."""
        return tuple(map(int, self.sid.split("-")))


class Label(NamedTuple):
    """What the items below a prefix have in common, in words; "" where they have no text."""

    prefix: str
    words: str
    items: int
    depth: int


def _item(h: Any) -> Item:
    return Item(
        h.item_id.decode(),
        h.sid.decode(),
        (h.title or b"").decode(),
        None if math.isnan(h.distance) else h.distance,
        h.shared,
        h.row,
        h.state.decode(),
        h.assigned.decode(),
        (h.metadata or b"").decode(),
    )


def take_hits(hits: sid_hits) -> List[Item]:
    """Copies and drops them."""
    try:
        return [_item(hits.row[i]) for i in range(hits.count)]
    finally:
        lib.sid_hits_drop(ctypes.byref(hits))


def take_sids(hits: sid_hits) -> Dict[str, str]:
    """item_id -> SID, by row. Drops the hits."""
    try:
        rows = (hits.row[i] for i in range(hits.count))
        return {h.item_id.decode(): h.sid.decode() for h in rows}
    finally:
        lib.sid_hits_drop(ctypes.byref(hits))


def take_labels(labels: sid_labels) -> List[Label]:
    """Copies and drops them."""
    try:
        rows = (labels.row[i] for i in range(labels.count))
        return [Label(r.prefix.decode(), (r.words or b"").decode(), r.items, r.depth) for r in rows]
    finally:
        lib.sid_labels_drop(ctypes.byref(labels))
