"""Events on their way into C: a file, or rows in memory, which go through a temporary file."""

from __future__ import annotations

import ctypes
import datetime
import os
import re
import tempfile
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

from ._arrays import int_of, path_of, text_of
from ._context import Context
from ._errors import DataError, Error
from ._inputs import is_path, read_options
from ._native_model import lib, sid_events_options, sid_split_options

COLUMNS = ("user_id", "item_id", "timestamp", "split")


class EventsArguments(NamedTuple):
    """What Model.train and evaluate were given of events, as it was given."""

    events: Any
    repeats: Optional[str] = None
    core: int = 0
    on_error: str = "fail"


# ---- Rows -----------------------------------------------------------------------------------------------------------


def _columns_of_rows(rows: Sequence[Any]) -> Dict[str, List[Any]]:
    if rows and isinstance(rows[0], dict):
        names = [name for name in COLUMNS if name in rows[0]]
        try:
            return {name: [row[name] for row in rows] for name in names}
        except KeyError as error:
            raise DataError(f"events: a row lacks {error}, which the first row has") from error
    widths = {len(row) for row in rows if isinstance(row, (tuple, list))}
    if len(widths) != 1 or not 2 <= min(widths) <= 3 or any(not isinstance(row, (tuple, list)) for row in rows):
        raise DataError("events: rows of (user, item) or (user, item, time) are expected, all of one length")
    return dict(zip(COLUMNS, map(list, zip(*rows))))


def columns_of(events: Any) -> Dict[str, List[Any]]:
    """The columns of a dict of columns, a DataFrame, an Arrow table, or rows of dicts or tuples."""
    if hasattr(events, "to_pydict"):  # Arrow
        found = events.to_pydict()
        return {name: found[name] for name in COLUMNS if name in found}
    if isinstance(events, dict) or (hasattr(events, "to_dict") and hasattr(events, "columns")):
        return {name: _values_of(events[name]) for name in COLUMNS if name in events}
    if isinstance(events, (list, tuple)):
        return _columns_of_rows(events)
    raise TypeError(
        f"events is a {type(events).__name__}; a file, rows of (user, item, time), or a DataFrame, an Arrow table or a "
        "dict with columns user_id, item_id and timestamp are expected"
    )


def _values_of(column: Any) -> List[Any]:
    if getattr(getattr(column, "dtype", None), "kind", "") == "M":
        column = column.astype("datetime64[us]")
    return list(column.tolist() if hasattr(column, "tolist") else column)


def _cell(value: Any, name: str, row: int) -> str:
    if isinstance(value, datetime.datetime):
        return value.isoformat() + ("Z" if value.tzinfo is None else "")
    if value is None or isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise TypeError(f"events: row {row}: {name} is {value!r}; a str, a number or a datetime is expected")
    text = repr(value) if isinstance(value, float) else str(value)
    if "\t" in text or "\n" in text or "\r" in text:
        raise DataError(f"events: row {row}: {name} is {text!r}; tabs and line ends are no part of an id")
    return text


def _write(events: Any, path: str) -> None:
    columns = columns_of(events)
    lacking = [name for name in COLUMNS[:2] if name not in columns]
    if lacking:
        raise DataError(
            f"events have no column {lacking[0]}; user_id and item_id are expected, timestamp and split can be"
        )
    if len({len(values) for values in columns.values()}) > 1:
        raise DataError(f"events: columns have {', '.join(str(len(v)) for v in columns.values())} rows; as many each")
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write("\t".join(columns) + "\n")
        for row, values in enumerate(zip(*columns.values())):
            file.write("\t".join(_cell(value, name, row) for name, value in zip(columns, values)) + "\n")


def _of_row(error: Error, path: str) -> Error:
    """An error of the temporary file, which the caller never saw, as one of a row."""
    row = None if error.row is None else error.row - 2  # the header is line 1
    message = re.sub(re.escape(path) + r"(:\d+)?:", "events:" if row is None else f"events: row {row}:", error.message)
    made = type(error)(message)
    made.row = row
    return made


# ---- Read -----------------------------------------------------------------------------------------------------------


@contextmanager
def read(context: Context, given: EventsArguments, options: sid_events_options) -> Iterator[ctypes.c_void_p]:
    """A sid_events of a file or rows; `options` says which items there are."""
    options.read = read_options(given.on_error)
    options.repeats = text_of(given.repeats, "repeats")
    options.core = int_of(given.core, "core", 0)
    out = ctypes.c_void_p()
    try:
        if is_path(given.events):
            _read_file(context, path_of(given.events, "events"), options, out)
        else:
            with tempfile.TemporaryDirectory(prefix="semid-") as folder:
                path = os.path.join(folder, "events.tsv")
                _write(given.events, path)
                try:
                    _read_file(context, os.fsencode(path), options, out)
                except Error as error:
                    raise _of_row(error, path) from None
        yield out
    finally:
        lib.sid_events_free(out)


def _read_file(context: Context, path: bytes, options: sid_events_options, out: ctypes.c_void_p) -> None:
    context.call_long(lib.sid_events_read, context.pointer, path, ctypes.byref(options), ctypes.byref(out))


def split_options(
    split: Optional[str], ties: Optional[str], targets: Optional[str], cold_fraction: float, seed: int
) -> sid_split_options:
    return sid_split_options(
        split=text_of(split, "split"),
        ties=text_of(ties, "ties"),
        targets=text_of(targets, "targets"),
        cold_fraction=float(cold_fraction),
        seed=int_of(seed, "seed", 0, 2**63 - 1),
    )
