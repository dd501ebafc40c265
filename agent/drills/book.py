"""Where drills are kept: keys of the process's own shard under `keys.RESPONSE`. None is ever deleted: they are evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from agent.drills.drill import Drill, decode, encode
from agent.store.state import StateRecall

DRILL, NEXT, SINCE = "drill/", "drill-next/", "drill-since/"
"""By id: JSON `Drill`; by year: the number given last; by scenario, ISO 8601: since when the settings ask for it."""

CLOCKS_DIFFER = timedelta(hours=1)
"""By which a clock may be put right without a doubt about what it has stored."""


def stored(drill: Drill) -> dict[str, bytes | None]:
    return {DRILL + drill.id: encode(drill)}


def drill(recall: StateRecall, number: str) -> Drill | None:
    """Raises ValueError for one that is damaged."""
    data = recall(DRILL + number)
    return decode(data) if data is not None else None


def drills(recall: StateRecall) -> Iterator[Drill]:
    """All that can be read, the oldest first: one that cannot must hide no other, nor end what protects."""
    for number in _numbers(recall):
        with suppress(ValueError):
            if (found := drill(recall, number)) is not None:
                yield found


def damaged(recall: StateRecall) -> Iterator[str]:
    """Ids of those that cannot be read."""
    for number in _numbers(recall):
        try:
            drill(recall, number)
        except ValueError:
            yield number


def is_ahead(time: datetime, now: datetime) -> bool:
    """Whether it was stored by a clock that was wrong."""
    return time > now + CLOCKS_DIFFER


def _numbers(recall: StateRecall) -> list[str]:
    return [key.removeprefix(DRILL) for key in sorted(recall.keys(DRILL), key=_place)]


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


def newest(recall: StateRecall, now: datetime) -> tuple[dict[str, Drill], dict[str, Drill]]:
    """By scenario: the drill that ended last, and the one that passed last. One that ends in the time to come is of a clock that was
    wrong, and counts as none: else no other would be newer until that day.
    """
    ended: dict[str, Drill] = {}
    passed: dict[str, Drill] = {}
    for found in drills(recall):
        if found.ended_at is None or is_ahead(found.ended_at, now):
            continue
        ended[found.scenario] = found
        if found.verdict == "passed":
            passed[found.scenario] = found
    return ended, passed
