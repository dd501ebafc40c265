"""Denials: the first is told at once, repeats are counted, and no flood fills anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from agent.daemon.control.denials import FOLD, MOST_OPEN, Denials
from agent.permissions.principal import Principal
from agent.permissions.roles import Role

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


class Told:
    """Events as they are announced, and the time."""

    def __init__(self) -> None:
        self.now = NOW
        self.events: list[dict[str, Any]] = []
        self.denials = Denials(self.announce, lambda: self.now)

    def announce(self, action: str, message: str, *, fields: dict[str, Any], category: str = "") -> None:
        self.events.append({"action": action, "message": message, "category": category, **fields})


def viewer(name: str = "vic") -> Principal:
    return Principal(name, frozenset[Role]({"viewer"}), 1000)


def test_the_first_is_told_at_once() -> None:
    """Who, which roles, what, and that it was refused."""
    told = Told()
    told.denials.note(viewer(), "incidents_show")
    (event,) = told.events
    assert (event["action"], event["user.name"], event["user.id"]) == ("access-denied", "vic", "1000")
    assert (event["leakline.permission.action"], event["leakline.permission.roles"]) == ("incidents_show", "viewer")
    assert (event["event.outcome"], event["category"]) == ("failure", "iam")


def test_repeats_are_counted_and_told_together() -> None:
    """Once their time is over; afterwards the next one is a first again. A clock that was set back keeps nothing for ever."""
    told = Told()
    for _ in range(50):
        told.denials.note(viewer(), "reload")
    told.denials.look()
    assert len(told.events) == 1
    told.now -= FOLD
    told.denials.look()
    assert [event["leakline.permission.denials"] for event in told.events] == [1, 49]
    told.denials.note(viewer(), "reload")
    assert len(told.events) == 3


def test_repeats_are_told_at_the_end_of_the_process() -> None:
    """Whoever can have it restarted hides none by that."""
    told = Told()
    for _ in range(50):
        told.denials.note(viewer(), "reload")
    told.denials.end()
    told.denials.end()
    assert [event["leakline.permission.denials"] for event in told.events] == [1, 49]


def test_a_flood_of_names_is_bounded() -> None:
    """Beyond a number of them all others are one."""
    told = Told()
    for number in range(MOST_OPEN + 500):
        told.denials.note(viewer(f"user{number}"), "reload")
    assert len(told.events) == MOST_OPEN + 1
    told.now += FOLD + timedelta(seconds=1)
    told.denials.look()
    assert sum(event["leakline.permission.denials"] for event in told.events) == MOST_OPEN + 500
