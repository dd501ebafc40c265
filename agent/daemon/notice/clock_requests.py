"""What may be asked about clocks: of the running daemon over its socket, or of the state alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from agent.config.settings import Settings
from agent.daemon.control.client import ask, is_there
from agent.daemon.control.command import ControlCommand
from agent.daemon.control.state_alone import opened_shards, require_alone
from agent.daemon.notice.deadlines import deadlines
from agent.errors import LeaklineError
from agent.status.deadlines import Deadline
from agent.store.state import State

LIST = "clocks_list"

PAGE = 10_000
"""Clocks that one answer holds at most: about 10 MB. Each answer reads all clocks there are."""

_DEADLINES = TypeAdapter(list[Deadline])


class ClockRequests:
    """Each may be called from any thread."""

    def __init__(self, states: Callable[[], Mapping[str, State]], now: Callable[[], datetime]) -> None:
        """`states`: by the shard's name, as they are now."""
        self._states = states
        self._now = now

    def commands(self) -> list[ControlCommand]:
        return [ControlCommand(LIST, self.list_from, changes=False)]

    def list_from(self, first: int, everything: bool) -> list[dict[str, Any]]:
        """Clocks from the `first` on, by their next date, as many as an answer holds; none at the end."""
        found = deadlines(self._states(), self._now(), everything=bool(everything))[int(first) : int(first) + PAGE]
        return list(_DEADLINES.dump_python(found, mode="json"))


def stored_deadlines(settings: Settings, now: Callable[[], datetime], *, everything: bool) -> list[Deadline]:
    """Of the running daemon, or of the state alone. Raises LeaklineError, StateError."""
    socket = settings.state.socket()
    if not is_there(socket):
        with opened_shards(settings, now) as shards:
            require_alone(settings, shards, LIST, now)
            return deadlines({name: stores.state for name, stores in shards.items()}, now(), everything=everything)
    found: list[Deadline] = []
    page: list[Deadline] | None = None
    while page is None or len(page) == PAGE:
        page = _decoded(ask(socket, LIST, first=len(found), everything=everything))
        found += page
    return found


def _decoded(page: object) -> list[Deadline]:
    try:
        return _DEADLINES.validate_python(page)
    except ValueError as error:
        raise LeaklineError(
            "the daemon is another version of Leakline",
            hint="use the `leakline` command that belongs to the running daemon",
        ) from error


def encode(found: list[Deadline]) -> list[dict[str, Any]]:
    """As JSON has them."""
    return list(_DEADLINES.dump_python(found, mode="json"))
