"""For Spark: `frame.mapInArrow(encode_in_arrow("catalog"), SCHEMA)`."""

from __future__ import annotations

from typing import Any, Callable, Iterator, Optional

from ..catalog import Catalog

SCHEMA = "item_id string, sid string, codes array<int>"  # Spark has no unsigned numbers


def encode_in_arrow(
    path: str, vector: Optional[str] = None, threads: int = 1
) -> Callable[[Iterator[Any]], Iterator[Any]]:
    """A function of RecordBatches for ``mapInArrow``: item_id and a column of vectors to item_id, sid and codes.

    path: a catalogue's folder that every executor sees; each of its Python processes opens it once. threads: a task's.
    """

    def encode(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow  # type: ignore[import-not-found, import-untyped, unused-ignore]

        from ..parquet import encode_batch

        with Catalog.open(path, threads=threads) as catalog:
            for batch in batches:
                table = encode_batch(catalog, batch, vector)
                codes = table["codes"].cast(pyarrow.list_(pyarrow.int32()))
                table = table.set_column(table.column_names.index("codes"), "codes", codes)
                yield from table.combine_chunks().to_batches()

    return encode
