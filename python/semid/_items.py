"""A catalogue's figures, its items and labels as Python sees them, copied out of C."""

from __future__ import annotations

import ctypes
import json
import math
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Tuple

from ._native import lib, sid_buckets, sid_catalog_info, sid_hits, sid_labels, sid_map

if TYPE_CHECKING:
    from ._arrays import Rows


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


def take_info(catalog: ctypes.c_void_p) -> Info:
    """Copies what lives as long as the catalogue is open."""
    i = sid_catalog_info()
    lib.sid_catalog_get_info(catalog, ctypes.byref(i))
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
    """What the items below a prefix have in common, in words; "" where they have no text. With a category: the commonest
    one of ``depth`` parts, and its share of the items that have one.
    """

    prefix: str
    words: str
    items: int
    depth: int
    purity: Optional[float] = None
    category: Optional[str] = None


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


class Bucket(NamedTuple):
    """Items that share their codes. ``distinct``: of the ``measured`` vectors; None where vectors were dropped, 1 where
    nothing tells the items apart. ``spread``: root mean square distance to their mean.
    """

    sid: str
    size: int
    distinct: Optional[int]
    measured: int
    spread: Optional[float]


class Buckets(List[Bucket]):
    """A page of them. ``shared``: of two or more items, on all pages; ``by_size``: how many of 2^b to 2^(b+1) - 1 items."""

    shared: int = 0
    by_size: "tuple[int, ...]" = ()


class Map(NamedTuple):
    """Items on the plane of their first two principal components. xy (N, 2) float32, from the mean; ``of``: items below the
    prefix; ``share``: of the variance that x and y show; ``spread``: root mean square distance to the mean.
    ``is_decoded``: vectors were dropped, these are reconstructions.
    """

    items: List[Item]
    xy: "Rows"
    of: int
    share: "tuple[float, float]"
    spread: float
    is_decoded: bool


def take_buckets(buckets: sid_buckets) -> Buckets:
    """Copies and drops them."""
    try:
        out = Buckets(
            Bucket(
                b.sid.decode(),
                b.size,
                None if b.distinct < 0 else b.distinct,
                b.measured,
                None if math.isnan(b.spread) else b.spread,
            )
            for b in (buckets.row[i] for i in range(buckets.count))
        )
        out.shared, out.by_size = buckets.shared, tuple(buckets.by_size)
        return out
    finally:
        lib.sid_buckets_drop(ctypes.byref(buckets))


def take_map(drawn: sid_map) -> Map:
    """Copies and drops it."""
    import numpy as np

    try:
        items = [_item(drawn.items.row[i]) for i in range(drawn.items.count)]
        xy = np.zeros((len(items), 2), dtype=np.float32)
        if items:
            ctypes.memmove(xy.ctypes.data, drawn.xy, xy.nbytes)
        return Map(items, xy, drawn.of, (drawn.share[0], drawn.share[1]), drawn.spread, drawn.is_decoded)
    finally:
        lib.sid_map_drop(ctypes.byref(drawn))


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
        return [
            Label(
                r.prefix.decode(),
                (r.words or b"").decode(),
                r.items,
                r.depth,
                None if math.isnan(r.purity) else r.purity,
                _optional(r.category),
            )
            for r in rows
        ]
    finally:
        lib.sid_labels_drop(ctypes.byref(labels))
