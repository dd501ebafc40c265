"""Which of many objects a poll asks for: as many as the org's allowance of API calls bears, those that spoke lately more often.

All event log objects each five minutes would be 10,656 calls a day for 37 objects, of the 15,000 of a small org; stored events
that are not streamed as many for each. Where not
all can be asked, each waits for its turn by how long it has waited; one that spoke lately counts its wait six times. With
15,000 calls ten are asked a poll: of 37 objects, 12 of which speak, these every eight minutes and the others within the hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

PART = 0.25
"""Of the calls that Leakline may use of the org's allowance (`api_budget`), for one source of many objects."""
LATELY = timedelta(hours=1)
WEIGHT = 6
"""So many times as often one is asked that spoke lately."""
_DAY = timedelta(days=1)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class NamedObject(Protocol):
    """An object that may be asked for."""

    @property
    def name(self) -> str: ...


AnyObject = TypeVar("AnyObject", bound=NamedObject)


def objects_a_poll(allowed: int, share: float, every: timedelta) -> int | None:
    """How many objects a poll may ask for; None: all, while the allowance is not known (0)."""
    return max(1, int(allowed * share * PART * (every / _DAY))) if allowed > 0 else None


class AskingPace:
    """Of one source. What it keeps saves calls; a new process asks for all, those first that come first."""

    def __init__(self) -> None:
        self._asked: dict[str, datetime] = {}
        self._spoke: dict[str, datetime] = {}

    def due(self, objects: Sequence[AnyObject], now: datetime, most: int | None) -> list[AnyObject]:
        """Whose turn it is, in the order given; they count as asked. `most`: as `objects_a_poll` says."""
        names = {known.name for known in objects}
        self._asked = {name: asked for name, asked in self._asked.items() if name in names}
        self._spoke = {name: spoke for name, spoke in self._spoke.items() if name in names}
        chosen = sorted(names, key=lambda name: (-self._wait(name, now), name))[:most]
        self._asked |= dict.fromkeys(chosen, now)
        return [known for known in objects if known.name in chosen]

    def spoke(self, name: str, now: datetime) -> None:
        """Rows of it were there."""
        self._spoke[name] = now

    def _wait(self, name: str, now: datetime) -> float:
        """Seconds, weighed."""
        weight = WEIGHT if now - self._spoke.get(name, _NEVER) <= LATELY else 1
        return (now - self._asked.get(name, _NEVER)).total_seconds() * weight
