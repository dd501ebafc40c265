"""Drills of the law: a regime's whole life on a moved clock, in a state of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from agent.drills.drill import DrillStage
from agent.errors import LeaklineError
from agent.notice.regimes.model import RegimePack
from agent.notice.settings import NoticeSettings


def legal_names(pack: RegimePack) -> list[str]:
    """All that the pack in force has."""
    return []


def legal_stages(name: str, settings: NoticeSettings | None, pack: RegimePack, now: datetime) -> Iterator[DrillStage]:
    """Raises LeaklineError for one that there is not."""
    raise LeaklineError(f"{name} is not a drill")
    yield
