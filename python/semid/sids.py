"""SIDs as text: `12-153-87`, codes joined by dashes, coarse to fine."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, List, Optional, Tuple, Union

from ._arrays import address, array_of, codes_of, text_of
from ._errors import DataError, check
from ._native import LEVELS_MAX, lib, sid_error

if TYPE_CHECKING:
    from ._arrays import Codes


def format_one(codes: Any) -> str:
    return "-".join(map(str, codes.tolist()))


def prefix_text(prefix: Union[None, str, Tuple[int, ...]]) -> Optional[bytes]:
    """A prefix as C takes it; None: none."""
    if prefix is None or isinstance(prefix, str):
        return text_of(prefix, "prefix")
    return format_one(codes_of([list(prefix)])[0]).encode()


def format(codes: Any) -> Any:
    """Codes (N, L) to N texts; codes (L,) to one.

    >>> semid.format([[12, 153, 87], [12, 153, 9]])
    ['12-153-87', '12-153-9']
    Raises DataError (not one row, or rows, of codes of 0 to 65535), TypeError (not whole numbers).
    """
    import numpy as np

    array = np.asarray(array_of(codes, "codes"))
    if array.ndim == 1 and array.size:
        return format_one(codes_of(array[None, :])[0])
    return [format_one(row) for row in codes_of(array)]


def _parse_one(text: Any, row: int) -> "Codes":
    import numpy as np

    codes: "Codes" = np.empty(LEVELS_MAX + 1, dtype=np.uint16)
    count, error = ctypes.c_int(), sid_error()
    encoded = text_of(text, f"row {row}") or b""
    status = lib.sid_parse(encoded, len(codes), address(codes), ctypes.byref(count), ctypes.byref(error))
    if status:
        error.message = f"row {row}, {text!r}: ".encode("utf-8", "replace")[:200] + bytes(error.message)[:800]
        error.row = row
    check(status, error)
    return codes[: count.value]


def parse(texts: Any) -> "Codes":
    """N texts to codes (N, L) uint16; one text to (L,). The inverse of :func:`format`.

    >>> semid.parse(["12-153-87", "12-153-9"]).tolist()
    [[12, 153, 87], [12, 153, 9]]
    Raises UsageError (no SID; names row and byte), DataError (SIDs of unequal length: the policy "suffix" makes such).
    """
    import numpy as np

    if isinstance(texts, str):
        return _parse_one(texts, 0).copy()
    rows: List["Codes"] = [_parse_one(text, row) for row, text in enumerate(texts)]
    for row, codes in enumerate(rows):
        if len(codes) != len(rows[0]):
            raise DataError(
                f"row {row} has {len(codes)} codes, row 0 has {len(rows[0])}; parse SIDs of one length together"
            )
    return np.stack(rows) if rows else np.zeros((0, 0), dtype=np.uint16)
