"""One exception class per sid_status, each also the built-in class that Python users would catch.

The text is the C message; where that names a command-line flag as the next step, the keyword of the same name stands.
"""

from __future__ import annotations

import os
import re
from typing import Dict, Optional, Type

from ._native import lib, sid_error


class Error(Exception):
    """What every call of semid raises.

    ``status`` is the name of the C status ("SID_EDATA"), ``file`` the end of a path or None, ``row`` the line of a text
    file (the header is line 1) or the 0-based row of an array, ``byte`` an offset in the file; None where there is
    none.
    """

    status: str = "SID_EINTERNAL"
    file: Optional[str] = None
    row: Optional[int] = None
    byte: Optional[int] = None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:  # KeyError would show the repr
        return self.message


class IoError(Error, OSError):
    """Input or output failed."""

    status = "SID_EIO"


class MissingFileError(IoError, FileNotFoundError):
    """A path that does not exist."""


class OutOfMemoryError(Error, MemoryError):
    """Out of memory, or over ``memory_limit``."""

    status = "SID_ENOMEM"


class LockedError(Error, BlockingIOError):
    """Another process is writing to the catalogue."""

    status = "SID_ELOCKED"


class ReadOnlyError(Error, PermissionError):
    """A change to what was opened for reading, or lies where nothing can be written."""

    status = "SID_EREADONLY"


class InternalError(Error, RuntimeError):
    """A fault of semid itself."""

    status = "SID_EINTERNAL"


class UsageError(Error, ValueError):
    """Wrong arguments."""

    status = "SID_EUSAGE"


class ExistsError(Error, FileExistsError):
    """The output exists."""

    status = "SID_EEXISTS"


class DataError(Error, ValueError):
    """Bad data: NaN, another width, an id twice."""

    status = "SID_EDATA"


class NotFoundError(Error, KeyError):
    """No such item."""

    status = "SID_ENOTFOUND"


class CorruptError(Error, ValueError):
    """A damaged file."""

    status = "SID_ECORRUPT"


class VersionError(Error, ValueError):
    """The catalogue needs a newer semid."""

    status = "SID_EVERSION"


class CanceledError(Error, RuntimeError):
    """A call that was interrupted."""

    status = "SID_ECANCELED"


CLASSES: Dict[str, Type[Error]] = {
    kind.status: kind
    for kind in (
        IoError,
        OutOfMemoryError,
        LockedError,
        ReadOnlyError,
        InternalError,
        UsageError,
        ExistsError,
        DataError,
        NotFoundError,
        CorruptError,
        VersionError,
        CanceledError,
    )
}

_FLAG_WITH_WORD = re.compile(r"--([a-z]+(?:-[a-z]+)*) (fail|skip|replace|beam|digit|reassign|merge|keep|tiger)\b")
_FLAG = re.compile(r"--([a-z]+(?:-[a-z]+)*)(=?)")


def in_python(message: str) -> str:
    """`--on-error skip` becomes `on_error="skip"`, `--memory-limit` becomes `memory_limit=`."""
    message = message.replace("pass --force to replace it", "pass force=True to replace it")
    message = _FLAG_WITH_WORD.sub(lambda m: f'{m[1].replace("-", "_")}="{m[2]}"', message)
    return _FLAG.sub(lambda m: m[1].replace("-", "_") + "=", message)


def _is_missing(error: sid_error) -> bool:
    return any(
        words in bytes(error.message)
        for words in (b"No such file or directory", b"no such catalogue", b"no such model")
    )


def error_of(status: int, error: sid_error) -> Error:
    """The exception for a failed call."""
    name = lib.sid_status_name(status).decode()
    message = bytes(error.message) or lib.sid_status_message(status)
    kind = CLASSES.get(name, InternalError)
    if kind in (IoError, NotFoundError) and _is_missing(error):
        kind = MissingFileError
    made = kind(in_python(message.decode("utf-8", "replace")))
    made.file = os.fsdecode(bytes(error.file)) or None
    made.row = error.row if error.row >= 0 else None
    made.byte = error.byte if error.byte >= 0 else None
    return made


def check(status: int, error: sid_error) -> None:
    """Raises unless `status` is SID_OK."""
    if status:
        raise error_of(status, error)
