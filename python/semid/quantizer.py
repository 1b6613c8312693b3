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
        self._state: Optional[_Fitted] = None

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
        self._state = _Fitted(pointer, context)
        return self

    def _fitted(self) -> "_Fitted":
        if not self._state:
            raise UsageError("this Quantizer is not fitted; call fit(X) first")
        return self._state

    @property
    def dim(self) -> int:
        """D of the vectors."""
        return self._fitted().dim

    @property
    def levels(self) -> int:
        """L, the codes of a row."""
        return self._fitted().levels

    @property
    def codes(self) -> Tuple[int, ...]:
        """K of each level: codes are 0 .. K-1."""
        fitted = self._fitted()
        return tuple(lib.sid_quantizer_codes(fitted.pointer, level) for level in range(fitted.levels))

    def transform(self, X: Any) -> "Codes":
        """Codes (N, L) uint16 of rows X (N, D). Raises DataError for another D, NaN, infinities, values over 1e15."""
        return self._encode(X, False)[0]

    def margins(self, X: Any) -> Any:
        """Second best score - best score, (N, L) float64: how sure each code is. 0: a tie."""
        return self._encode(X, True)[1]

    def _encode(self, X: Any, wants_margins: bool) -> Tuple["Codes", Any]:
        import numpy as np

        fitted = self._fitted()
        rows = rows_of(X, dim=fitted.dim)
        codes = np.empty((len(rows), fitted.levels), dtype=np.uint16)
        margins = np.empty(codes.shape, dtype=np.float64) if wants_margins else None
        if len(rows):
            fitted.context.call_long(
                lib.sid_quantizer_encode,
                fitted.context.pointer,
                fitted.pointer,
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

        fitted = self._fitted()
        array = codes_of(codes, fitted.levels)
        rows = np.empty((len(array), fitted.dim), dtype=np.float32)
        if len(array):
            fitted.context.call_long(
                lib.sid_quantizer_decode,
                fitted.pointer,
                address(array),
                len(array),
                int_of(depth, "depth", 0),
                address(rows),
            )
        return rows

    def __sklearn_is_fitted__(self) -> bool:
        return self._state is not None

    def __repr__(self) -> str:
        given = {
            name: value for name, value in self._parameters.items() if value not in (None, 0) and name != "quantizer"
        }
        text = ", ".join([repr(self._parameters["quantizer"]), *(f"{name}={value!r}" for name, value in given.items())])
        return f"semid.Quantizer({text})"

    def __reduce__(self) -> Any:
        if self._state:
            raise TypeError(
                "a fitted Quantizer cannot be pickled: it lives in C memory; fit a semid.Catalog, which is a "
                "folder that every process can open"
            )
        return _remake, (self._parameters,)


class _Fitted:
    """A sid_quantizer and its context. A call holds on to it: a fit in another thread frees it afterwards."""

    def __init__(self, pointer: ctypes.c_void_p, context: Context) -> None:
        self.pointer, self.context = pointer, context
        self.dim, self.levels = int(lib.sid_quantizer_dim(pointer)), int(lib.sid_quantizer_levels(pointer))
        weakref.finalize(self, _free, pointer, context)


def _remake(parameters: Dict[str, Any]) -> Quantizer:
    return Quantizer(**parameters)


def _free(pointer: ctypes.c_void_p, context: Context) -> None:
    lib.sid_quantizer_free(pointer)
    context.free()
