"""A clock: one obligation of one incident, with the strict date that counts from the detection and the one of the law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter

from agent.notice.timer_keys import TimerKeys

ClockState = Literal["waiting", "running", "late", "sent", "not-applicable", "explained"]
"""`waiting`: its anchor is not known, nor any that stands for it; `late`: its date has passed; `explained`: it has passed and the
reason is recorded. `sent`, `not-applicable` and `explained` are ends."""

ENDED: frozenset[ClockState] = frozenset({"sent", "not-applicable", "explained"})


@dataclass(frozen=True, slots=True)
class Clock:
    regime: str
    obligation: str
    stage: str
    recipient: str
    state: ClockState
    anchor: str
    """The one that decides."""
    anchored_at: datetime | None
    due: datetime | None
    """By the anchor of the law, declared or presumed: the first instant that is too late. None while that is not known."""
    shadow_due: datetime | None
    """Counted from the detection in the place of what nobody declared; None for what has no such date."""
    planned_due: datetime | None
    """The first date that was ever reckoned."""
    presumed: bool
    """Whether `due` counts from what nobody declared."""
    policy: bool
    """Whether the period is a target of ours, because the law names none."""
    basis: str
    """The article and the reasons, in words."""
    by: str = ""
    """The digest of the basis by which it counts."""
    zone: str = "UTC"
    ended_at: datetime | None = None
    """When it was sent, or when it was decided that it need not be."""
    receipt: str = ""
    reason: str = ""
    passed_shadow: bool = False
    """Whether it was announced that the strict date has passed."""

    @property
    def id(self) -> str:
        """`regime/obligation`."""
        return f"{self.regime}/{self.obligation}"

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def next_due(self) -> datetime | None:
        """The date that comes first: alarms run on it. None where none is known."""
        dates = [date for date in (self.due, self.shadow_due) if date is not None]
        return min(dates, default=None)


CLOCKS, TIMER, BASIS, PACK = "clocks/", "timer/", "basis/", "pack/"
"""Keys under `keys.RESPONSE`."""

TIMERS = TimerKeys(TIMER)
"""When the clocks of each incident are to be looked at next."""

_ADAPTER = TypeAdapter(list[Clock])


def encode(clocks: Sequence[Clock]) -> bytes:
    return _ADAPTER.dump_json(list(clocks), exclude_defaults=True)


def decode(data: bytes | None) -> list[Clock]:
    """None: an incident without clocks. Raises ValueError for what are not clocks."""
    return _ADAPTER.validate_json(data) if data else []
