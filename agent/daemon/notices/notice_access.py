"""How commands reach notices: of the running daemon over its socket, or of the state alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from agent.assembly.notice.floors import working_notice
from agent.config.settings import Settings
from agent.daemon.control.gate import Gate
from agent.daemon.control.requests_made import Ask, requests_made
from agent.daemon.incidents.incident_access import desks_alone
from agent.daemon.incidents.incident_requests import JUDGING, IncidentRequests
from agent.daemon.notices.notice_requests import NoticeRequests


def notice_requests(settings: Settings, now: Callable[[], datetime]) -> AbstractContextManager[Ask]:
    """Open while inside. Raises LeaklineError, StateError."""
    return requests_made(
        settings,
        now,
        lambda shards, in_force: NoticeRequests(
            IncidentRequests(
                desks_alone(shards, working_notice(in_force), now),
                now,
                needs_second=lambda: in_force.permissions is not None,
                judges=lambda name: Gate(lambda: in_force.permissions).still_may(name, JUDGING),
            ).edits,
            now,
        ).commands(),
    )
