"""For FAISS: a trained residual quantizer becomes a catalogue's.

catalog = from_faiss(index, X, ids=ids, path="catalog")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, List

from .._arrays import rows_of
from .._errors import DataError
from ..catalog import Catalog

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def codebooks_of(rq: Any) -> "List[NDArray[np.float32]]":
    """(K, D) of each level, of a trained ResidualQuantizer."""
    import numpy as np

    faiss: Any = importlib.import_module("faiss")
    if not rq.is_trained:
        raise DataError("the residual quantizer is not trained: rq.train(X) first")
    flat = faiss.vector_to_array(rq.codebooks).reshape(-1, rq.d)
    begin = faiss.vector_to_array(rq.codebook_offsets)
    return [np.ascontiguousarray(flat[a:b]) for a, b in zip(begin, begin[1:])]


def codes_of(rq: Any, packed: Any) -> "NDArray[np.uint16]":
    """The codes (N, M) of what ``rq.compute_codes`` gave: FAISS packs them bit by bit, the lowest first."""
    import numpy as np

    faiss: Any = importlib.import_module("faiss")
    bits = np.unpackbits(np.ascontiguousarray(packed, dtype=np.uint8), axis=1, bitorder="little")
    widths = [int(width) for width in faiss.vector_to_array(rq.nbits)]
    ends = np.cumsum(widths)
    parts = [bits[:, end - width : end] @ (1 << np.arange(width)) for width, end in zip(widths, ends)]
    return np.stack(parts, axis=1).astype(np.uint16)


def from_faiss(rq: Any, X: Any, *, path: Any, own_codes: bool = False, **more: Any) -> Catalog:
    """A catalogue of the items X (N, D) by the codebooks of a trained FAISS ResidualQuantizer, or IndexResidualQuantizer.

    own_codes: the SIDs are those that FAISS computes, by its beam, for these items; else each level takes the nearest code,
    as for items added later. Further keywords are those of :meth:`semid.Catalog.from_sids`: ids, items, force.
    Other quantizers (ProductQuantizer, LocalSearchQuantizer) have no levels that build on each other: TypeError.
    """
    rq = getattr(rq, "rq", rq)
    if type(rq).__name__ != "ResidualQuantizer":
        raise TypeError(f"{type(rq).__name__} is no ResidualQuantizer, whose codes are levels of a SID")
    rows = rows_of(X, dim=rq.d)
    codes = codes_of(rq, rq.compute_codes(rows)) if own_codes else None
    return Catalog.from_sids(codes, rows, path=path, codebooks=codebooks_of(rq), **more)
