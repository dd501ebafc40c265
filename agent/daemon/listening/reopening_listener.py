"""A listener that is opened again when it cannot be, or has ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from agent.errors import SettingsError, StateError
from agent.network.listener import Listener
from agent.store.problems import Problems

KIND = "listener-failed"

RETRY_EVERY = 10.0
"""Seconds between two attempts to listen on an address that cannot be had."""


class ReopeningListener:
    """A listener that is opened again when it cannot be, or has ended; to be asked to `look` about once a second."""

    def __init__(self, listener: Listener, problems: Problems, steady: Callable[[], float] = time.monotonic) -> None:
        self._listener = listener
        self._problems = problems
        self._steady = steady
        self._next = steady()
        self._opened = False

    def look(self) -> None:
        listener = self._listener
        if self._steady() < self._next or (self._opened and listener.is_open()):
            return
        self._next = self._steady() + RETRY_EVERY
        where = f"{listener.address}, port {listener.port}"
        try:
            listener.open()
        except (OSError, RuntimeError, SettingsError) as error:
            self._opened = False
            reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
            self._problems.report(KIND, listener.name, f"{listener.name} cannot listen on {where} ({reason})")
        else:
            self._opened = True
            self._problems.over(KIND, listener.name, f"{listener.name} listens on {where}")

    @contextmanager
    def open(self) -> Iterator[None]:
        """Open while inside; an address that cannot be had is tried again with every `look`."""
        with suppress(StateError):
            self.look()
        try:
            yield
        finally:
            self._listener.close()
