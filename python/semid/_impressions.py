"""Impressions on their way into C: a file, or columns in memory, which go through a temporary file."""

from __future__ import annotations

import ctypes
import os
import re
import tempfile
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from ._arrays import int_of, path_of, text_of
from ._context import Context
from ._errors import DataError, Error
from ._events import _cell, _values_of
from ._inputs import is_path, read_options
from ._native_rank import lib, sid_impressions_options


class ImpressionsArguments(NamedTuple):
    """What a ranker or a retriever was given of impressions, as it was given."""

    impressions: Any
    label: Optional[str] = None
    positive: Optional[str] = None
    implicit: Optional[str] = None
    days: int = 0
    sort: bool = False
    seed: int = 42
    on_error: str = "fail"

    def options(self) -> sid_impressions_options:
        return sid_impressions_options(
            read=read_options(self.on_error),
            label=text_of(self.label, "label"),
            positive=text_of(self.positive, "positive"),
            implicit=text_of(self.implicit, "implicit"),
            days=int_of(self.days, "days", 0),
            sort=bool(self.sort),
            seed=int_of(self.seed, "seed", 0, 2**63 - 1),
        )


def columns_of(impressions: Any) -> Dict[str, List[Any]]:
    """The columns of a dict of columns, a DataFrame or an Arrow table."""
    if hasattr(impressions, "to_pydict"):  # Arrow
        return dict(impressions.to_pydict())
    if isinstance(impressions, dict) or (hasattr(impressions, "to_dict") and hasattr(impressions, "columns")):
        names = list(impressions if isinstance(impressions, dict) else impressions.columns)
        return {str(name): _values_of(impressions[name]) for name in names}
    raise TypeError(
        f"impressions is a {type(impressions).__name__}; a file, or a DataFrame, an Arrow table or a dict of columns "
        "user_id, item_id, label and day or timestamp is expected"
    )


def _write(columns: Dict[str, List[Any]], path: str) -> None:
    counts = {name: len(values) for name, values in columns.items()}
    if len(set(counts.values())) > 1:
        raise DataError(f"impressions: columns are of unequal length: {counts}")
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write("\t".join(columns) + "\n")
        for row, values in enumerate(zip(*columns.values())):
            file.write("\t".join(_cell(int(v) if isinstance(v, bool) else v, n, row) for n, v in zip(columns, values)))
            file.write("\n")


@contextmanager
def as_file(impressions: Any, default: Optional[Dict[str, Any]] = None) -> Iterator[bytes]:
    """The path of a file of impressions. default: columns that what is in memory may lack, with a value for all rows."""
    if is_path(impressions):
        yield path_of(impressions, "impressions")
        return
    columns = columns_of(impressions)
    rows = len(next(iter(columns.values()), []))
    for name, value in (default or {}).items():
        columns.setdefault(name, [value] * rows)
    with tempfile.TemporaryDirectory(prefix="semid-") as folder:
        path = os.path.join(folder, "impressions.tsv")
        _write(columns, path)
        try:
            yield os.fsencode(path)
        except Error as error:
            raise _of_row(error, path) from None


def _of_row(error: Error, path: str) -> Error:
    """An error of the temporary file, which the caller never saw, as one of a row."""
    row = None if error.row is None else error.row - 2  # the header is line 1
    place = "impressions:" if row is None else f"impressions: row {row}:"
    made = type(error)(re.sub(re.escape(path) + r"(:\d+)?:", place, error.message))
    made.row = row
    return made


@contextmanager
def read(context: Context, given: ImpressionsArguments) -> Iterator[ctypes.c_void_p]:
    """A sid_impressions with the usual columns."""
    options, out = given.options(), ctypes.c_void_p()
    try:
        with as_file(given.impressions) as path:
            context.call_long(lib.sid_impressions_read, context.pointer, path, ctypes.byref(options), ctypes.byref(out))
        yield out
    finally:
        lib.sid_impressions_free(out)
