"""The C object behind a Catalog or a Model: who may use it when, and its end.

semid.h asks for it: calls that read run together, calls that change a handle have it alone, and none runs while it is
closed.
"""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from contextlib import contextmanager
from typing import Iterator

from ._context import Context
from ._errors import UsageError
from ._native import OPEN_WRITE, lib

_turns: "weakref.WeakSet[Turns]" = weakref.WeakSet()


class Turns:
    """Who may use a C object when. Takes over its pointer and its context."""

    def __init__(self, context: Context, pointer: ctypes.c_void_p) -> None:
        self.context, self.pointer = context, pointer
        self._turn = threading.Condition(threading.Lock())
        self._users = 0  # -1: one that has it alone
        _turns.add(self)

    def forget_turns(self) -> None:
        """In a child made by fork: the threads that had turns are not there."""
        self._turn = threading.Condition(threading.Lock())
        self._users = 0

    def _check_open(self) -> None:
        raise NotImplementedError

    @contextmanager
    def shared(self) -> Iterator[ctypes.c_void_p]:
        """The pointer, for calls that only read."""
        with self._turn:
            self._turn.wait_for(lambda: self._users >= 0)
            self._check_open()
            self._users += 1
        try:
            yield self.pointer
        finally:
            with self._turn:
                self._users -= 1
                self._turn.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Waits for all other calls, and they for this one."""
        with self._turn:
            self._turn.wait_for(lambda: self._users == 0)
            self._users = -1
        try:
            yield
        finally:
            with self._turn:
                self._users = 0
                self._turn.notify_all()


class Handle(Turns):
    """That of a sid_catalog."""

    def __init__(self, context: Context, pointer: ctypes.c_void_p, path: str, can_write: bool) -> None:
        super().__init__(context, pointer)
        self.path, self.can_write = path, can_write

    def _check_open(self) -> None:
        if not self.pointer:
            raise UsageError(
                f"the catalogue {self.path} is closed; open it again with semid.Catalog.open({self.path!r})"
            )

    @contextmanager
    def changing(self) -> Iterator[ctypes.c_void_p]:
        """The pointer, for a call that changes the catalogue: the first one opens it for writing."""
        with self.alone():
            self._check_open()
            if not self.can_write:
                writer = ctypes.c_void_p()
                self.context.call_long(
                    lib.sid_catalog_open, self.context.pointer, os.fsencode(self.path), OPEN_WRITE, ctypes.byref(writer)
                )
                reader, self.pointer, self.can_write = self.pointer, writer, True
                lib.sid_catalog_close(reader)
            yield self.pointer

    def close(self) -> None:
        """Idempotent; waits for calls that run."""
        with self.alone():
            if self.pointer:
                pointer, self.pointer = self.pointer, ctypes.c_void_p()
                lib.sid_catalog_close(pointer)
                self.context.free()


def _forget_turns() -> None:
    for handle in list(_turns):
        handle.forget_turns()


os.register_at_fork(after_in_child=_forget_turns)
