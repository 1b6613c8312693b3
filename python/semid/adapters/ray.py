"""For Ray: `dataset.map_batches(Encode, fn_constructor_args=["catalog"], batch_format="pyarrow", concurrency=1)`: each actor keeps a
processor, and reading wants one too."""

from __future__ import annotations

from typing import Any, Optional, Sequence

from ..catalog import Catalog


class Encode:
    """A class of actors for ``map_batches``, each with the catalogue open: batches with a column of vectors to batches of
    item_id, sid and codes. batch_format "pyarrow" or "numpy". keep: other columns that go along. threads: an actor's.
    """

    def __init__(self, path: str, vector: Optional[str] = None, keep: Sequence[str] = (), threads: int = 1) -> None:
        self._catalog, self._vector, self._keep = Catalog.open(path, threads=threads), vector, list(keep)

    def __call__(self, batch: Any) -> Any:
        if isinstance(batch, dict):
            return self._of_arrays(batch)
        from ..parquet import encode_batch

        return encode_batch(self._catalog, batch, self._vector, self._keep)

    def _of_arrays(self, batch: Any) -> Any:
        import numpy as np

        from ..sids import format as format_sids

        X = batch[self._vector or "vector"]
        rows = np.stack(list(X)) if X.dtype == object else X
        codes = self._catalog.encode(rows)
        kept = {name: batch[name] for name in ("item_id", *self._keep) if name in batch}
        return {**kept, "sid": np.asarray(format_sids(codes), dtype=object), "codes": codes}
