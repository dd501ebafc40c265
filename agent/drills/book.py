"""Where drills are kept: keys of the process's own shard under `keys.RESPONSE`. None is ever deleted: they are evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from agent.drills.drill import Drill, decode, encode
from agent.store.state import StateRecall

DRILL, NEXT, SINCE = "drill/", "drill-next/", "drill-since/"
"""By id: JSON `Drill`; by year: the number given last; by scenario, ISO 8601: since when the settings ask for it."""
OPEN, ENDED, PASSED = "drill-open/", "drill-ended/", "drill-passed/"
"""Ids of those that have not ended; by scenario the id of the one that ended last, and of the one that passed last: all drills of a few
years take seconds to read.
"""

CLOCKS_DIFFER = timedelta(hours=1)
"""By which a clock may be put right without a doubt about what it has stored."""


def stored(drill: Drill) -> dict[str, bytes | None]:
    number = drill.id.encode()
    found = {DRILL + drill.id: encode(drill), OPEN + drill.id: b"" if drill.ended_at is None else None}
    if drill.ended_at is not None:
        found[ENDED + drill.scenario] = number
    if drill.verdict == "passed":
        found[PASSED + drill.scenario] = number
    return found


def drill(recall: StateRecall, number: str) -> Drill | None:
    """Raises ValueError for one that is damaged."""
    data = recall(DRILL + number)
    return decode(data) if data is not None else None


def unfinished(recall: StateRecall) -> list[Drill]:
    """Those that run or wait, the oldest first."""
    return [*_readable(recall, _in_order(recall, OPEN))]


def latest(recall: StateRecall, most: int) -> list[Drill]:
    """The newest of all, the oldest of them first."""
    return [*_readable(recall, _in_order(recall, DRILL)[-most:])]


def damaged(recall: StateRecall, most: int) -> list[str]:
    """Ids of those that cannot be read, among as many of the newest."""
    numbers = _in_order(recall, DRILL)[-most:]
    known = {drill.id for drill in _readable(recall, numbers)}
    return [number for number in numbers if number not in known]


def _readable(recall: StateRecall, numbers: Iterable[str]) -> Iterator[Drill]:
    """One that cannot be read must hide no other, nor end what protects."""
    for number in numbers:
        with suppress(ValueError):
            if (found := drill(recall, number)) is not None:
                yield found


def is_ahead(time: datetime, now: datetime) -> bool:
    """Whether it was stored by a clock that was wrong."""
    return time > now + CLOCKS_DIFFER


def _in_order(recall: StateRecall, prefix: str) -> list[str]:
    return sorted((key.removeprefix(prefix) for key in recall.keys(prefix)), key=_place)


def _place(number: str) -> tuple[int, int]:
    """Of a drill among all: as text, the ten thousandth of a year would come before the second."""
    _, year, count = number.split("-")
    return int(year), int(count)


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
    wrong, and counts as none: else nothing would be overdue until that day.
    """
    return _of_scenarios(recall, ENDED, now), _of_scenarios(recall, PASSED, now)


def _of_scenarios(recall: StateRecall, prefix: str, now: datetime) -> dict[str, Drill]:
    numbers = (recall(key) for key in recall.keys(prefix))
    found = _readable(recall, (number.decode() for number in numbers if number is not None))
    return {drill.scenario: drill for drill in found if drill.ended_at and not is_ahead(drill.ended_at, now)}
