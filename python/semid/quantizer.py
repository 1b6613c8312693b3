"""Quantizer: vectors to codes and back, without a catalogue, as scikit-learn's transformers are used."""

from __future__ import annotations

import ctypes
import weakref
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

from . import _native, _options
from ._arrays import address, codes_of, int_of, rows_of, text_of
from ._context import Context, Progress
from ._errors import UsageError
from ._native import lib

if TYPE_CHECKING:
    from ._arrays import Codes, Rows

KEYWORDS = ("quantizer", "levels", "codes", "seed", "threads", "progress")


class Quantizer:
    """Vectors (N, D) to codes (N, L) and back.

    >>> quantizer = semid.Quantizer("rkmeans", levels=3, codes=256).fit(X)
    >>> codes = quantizer.transform(X)
    >>> quantizer.inverse_transform(codes)

    quantizer, levels, codes, seed and the further options are as in :meth:`semid.Catalog.fit`; an option that the
    quantizer does not have is a TypeError. A fitted one cannot be pickled: a catalogue is what lasts.
    """

    def __init__(
        self,
        quantizer: str = "rkmeans",
        *,
        levels: Optional[int] = None,
        codes: Any = None,
        seed: int = 42,
        threads: int = 0,
        progress: Optional[Progress] = None,
        **options: Any,
    ) -> None:
        self._parameters: Dict[str, Any] = {
            "quantizer": quantizer,
            "levels": levels,
            "codes": codes,
            "seed": seed,
            "threads": threads,
            "progress": progress,
            **options,
        }
        _options.split("Quantizer", options, {"quantizer": quantizer}, KEYWORDS)
        self._pointer = ctypes.c_void_p()
        self._context: Optional[Context] = None
        self._closer: "Optional[weakref.finalize[Any, Quantizer]]" = None

    def get_params(self, deep: bool = True) -> Dict[str, Any]:
        """What it was made with."""
        return dict(self._parameters)

    def set_params(self, **parameters: Any) -> "Quantizer":
        """Takes effect with the next fit."""
        given = {**self._parameters, **parameters}
        options = {name: value for name, value in given.items() if name not in KEYWORDS}
        _options.split("Quantizer", options, {"quantizer": given["quantizer"]}, KEYWORDS)
        self._parameters = given
        return self

    def fit(self, X: Any, y: Any = None) -> "Quantizer":
        """Fits on rows X (N, D), float32 or converted. Raises DataError (shape, NaN), UsageError (an option's
        value).
        """
        p, rows = self._parameters, rows_of(X)
        options = {name: value for name, value in p.items() if name not in KEYWORDS}
        text = _options.split("Quantizer", options, {"quantizer": p["quantizer"]}, KEYWORDS)["quantizer"]
        given = _native.sid_quantizer_options(
            quantizer=text_of(p["quantizer"], "quantizer"),
            codes=_options.codes_text(p["codes"]),
            options=text,
            levels=0 if p["levels"] is None else int_of(p["levels"], "levels", 1),
            seed=int_of(p["seed"], "seed", 0, 2**63 - 1),
        )
        context, pointer = Context(p["threads"], 0, p["progress"]), ctypes.c_void_p()
        try:
            context.call_long(
                lib.sid_quantizer_fit,
                context.pointer,
                ctypes.byref(given),
                address(rows),
                rows.shape[0],
                rows.shape[1],
                ctypes.byref(pointer),
            )
        except BaseException:
            _free(pointer, context)
            raise
        if self._closer:
            self._closer()
        self._pointer, self._context = pointer, context
        self._closer = weakref.finalize(self, _free, pointer, context)
        return self

    def _fitted(self) -> Context:
        if not self._context:
            raise UsageError("this Quantizer is not fitted; call fit(X) first")
        return self._context

    @property
    def dim(self) -> int:
        """D of the vectors."""
        self._fitted()
        return int(lib.sid_quantizer_dim(self._pointer))

    @property
    def levels(self) -> int:
        """L, the codes of a row."""
        self._fitted()
        return int(lib.sid_quantizer_levels(self._pointer))

    @property
    def codes(self) -> Tuple[int, ...]:
        """K of each level: codes are 0 .. K-1."""
        return tuple(lib.sid_quantizer_codes(self._pointer, level) for level in range(self.levels))

    def transform(self, X: Any) -> "Codes":
        """Codes (N, L) uint16 of rows X (N, D). Raises DataError for another D, NaN, infinities, values over 1e15."""
        return self._encode(X, False)[0]

    def margins(self, X: Any) -> Any:
        """Second best score - best score, (N, L) float64: how sure each code is. 0: a tie."""
        return self._encode(X, True)[1]

    def _encode(self, X: Any, wants_margins: bool) -> Tuple["Codes", Any]:
        import numpy as np

        context = self._fitted()
        rows = rows_of(X, dim=self.dim)
        codes = np.empty((len(rows), self.levels), dtype=np.uint16)
        margins = np.empty(codes.shape, dtype=np.float64) if wants_margins else None
        if len(rows):
            context.call_long(
                lib.sid_quantizer_encode,
                context.pointer,
                self._pointer,
                address(rows),
                len(rows),
                address(codes),
                None if margins is None else address(margins),
            )
        return codes, margins

    def fit_transform(self, X: Any, y: Any = None) -> "Codes":
        """fit, then transform."""
        return self.fit(X).transform(X)

    def inverse_transform(self, codes: Any, depth: int = 0) -> "Rows":
        """Reconstructions (N, D) float32 of codes (N, L), from the first ``depth`` levels (0: all).

        Raises DataError: a code out of range, with its row and level.
        """
        import numpy as np

        context = self._fitted()
        array = codes_of(codes, self.levels)
        rows = np.empty((len(array), self.dim), dtype=np.float32)
        if len(array):
            context.call_long(
                lib.sid_quantizer_decode,
                self._pointer,
                address(array),
                len(array),
                int_of(depth, "depth", 0),
                address(rows),
            )
        return rows

    def __sklearn_is_fitted__(self) -> bool:
        return self._context is not None

    def __repr__(self) -> str:
        given = {
            name: value for name, value in self._parameters.items() if value not in (None, 0) and name != "quantizer"
        }
        text = ", ".join([repr(self._parameters["quantizer"]), *(f"{name}={value!r}" for name, value in given.items())])
        return f"semid.Quantizer({text})"

    def __reduce__(self) -> Any:
        if self._context:
            raise TypeError(
                "a fitted Quantizer cannot be pickled: it lives in C memory; fit a semid.Catalog, which is a "
                "folder that every process can open"
            )
        return _remake, (self._parameters,)


def _remake(parameters: Dict[str, Any]) -> Quantizer:
    return Quantizer(**parameters)


def _free(pointer: ctypes.c_void_p, context: Context) -> None:
    lib.sid_quantizer_free(pointer)
    context.free()
