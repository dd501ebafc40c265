"""Exceptions that nobody expected: their tracebacks go to standard error, redacted and printable like any other text."""

from __future__ import annotations

import sys
import threading
import traceback


def show(error: BaseException) -> None:
    """The traceback, with those of the exceptions behind it."""
    from agent.redaction.redaction import redact  # not needed unless something is amiss
    from agent.terminal import printable

    sys.stderr.write(printable(redact("".join(traceback.format_exception(error)))))


def install() -> None:
    """Let threads and finalisers show theirs in this way too. The main thread's are caught by `__main__`."""
    threading.excepthook = _of_thread
    sys.unraisablehook = _of_finaliser


def _of_thread(found: threading.ExceptHookArgs) -> None:
    if found.exc_value is not None and not isinstance(found.exc_value, SystemExit):
        show(found.exc_value)


def _of_finaliser(found: sys.UnraisableHookArgs) -> None:
    if found.exc_value is not None:
        show(found.exc_value)
