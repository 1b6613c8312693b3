"""Tables of items: Arrow tables of any library and Parquet files, by pyarrow, which is imported when one is met."""

from __future__ import annotations

import importlib
import os
from typing import Any, Dict, List, NamedTuple, Optional

from ._arrow import is_arrow, to_numpy
from ._errors import DataError, MissingFileError

ITEM_ID, VECTOR = "item_id", "vector"


class Parts(NamedTuple):
    """vectors (N, D) or None; ids, and the other columns as rows with item_id: None where there are none."""

    vectors: Any
    ids: Optional[List[Any]]
    rows: Optional[List[Dict[str, Any]]]


def import_pyarrow(purpose: str, module: str = "pyarrow") -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{purpose} needs pyarrow: pip install pyarrow") from error


def is_parquet(value: Any) -> bool:
    return isinstance(value, (str, os.PathLike)) and os.fspath(value).endswith(".parquet")


def is_table(value: Any) -> bool:
    """A Parquet file, or a table or batch of columns; a DataFrame of pandas is not one."""
    if is_parquet(value):
        return True
    return is_arrow(value) and not hasattr(value, "iloc") and (hasattr(value, "schema") or hasattr(value, "columns"))


def open_parquet(path: Any) -> Any:
    """A pyarrow.parquet.ParquetFile."""
    if not os.path.exists(path):
        raise MissingFileError(f"{os.fspath(path)}: No such file or directory")
    parquet = import_pyarrow("reading Parquet", "pyarrow.parquet")
    try:
        return parquet.ParquetFile(os.fspath(path))
    except import_pyarrow("reading Parquet").ArrowInvalid as error:
        raise DataError(f"{os.fspath(path)}: {error}; a Parquet file is expected") from error


def vector_column(schema: Any, wanted: Optional[str]) -> Optional[str]:
    """The column named, else "vector", else the only one of lists of floats, by a pyarrow schema; None: there is none."""
    types = import_pyarrow("a table").types
    if wanted is not None:
        if wanted not in schema.names:
            raise DataError(f"there is no column {wanted!r}; the columns are {', '.join(schema.names)}")
        return wanted

    def is_list(kind: Any) -> bool:
        kind = getattr(kind, "storage_type", kind)  # of a tensor
        lists = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
        return bool(lists and types.is_floating(kind.value_type))

    found = [field.name for field in schema if is_list(field.type)]
    if VECTOR in found or len(found) == 1:
        return VECTOR if VECTOR in found else str(found[0])
    if found:
        raise DataError(
            f'columns {", ".join(found)} hold vectors; name one of them "{VECTOR}", or pass the column itself'
        )
    return None


def take(source: Any, vector: Optional[str] = None) -> Parts:
    """Vectors, ids and rows of a table."""
    table = open_parquet(source).read() if is_parquet(source) else import_pyarrow("a table").table(source)
    name = vector_column(table.schema, vector)
    ids = table.column(ITEM_ID).to_pylist() if ITEM_ID in table.column_names else None
    others = [column for column in table.column_names if column not in (name, ITEM_ID)]
    rows = None
    if others:
        rows = table.select([*([ITEM_ID] if ids is not None else []), *others]).to_pylist()
    return Parts(None if name is None else to_numpy(table.column(name)), ids, rows)


class Given(NamedTuple):
    """X, ids and items, as Catalog's methods take them."""

    X: Any
    ids: Any
    items: Any


def given(X: Any, ids: Any, items: Any = None) -> Given:
    """The same in place of a table: vectors with the other columns as items, or items with text."""
    if not is_table(X):
        return Given(X, ids, items)
    parts = take(X)
    if parts.vectors is None:
        if not parts.rows:
            raise DataError(f'the table has neither a column of vectors nor one of texts beside "{ITEM_ID}"')
        return Given(parts.rows, ids, items)
    own_ids = ids if ids is not None else parts.ids
    has_rows = items is None and parts.rows is not None and parts.ids is not None
    return Given(parts.vectors, own_ids, parts.rows if has_rows else items)
