"""Parquet files and Arrow batches of items to the same with SIDs. Needs pyarrow."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Optional, Sequence

from . import _tables
from ._arrays import codes_of
from ._arrow import to_numpy
from ._errors import DataError, ExistsError
from .catalog import Catalog
from .sids import format as format_sids

if TYPE_CHECKING:
    from ._arrays import Codes, PathLike


def codes_array(codes: "Codes") -> Any:
    """Codes (N, L) as an Arrow column of list<uint16>."""
    import numpy as np

    arrow = _tables.import_pyarrow("codes as Arrow")
    offsets = np.arange(len(codes) + 1, dtype=np.int32) * codes.shape[1]
    return arrow.ListArray.from_arrays(arrow.array(offsets), arrow.array(codes.reshape(-1)))


def encode_batch(catalog: Catalog, batch: Any, vector: Optional[str] = None, keep: Sequence[str] = ()) -> Any:
    """A pyarrow RecordBatch or Table with a column of vectors, or with text, to a Table of item_id, sid and codes.

    keep: other columns that stay. Where there is no item_id there is none in the result.
    """
    arrow = _tables.import_pyarrow("encode_batch")
    table = arrow.table(batch)
    name = _tables.vector_column(table.schema, vector)
    lacking = [column for column in keep if column not in table.column_names]
    if lacking:
        raise DataError(f"there is no column {lacking[0]!r} to keep; the columns are {', '.join(table.column_names)}")
    kept = [column for column in (_tables.ITEM_ID, *keep) if column in table.column_names]
    if len(table) == 0:  # its lists have no width
        codes = codes_of([], catalog.info.levels)
    else:
        codes = catalog.encode(to_numpy(table.column(name)) if name is not None else table.to_pylist())
    columns = {column: table.column(column) for column in kept}
    return arrow.table({**columns, "sid": arrow.array(format_sids(codes), arrow.string()), "codes": codes_array(codes)})


def encode_parquet(
    catalog: Catalog,
    source: "PathLike",
    out: "PathLike",
    *,
    vector: Optional[str] = None,
    keep: Sequence[str] = (),
    batch_rows: int = 65536,
    force: bool = False,
) -> int:
    """Encodes a Parquet file of any size, batch by batch, and writes another: item_id, sid, codes (list<uint16>); how many
    rows.

    vector: the column of vectors; default "vector", else the only one of lists of floats; without one, the texts of each
    row. keep: other columns that go along. ``out`` appears whole or not at all. Raises ExistsError (out exists and not
    ``force``), DataError (a null, another width, a file that is no Parquet).
    """
    if not force and os.path.lexists(out):
        raise ExistsError(f"{os.fspath(out)}: exists already; name another place or pass force=True to replace it")
    parquet = _tables.import_pyarrow("encode_parquet", "pyarrow.parquet")
    file, part, rows = _tables.open_parquet(source), os.fspath(out) + ".part", 0
    try:
        writer = None
        for batch in _batches(file, batch_rows):
            table = encode_batch(catalog, batch, vector, keep)
            writer = writer or parquet.ParquetWriter(part, table.schema)
            writer.write_table(table)
            rows += len(table)
        if writer is not None:
            writer.close()
        os.replace(part, out)
    except BaseException:
        if os.path.lexists(part):
            os.unlink(part)
        raise
    return rows


def _batches(file: Any, batch_rows: int) -> Any:
    """At least one, so that an empty file gets a schema."""
    if file.metadata.num_rows == 0:
        yield file.schema_arrow.empty_table()
    yield from file.iter_batches(batch_size=batch_rows)


def write_catalog(catalog: Catalog, path: "PathLike") -> None:
    """item_id, sid, codes and title of all items; see Catalog.to_parquet."""
    arrow = _tables.import_pyarrow("Catalog.to_parquet")
    parquet = _tables.import_pyarrow("Catalog.to_parquet", "pyarrow.parquet")
    items = catalog.items()
    table = arrow.table(
        {
            "item_id": arrow.array([item.item_id for item in items], arrow.string()),
            "sid": arrow.array([item.sid for item in items], arrow.string()),
            "codes": arrow.array([item.codes for item in items], arrow.list_(arrow.uint16())),
            "title": arrow.array([item.title for item in items], arrow.string()),
        }
    )
    parquet.write_table(table, os.fspath(path))
