"""Where drills are kept: keys of the process's own shard under `keys.RESPONSE`. None is ever deleted: they are evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from agent.drills.drill import Drill, decode, encode
from agent.store.state import StateRecall

DRILL, NEXT, SINCE = "drill/", "drill-next/", "drill-since/"
"""By id: JSON `Drill`; by year: the number given last; by scenario, ISO 8601: since when the settings ask for it."""


def stored(drill: Drill) -> dict[str, bytes | None]:
    return {DRILL + drill.id: encode(drill)}


def drill(recall: StateRecall, number: str) -> Drill | None:
    """Raises ValueError for one that is damaged."""
    data = recall(DRILL + number)
    return decode(data) if data is not None else None


def drills(recall: StateRecall) -> Iterator[Drill]:
    """All, the oldest first. Raises ValueError."""
    for key in sorted(recall.keys(DRILL), key=_place):
        if (found := drill(recall, key.removeprefix(DRILL))) is not None:
            yield found


def _place(key: str) -> tuple[int, int]:
    """Of a drill among all: as text, the ten thousandth of a year would come before the second."""
    _, year, number = key.removeprefix(DRILL).split("-")
    return int(year), int(number)


def next_id(recall: StateRecall, now: datetime) -> tuple[str, dict[str, bytes | None]]:
    """The id of a new drill, and what is to be stored with it."""
    key = f"{NEXT}{now.year}"
    number = int(recall(key) or b"0") + 1
    return f"D-{now.year}-{number:04d}", {key: str(number).encode()}


def asked_since(recall: StateRecall) -> dict[str, datetime]:
    """By scenario: since when the settings ask for it."""
    known = {key.removeprefix(SINCE): recall(key) for key in recall.keys(SINCE)}
    return {name: datetime.fromisoformat(data.decode()) for name, data in known.items() if data is not None}


def since_changed(known: Mapping[str, datetime], wanted: Sequence[str], now: datetime) -> dict[str, bytes | None]:
    """What is to be stored where the settings ask for other scenarios than before."""
    new = {SINCE + name: now.isoformat().encode() for name in wanted if name not in known}
    return new | {SINCE + name: None for name in known if name not in wanted}


def newest(recall: StateRecall) -> tuple[dict[str, Drill], dict[str, Drill]]:
    """By scenario: the drill that ended last, and the one that passed last."""
    ended: dict[str, Drill] = {}
    passed: dict[str, Drill] = {}
    for found in drills(recall):
        if found.ended_at is not None:
            ended[found.scenario] = found
        if found.verdict == "passed":
            passed[found.scenario] = found
    return ended, passed
