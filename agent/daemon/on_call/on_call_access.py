"""How commands ask about who is on call: the running daemon over its socket, or the state alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from agent.assembly.notice.floors import working_notice
from agent.config.settings import Settings
from agent.daemon.control.command import ControlCommand
from agent.daemon.control.requests_made import Ask, requests_made
from agent.daemon.incidents.incident_access import desk_alone
from agent.daemon.on_call.on_call_parts import build_roster
from agent.daemon.on_call.on_call_requests import OnCallRequests
from agent.notice.on_call.calendar_file import WITHIN
from agent.store.keys import PROCESS
from agent.store.queue.status import Shards

ANSWER_WITHIN = WITHIN + 10
"""Seconds: a calendar file may have to be read for the answer."""


def on_call_requests(settings: Settings, now: Callable[[], datetime]) -> AbstractContextManager[Ask]:
    """Open while inside. Raises LeaklineError, StateError."""

    def alone(shards: Shards, in_force: Settings) -> Sequence[ControlCommand]:
        stores = shards[PROCESS]
        desk = desk_alone(stores, working_notice(in_force), now)
        # Nothing was stored in between, and the file is read at once: a command has no time for threads.
        roster = build_roster(working_notice(in_force), desk.recall, lambda: 0, stores.problems, lambda work: work())
        return OnCallRequests(lambda: desk, roster, now).commands()

    return requests_made(settings, now, alone, ANSWER_WITHIN)
