"""Folded alerts by org: what is stored, what is read back, what an older state held."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agent.detection.alert.fold import AlertFold, OpenAlert
from agent.detection.alert.fold_memory import FoldMemory

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def open_alert(org: str = "", folded: int = 0) -> OpenAlert:
    return OpenAlert("alert", NOON, NOON, NOON, folded, {"organization.id": org} if org else {})


def opened(memory: FoldMemory, org: str, rule: str, actor: str) -> dict[str, bytes | None]:
    """Open an alert and commit it; what must be stored."""
    changes = memory.changes()
    changes.folding(org, rule).open(actor, open_alert(org))
    stored = memory.remembered(changes.changed)
    memory.advance(changes.changed)
    return stored


def test_open_alerts_of_every_org_are_read_back() -> None:
    """After a restart each org has its own, and no other's."""
    stored: dict[str, bytes | None] = {}
    memory = FoldMemory(HOUR, {"r"}, stored.get)
    stored |= opened(memory, "A", "r", "ann")
    stored |= opened(memory, "B", "r", "bob")
    again = FoldMemory(HOUR, {"r"}, stored.get)
    assert again.orgs == ["A", "B"]
    assert [list(folding.alerts) for org in again.orgs for _, folding in again.of(org)] == [["ann"], ["bob"]]


def test_a_rule_that_does_not_run_now_keeps_its_alerts() -> None:
    """It has them again when it runs again."""
    stored: dict[str, bytes | None] = {}
    stored |= opened(FoldMemory(HOUR, {"r", "s"}, stored.get), "A", "r", "ann")
    stored |= opened(FoldMemory(HOUR, {"s"}, stored.get), "A", "s", "bob")
    again = FoldMemory(HOUR, {"r", "s"}, stored.get)
    assert {rule: list(folding.alerts) for rule, folding in again.of("A")} == {"r": ["ann"], "s": ["bob"]}


def test_alerts_that_were_kept_for_all_orgs_together_go_to_the_org_they_are_about() -> None:
    """An upgrade forgets no count, and the old key goes with the next commit."""
    both = AlertFold(HOUR, {"203.0.113.9": [open_alert("A", folded=3), open_alert("B")], "nobody": [open_alert()]})
    stored: dict[str, bytes | None] = {"fold/r": both.encode()}
    memory = FoldMemory(HOUR, {"r"}, stored.get)
    held = {
        org: {actor: len(alerts) for actor, alerts in folding.alerts.items()}
        for org in memory.orgs
        for _, folding in memory.of(org)
    }
    assert held == {"A": {"203.0.113.9": 1}, "B": {"203.0.113.9": 1}, "": {"nobody": 1}}
    stored |= opened(memory, "A", "r", "ann")
    assert stored["fold/r"] is None
    assert memory.remembered({}) == {}
    again = FoldMemory(HOUR, {"r"}, stored.get)
    assert sorted(again.orgs) == ["", "A", "B"]
    assert {actor: alerts[0].folded for _, folding in again.of("A") for actor, alerts in folding.alerts.items()} == {
        "203.0.113.9": 3,
        "ann": 0,
    }


def test_matches_at_the_end_of_all_time_are_folded() -> None:
    """A sender may say so; the span behind them is no time any more."""
    fold = AlertFold(timedelta(hours=1))
    end = datetime.max.replace(tzinfo=UTC)
    (raised,) = fold.take("actor", [end, end])
    assert (raised.first, raised.end) == (0, 2)
    fold.open("actor", OpenAlert("alert", end, end, end))
    assert not list(fold.take("actor", [end]))
