"""The sid_ctx of an object: threads, memory limit, progress, warnings, and Ctrl-C.

Python runs its signal handlers in the main thread, between bytecodes: never while that thread is inside C. So a long
call is made in a thread of its own; the main thread waits where it can be interrupted, and then cancels the call and
waits for its end. That costs about 0.1 ms, and nothing for calls made from other threads, which signals never reach.
"""

from __future__ import annotations

import ctypes
import math
import sys
import threading
import warnings
from typing import Any, Callable, List, Optional, Tuple

from ._errors import check
from ._native import LOG_FN, LOG_WARNING, PROGRESS_FN, lib, sid_error

Progress = Callable[[str, int, int, str, Optional[float]], Any]


class SemidWarning(UserWarning):
    """What the library warns of while it works."""


def warn(message: str) -> None:
    """Warns in the name of the line that called the package."""
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").split(".")[0] in ("semid", "contextlib"):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, SemidWarning, stacklevel=level)


class Context:
    """Owns a sid_ctx until free(). Its thread pool starts with the first parallel call."""

    def __init__(self, threads: int = 0, memory_limit: int = 0, progress: Optional[Progress] = None) -> None:
        self.pointer = ctypes.c_void_p()
        self._messages: List[Tuple[int, str]] = []
        self._failure: List[BaseException] = []
        if not isinstance(threads, int) or not isinstance(memory_limit, int) or memory_limit < 0:
            raise TypeError(
                f"threads is {threads!r} and memory_limit {memory_limit!r}; whole numbers from 0 are expected, "
                "memory_limit in bytes"
            )
        self.call(lib.sid_ctx_create, ctypes.byref(self.pointer))
        try:
            self.call(lib.sid_ctx_set_threads, self.pointer, threads)
        except BaseException:
            self.free()
            raise
        lib.sid_ctx_set_memory_limit(self.pointer, memory_limit)
        self._callbacks = (
            self._log_callback(self._messages),
            self._progress_callback(progress, self._failure, self.pointer) if progress else None,
        )
        lib.sid_ctx_on_log(self.pointer, self._callbacks[0], None)
        if self._callbacks[1]:
            lib.sid_ctx_on_progress(self.pointer, self._callbacks[1], None)

    # The callbacks hold no reference to the context, so that it is freed at once when its owner is.
    @staticmethod
    def _log_callback(messages: List[Tuple[int, str]]) -> Any:
        def on_log(user: Any, level: int, message: bytes) -> None:
            messages.append((level, message.decode("utf-8", "replace")))

        return LOG_FN(on_log)

    @staticmethod
    def _progress_callback(progress: Progress, failure: List[BaseException], pointer: Any) -> Any:
        def on_progress(user: Any, at: Any) -> None:
            p = at.contents
            try:
                progress(
                    p.stage.decode(), p.done, p.total, (p.unit or b"").decode(), None if math.isnan(p.loss) else p.loss
                )
            except BaseException as error:  # a callback cannot raise through C: the call ends, then it is raised
                failure.append(error)
                lib.sid_ctx_cancel(pointer)

        return PROGRESS_FN(on_progress)

    def free(self) -> None:
        """Idempotent."""
        pointer, self.pointer = self.pointer, ctypes.c_void_p()
        lib.sid_ctx_free(pointer)

    def call(self, function: Any, *arguments: Any) -> None:
        """Calls and raises what it fails with; then warns of what it warned of."""
        error = sid_error()
        status = function(*arguments, ctypes.byref(error))
        self._after(status, error)

    def call_long(self, function: Any, *arguments: Any) -> None:
        """The same for what may take long: Ctrl-C ends it, and raises KeyboardInterrupt."""
        error = sid_error()
        if threading.current_thread() is not threading.main_thread():
            status = function(*arguments, ctypes.byref(error))
        else:
            status = self._interruptible(lambda: function(*arguments, ctypes.byref(error)))
        self._after(status, error)

    def _after(self, status: int, error: sid_error) -> None:
        messages = [self._messages.pop(0) for _ in range(len(self._messages))]
        if self._failure:
            failure = self._failure[0]
            self._failure.clear()
            lib.sid_ctx_resume(self.pointer)
            raise failure
        for level, message in messages:
            if level == LOG_WARNING:
                warn(message)
        check(status, error)

    def _interruptible(self, work: Callable[[], int]) -> int:
        status: List[int] = []
        done, lock = threading.Event(), threading.Lock()
        stages: List[str] = []

        def run() -> None:
            with lock:
                if stages:  # given up before it began
                    return
                stages.append("running")
            try:
                status.append(work())
            finally:
                done.set()

        try:
            threading.Thread(target=run, name="semid", daemon=True).start()
            done.wait()
        except BaseException:
            with lock:
                stages.append("canceled")
            if stages[0] == "running":
                self._cancel_and_wait(done)
            raise
        return status[0]

    def _cancel_and_wait(self, done: threading.Event) -> None:
        """The call reads memory of ours until it ends, so that a second Ctrl-C cannot hurry it."""
        lib.sid_ctx_cancel(self.pointer)
        while not done.is_set():
            try:
                done.wait()
            except KeyboardInterrupt:
                continue
        lib.sid_ctx_resume(self.pointer)
        self._messages.clear()
        self._failure.clear()
