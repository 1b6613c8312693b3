"""What users pass, made into what C takes: rows of floats, ids, texts, numbers. numpy is imported when first needed."""

from __future__ import annotations

import ctypes
import operator
import os
from typing import TYPE_CHECKING, Any, List, Optional, Tuple, Union

from ._arrow import is_arrow, to_numpy
from ._errors import DataError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.float32]
    Codes = NDArray[np.uint16]

PathLike = Union[str, "os.PathLike[str]"]
FLOAT_SIZES = (2, 4, 8)


def array_of(value: Any, name: str) -> Any:
    """An Arrow column, or what has __dlpack__ alone, as a numpy array over its memory; anything else as it is."""
    import numpy as np

    if is_arrow(value) and not hasattr(value, "iloc"):  # pandas offers Arrow too, and converts its arrays for it
        return to_numpy(value)
    if hasattr(value, "__array__"):
        return value
    if not hasattr(value, "__dlpack__"):
        return value
    try:
        return np.from_dlpack(value)
    except (BufferError, RuntimeError, TypeError) as error:
        raise TypeError(
            f"{name} is a tensor that numpy cannot read: {error}; bring it into the CPU's memory first"
        ) from error


def rows_of(X: Any, name: str = "X", dim: Optional[int] = None) -> "Rows":
    """X as float32 rows (N, D), C-contiguous: X itself where it is so already, else one converted copy."""
    import numpy as np

    X = array_of(X, name)
    try:
        is_array = hasattr(X, "__array__")
        array = np.asarray(X) if is_array else np.asarray(X, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{name} cannot be made into an array of numbers: {error}; (N, D) floats are expected"
        ) from error
    if array.dtype.kind != "f" or array.dtype.itemsize not in FLOAT_SIZES:
        raise TypeError(
            f"{name} has dtype {array.dtype}; float32, float16 or float64 is expected: "
            f"{name}.astype('float32') converts"
        )
    if array.ndim != 2:
        one = f"; for one vector pass {name}[None, :]" if array.ndim == 1 else ""
        raise DataError(f"{name} has shape {array.shape}; (N, D), a row a vector, is expected{one}")
    if dim is not None and array.shape[1] != dim:
        raise DataError(
            f"{name} has shape {array.shape}; (N, {dim}) is expected, vectors of the encoder that was fitted " "with"
        )
    with np.errstate(over="ignore"):  # a float64 beyond float32 is refused as infinite, with its row
        return np.ascontiguousarray(array, dtype=np.float32)


def one_vector(x: Any, name: str = "vector") -> "Rows":
    """x (D,) or (1, D) as float32 (1, D)."""
    import numpy as np

    x = array_of(x, name)
    array = np.asarray(x) if hasattr(x, "__array__") else np.asarray(x, dtype=np.float64)
    if array.ndim == 1:
        array = array[None, :]
    if array.ndim != 2 or array.shape[0] != 1:
        raise DataError(f"{name} has shape {array.shape}; one vector (D,) is expected")
    return rows_of(array, name)


def codes_of(codes: Any, levels: Optional[int] = None) -> "Codes":
    """codes as uint16 (N, L), C-contiguous."""
    import numpy as np

    array = np.asarray(array_of(codes, "codes"))
    if array.size == 0 and array.ndim < 2:
        array = np.zeros((0, levels or 0), dtype=np.uint16)
    if array.dtype.kind not in "iu":
        raise TypeError(f"codes have dtype {array.dtype}; whole numbers are expected, uint16 as encode gives")
    if array.ndim != 2 or (levels is not None and array.shape[1] != levels):
        raise DataError(f"codes have shape {array.shape}; (N, {levels or 'L'}) is expected")
    if array.dtype != np.uint16:
        bad = np.argwhere((array < 0) | (array > 65535))
        if len(bad):
            row, column = map(int, bad[0])
            raise DataError(f"codes: row {row}, column {column} is {array[row, column]}; 0 to 65535 are possible")
    return np.ascontiguousarray(array, dtype=np.uint16)


def address(array: "np.ndarray[Any, Any]") -> ctypes.c_void_p:
    """Where its data lies; the array must outlive the use."""
    return ctypes.c_void_p(array.ctypes.data)


# ---- Texts ----------------------------------------------------------------------------------------------------------


def text_of(value: Any, name: str) -> Optional[bytes]:
    """UTF-8; None stays None."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r}; a str is expected")
    if "\0" in value:
        raise UsageError(f"{name} {value!r} holds a zero byte; take it out")
    try:
        return value.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{name} {value!r} is no Unicode text: {error.reason}") from error


def path_of(value: Any, name: str) -> bytes:
    """A path as the system's bytes."""
    try:
        path = os.fsencode(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}; a str or os.PathLike is expected") from None
    if not path or b"\0" in path:
        raise UsageError(f"{name} is {value!r}; a path is expected")
    return path


def optional_path(value: Any, name: str) -> Optional[bytes]:
    return None if value is None else path_of(value, name)


def int_of(value: Any, name: str, least: int, most: int = 2**31 - 1) -> int:
    """A whole number, numpy's too, within [least, most]."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}; a whole number is expected") from None
    if isinstance(value, bool) or not least <= number <= most:
        raise UsageError(f"{name} is {value!r}; a whole number from {least} to {most} is expected")
    return number


def choice_of(value: str, name: str, choices: Tuple[str, ...]) -> int:
    """The index of value in choices."""
    if value not in choices:
        raise UsageError(f"{name} is {value!r}; one of {', '.join(choices)} is expected")
    return choices.index(value)


def list_of(values: Any) -> List[Any]:
    """Python objects of an array or a column of numpy, pandas, pyarrow or polars, or of any iterable."""
    for method in ("to_pylist", "tolist", "to_list"):
        if hasattr(values, method):
            return list(getattr(values, method)())
    return list(values)


def ids_of(ids: Any, name: str = "ids") -> List[bytes]:
    """Item ids as UTF-8: of str, whole numbers, arrays or columns of them; one str is one id."""
    values = [ids] if isinstance(ids, str) else list_of(ids)
    out = []
    for row, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise TypeError(f"{name}: row {row} is {value!r}; a str or a whole number is expected")
        out.append(text_of(str(value), f"{name}: row {row}") or b"")
    return out


def char_pointers(texts: List[bytes]) -> Any:
    """(n) pointers to texts, which the array keeps alive."""
    return (ctypes.c_char_p * max(len(texts), 1))(*texts)
