"""The C object behind a Catalog, a Model, a Ranker or a Retriever: how it begins, who may use it when, and its end.

semid.h asks for it: calls that read run together, calls that change a handle have it alone, and none runs while it is
closed.
"""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from contextlib import contextmanager
from typing import Any, Callable, Generic, Iterator, Optional, Tuple, TypeVar

from ._context import Context, Progress
from ._errors import UsageError
from ._native import OPEN_WRITE, lib

_turns: "weakref.WeakSet[Turns]" = weakref.WeakSet()


@contextmanager
def making(
    free: Callable[[ctypes.c_void_p], Any], threads: int = 0, memory_limit: int = 0, progress: Optional[Progress] = None
) -> Iterator[Tuple[Context, ctypes.c_void_p]]:
    """A new context and a NULL pointer, for the calls that make an object; both are freed should one fail."""
    context, pointer = Context(threads, memory_limit, progress), ctypes.c_void_p()
    try:
        yield context, pointer
    except BaseException:
        free(pointer)
        context.free()
        raise


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

    def _free(self, pointer: ctypes.c_void_p) -> None:
        raise NotImplementedError

    def _closed(self) -> str:
        """What a call says when the object is closed."""
        raise NotImplementedError

    def _check_open(self) -> None:
        if not self.pointer:
            raise UsageError(self._closed())

    def close(self) -> None:
        """Idempotent; waits for calls that run."""
        with self.alone():
            if self.pointer:
                pointer, self.pointer = self.pointer, ctypes.c_void_p()
                self._free(pointer)
                self.context.free()

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


H = TypeVar("H", bound=Turns)
O = TypeVar("O", bound="Owner[Any]")  # noqa: E741


class Owner(Generic[H]):
    """What users hold of a handle: it is closed by them, at the end of a ``with`` block, or when nothing refers to it."""

    def __init__(self, handle: H) -> None:
        self._handle = handle
        self._closer = weakref.finalize(self, Turns.close, handle)

    def close(self) -> None:
        """Waits for running calls and closes. Closing twice is fine; every other call raises UsageError afterwards."""
        self._closer()

    def __enter__(self: O) -> O:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def _threads(self) -> int:
        """As many as it may use; 0 when it is closed."""
        return lib.sid_ctx_threads(self._handle.context.pointer) if self._handle.pointer else 0


class Handle(Turns):
    """That of a sid_catalog."""

    def __init__(self, context: Context, pointer: ctypes.c_void_p, path: str, can_write: bool) -> None:
        super().__init__(context, pointer)
        self.path, self.can_write = path, can_write

    def _free(self, pointer: ctypes.c_void_p) -> None:
        lib.sid_catalog_close(pointer)

    def _closed(self) -> str:
        return f"the catalogue {self.path} is closed; open it again with semid.Catalog.open({self.path!r})"

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


def _forget_turns() -> None:
    for handle in list(_turns):
        handle.forget_turns()


os.register_at_fork(after_in_child=_forget_turns)
