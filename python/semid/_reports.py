"""What is said of a catalogue as a whole: health, labels, drawings, what moved between versions, files for others."""

from __future__ import annotations

import ctypes
import json
import math
import os
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple, Union

from . import _native
from ._arrays import PathLike, int_of, optional_path, path_of, text_of
from ._handle import Handle, Owner
from ._items import Buckets, Label, Map, take_buckets, take_labels, take_map
from ._native import lib
from .sids import prefix_text

if TYPE_CHECKING:
    from .catalog import Catalog

by = ctypes.byref


def _number(value: float) -> Optional[float]:
    return None if math.isnan(value) else value


class Reports(Owner[Handle]):
    """A part of :class:`semid.Catalog`."""

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
            name=text_of(self._handle.path if name is None else name, "name"),
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
            prefix=prefix_text(prefix), max=int_of(max, "max", 1, 2**62), seed=int_of(seed, "seed", 0, 2**63 - 1)
        )
        out = _native.sid_map()
        with self._handle.shared() as pointer:
            self._handle.context.call_long(lib.sid_catalog_map, pointer, by(options), by(out))
        return take_map(out)

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
        if not isinstance(old, Reports):
            from .catalog import Catalog

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
            context.call_long(
                lib.sid_catalog_verify, context.pointer, os.fsencode(self._handle.path), bool(full), by(r)
            )
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
