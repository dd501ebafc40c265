"""What a sender said, once it was read and its sender is known to be who it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.errors import LeaklineError


class BadReport(LeaklineError):
    """A request whose body cannot be taken; nothing of it is. `str` says to its sender what, where and what to do."""

    def __init__(self, message: str, *, status: int = 422, hint: str = "") -> None:
        """`status`: of HTTP: 400 for what cannot be read, 413 for what is too long, 422 for what has no such meaning."""
        super().__init__(message, hint=hint)
        self.status = status


@dataclass(frozen=True, slots=True)
class InboundReport:
    """One thing that a sender tells of: a row."""

    id: str
    """The sender's own name for it: what comes again under the same one is the same."""
    event_type: str
    """`SyncFailure`, `ApiCall`, `Heartbeat`, `OutboundMessage`."""
    cells: Mapping[str, str]
    """By the names that rules use, without empty ones."""


@dataclass(frozen=True, slots=True)
class InboundRequest:
    """The reports of one request, which are answered together."""

    sender: str
    reports: Sequence[InboundReport]
    received: datetime
    size: int
    """Bytes of its body."""
