"""Semantic IDs for recommenders: items or vectors to short tuples of codes, such as 12-153-87, coarse to fine.

    import semid
    catalog = semid.Catalog.fit(X, ids=ids, path="catalog", levels=3, codes=256)
    catalog = semid.Catalog.open("catalog")
    codes = catalog.encode(X)                       # (N, 3) uint16
    semid.format(codes)                             # ["12-153-87", ...]
    catalog.neighbors(item="B01", k=10)

The C library does the work, with the GIL released; numpy arrays go in and out without copies. Every failure is a
subclass of :class:`semid.Error` and of the built-in exception that fits.
"""

import importlib
from typing import TYPE_CHECKING, Any, List

from ._context import SemidWarning
from ._errors import (
    CanceledError,
    CorruptError,
    DataError,
    Error,
    ExistsError,
    InternalError,
    IoError,
    LockedError,
    MissingFileError,
    NotFoundError,
    OutOfMemoryError,
    ReadOnlyError,
    UsageError,
    VersionError,
)
from ._items import Bucket, Buckets, Info, Item, Label, Map
from ._native import lib as _lib
from ._options import (
    Family,
    Option,
    collision_policies,
    encoders,
    model_families,
    piece_schemes,
    quantizers,
    ranker_families,
)
from .catalog import Catalog
from .quantizer import Quantizer
from .sids import format, parse

if TYPE_CHECKING:
    from . import metrics
    from .advice import Advice, Trial, advise
    from .evaluation import evaluate
    from .model import Model, ModelInfo, Recommendation, Recommendations
    from .parquet import encode_parquet
    from .pieces import Pieces
    from .prefixes import Prefixes
    from .ranker import Ranker, RankerInfo
    from .retriever import Candidate, Candidates, Retriever, RetrieverInfo
    from .table import Slice, Table, TableInfo

# Imported when first asked for, so that `import semid` stays quick.
_PLACES = {
    "advice": ("Advice", "Trial", "advise"),
    "evaluation": ("evaluate",),
    "metrics": ("metrics",),
    "model": ("Model", "ModelInfo", "Recommendation", "Recommendations"),
    "parquet": ("encode_parquet",),
    "pieces": ("Pieces",),
    "prefixes": ("Prefixes",),
    "ranker": ("Ranker", "RankerInfo"),
    "retriever": ("Candidate", "Candidates", "Retriever", "RetrieverInfo"),
    "table": ("Slice", "Table", "TableInfo"),
}

__version__: str = _lib.sid_version().decode()

__all__ = [
    "Advice",
    "Bucket",
    "Buckets",
    "CanceledError",
    "Candidate",
    "Candidates",
    "Catalog",
    "CorruptError",
    "DataError",
    "Error",
    "ExistsError",
    "Family",
    "Info",
    "InternalError",
    "IoError",
    "Item",
    "Label",
    "LockedError",
    "Map",
    "MissingFileError",
    "Model",
    "ModelInfo",
    "NotFoundError",
    "Option",
    "OutOfMemoryError",
    "Pieces",
    "Prefixes",
    "Quantizer",
    "Ranker",
    "RankerInfo",
    "ReadOnlyError",
    "Recommendation",
    "Recommendations",
    "Retriever",
    "RetrieverInfo",
    "SemidWarning",
    "Slice",
    "Table",
    "TableInfo",
    "Trial",
    "UsageError",
    "VersionError",
    "advise",
    "collision_policies",
    "encode_parquet",
    "encoders",
    "evaluate",
    "format",
    "metrics",
    "model_families",
    "parse",
    "piece_schemes",
    "quantizers",
    "ranker_families",
]


def __getattr__(name: str) -> Any:
    for place, names in _PLACES.items():
        if name in names:
            module = importlib.import_module(f".{place}", __name__)
            globals()[name] = module if name == place else getattr(module, name)
            return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> List[str]:
    return sorted({*globals(), *__all__})
