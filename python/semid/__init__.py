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
from ._items import Item, Label
from ._native import lib as _lib
from ._options import Family, Option, collision_policies, encoders, piece_schemes, quantizers
from .catalog import Catalog, Info
from .pieces import Pieces
from .quantizer import Quantizer
from .sids import format, parse
from .table import Slice, Table, TableInfo

__version__: str = _lib.sid_version().decode()

__all__ = [
    "CanceledError",
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
    "MissingFileError",
    "NotFoundError",
    "Option",
    "OutOfMemoryError",
    "Pieces",
    "Quantizer",
    "ReadOnlyError",
    "SemidWarning",
    "Slice",
    "Table",
    "TableInfo",
    "UsageError",
    "VersionError",
    "collision_policies",
    "encoders",
    "format",
    "parse",
    "piece_schemes",
    "quantizers",
]
