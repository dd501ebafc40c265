"""What one start of the stream source works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from agent.source import Recall
from agent.sources.event_identity import EventNaming
from agent.sources.real_time.pace import StreamPace
from agent.sources.real_time.settings import RealTimeSettings
from agent.sources.salesforce.session import Session


@dataclass(frozen=True, slots=True)
class StreamParts:
    """The same for all starts of a source."""

    name: str
    session: Session
    settings: RealTimeSettings
    now: Callable[[], datetime]
    steady: Callable[[], float]
    """Seconds, by a clock that does not jump."""
    recall: Recall
    naming: EventNaming
    pace: StreamPace

    def milliseconds(self) -> int:
        """Now, since 1970."""
        return int(self.now().timestamp() * 1000)
