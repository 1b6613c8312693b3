"""Prefixes: the trie of a catalogue's SIDs, for what generates them: which codes may follow, which items lie below."""

from __future__ import annotations

import ctypes
import weakref
from typing import TYPE_CHECKING, Any, Sequence, Tuple

from ._arrays import address, codes_of, int_of
from ._native import lib, sid_child

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .catalog import Catalog

CODES = 65536


class Prefixes:
    """The SIDs of a catalogue as they are now; it never changes, and threads may share it. Made by ``catalog.prefixes()``.

    A prefix is a tuple of codes, () for all; added digits are codes too.
    """

    def __init__(self, catalog: "Catalog") -> None:
        self._pointer = ctypes.c_void_p()
        with catalog._handle.shared() as pointer:
            catalog._handle.context.call_long(lib.sid_catalog_prefixes, pointer, ctypes.byref(self._pointer))
        weakref.finalize(self, lib.sid_prefixes_free, self._pointer)

    def __len__(self) -> int:
        """Items."""
        return int(lib.sid_prefixes_count(self._pointer))

    @property
    def version(self) -> int:
        """That of the catalogue when it was made."""
        return int(lib.sid_prefixes_version(self._pointer))

    def children(self, prefix: Sequence[int] = ()) -> "Tuple[NDArray[np.uint16], NDArray[np.int64]]":
        """The codes that follow ``prefix`` in some SID, ascending, and the items below each."""
        import numpy as np

        at = _codes(prefix)
        out = np.empty(256, dtype=CHILD)
        parts, first = [], 0
        while first < CODES:
            count = lib.sid_prefixes_children(self._pointer, address(at), len(prefix), first, len(out), address(out))
            parts.append(out[:count].copy())
            if count < len(out):
                break
            first = int(out[-1]["code"]) + 1
        every = np.concatenate(parts)
        return every["code"], every["items"]

    def rows(self, prefix: Sequence[int] = (), first: int = 0, max: int = 100) -> "Tuple[NDArray[np.int64], int]":
        """Rows of the items below ``prefix``, by SID: a page of at most ``max`` from the first-th; and how many in all."""
        import numpy as np

        at, begin = _codes(prefix), int_of(first, "first", 0, 2**62)
        out = np.empty(int_of(max, "max", 0, 2**40), dtype=np.int64)
        total = int(lib.sid_prefixes_find(self._pointer, address(at), len(prefix), begin, len(out), address(out)))
        return out[: min(len(out), builtin_max(0, total - begin))], total


builtin_max = max
CHILD: Any = {
    "names": ["code", "items", "prefixes"],
    "formats": ["u2", "i8", "i8"],
    "offsets": [sid_child.code.offset, sid_child.items.offset, sid_child.prefixes.offset],
    "itemsize": ctypes.sizeof(sid_child),
}


def _codes(prefix: Sequence[int]) -> Any:
    return codes_of([list(prefix)])[0] if len(prefix) else codes_of([[0]])[0]
