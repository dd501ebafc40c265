"""No org waits for another: three are in trouble, and a fourth is served before any of them is done."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from agent.model import Batch
from tests.isolation.observed_daemon import (
    Changes,
    MovedClock,
    ObservedDaemon,
    ObservedHec,
    by_kind,
    read_counts,
    running,
)
from tests.isolation.served_org import LEAK, ServedOrg, document_for
from tests.isolation.troubles import POISON, Troubles

HANGING, POISONED, LONG, WELL = "larkspur", "hemlock", "willow", "clover"
"""The orgs, by what befalls them."""
BATCHES = 3
"""Files that the org with a long one reads at once."""


@dataclass
class FourOrgs:
    """A daemon over four orgs, of which each has already told a leak; then trouble began in three."""

    orgs: dict[str, ServedOrg]
    running: ObservedDaemon
    hec: ObservedHec
    troubles: Troubles
    clock: MovedClock

    def documents(self, name: str, kind: str) -> list[dict[str, object]]:
        """What arrived of an org."""
        return by_kind(self.hec.documents(), self.orgs[name]).get(kind, [])

    def begin_troubles(self) -> None:
        """Returns once each of the three is in the middle of its own."""
        self.troubles.hold_look_ups(self.orgs[HANGING])
        self.orgs[HANGING].show([f"/later/{number}/" for number in range(4)], person=5)
        self.orgs[POISONED].show([f"{POISON}{number}/" for number in range(6)])
        for number in range(BATCHES):
            self.orgs[LONG].show([f"/long/{number}/"])
        self.running.wait_for(
            lambda: (
                self.troubles.look_ups_held(self.orgs[HANGING])
                and self.troubles.poisoned
                and self.troubles.held_readers
            )
        )


@pytest.fixture
def four(
    tmp_path: Path, changes: Changes, clock: MovedClock, hec: ObservedHec, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FourOrgs]:
    names = (HANGING, POISONED, LONG, WELL)
    orgs = {name: ServedOrg(tmp_path / name, name, number, clock) for number, name in enumerate(names)}
    for org in orgs.values():
        org.show([f"{LEAK}1/"])
        org.show([f"{LEAK}2/"])
    troubles = Troubles(changes)
    document = document_for(tmp_path, list(orgs.values()), [hec.settings(tmp_path)])
    with running(document, changes, clock) as daemon:
        four = FourOrgs(orgs, daemon, hec, troubles, clock)
        try:
            daemon.wait_for(lambda: all(len(four.documents(name, "event")) == 2 for name in names))
            daemon.wait_for(lambda: all(four.documents(name, "alert") for name in names))
            troubles.plant_poison(monkeypatch)
            troubles.hold_reader(monkeypatch, orgs[LONG])
            yield four
        finally:
            troubles.released.set()
    for org in orgs.values():
        org.close()


def test_an_org_that_is_well_is_served_while_three_are_in_trouble(four: FourOrgs) -> None:
    """Its alert is committed and delivered, and what is pushed to it answered; released, all of all four is there once."""
    four.begin_troubles()
    alerts = len(four.documents(WELL, "alert"))
    four.orgs[WELL].show([f"{LEAK}3/"], person=3, address="198.51.100.9")
    four.running.wait_for(lambda: len(four.documents(WELL, "alert")) > alerts)

    answered: list[int] = []
    pushing = threading.Thread(target=lambda: answered.append(four.running.push(four.orgs[WELL], pushed(four))))
    pushing.start()
    try:
        four.running.wait_for(lambda: answered)
    finally:
        four.troubles.released.set()
        pushing.join()
    assert answered == [1]
    assert_everything_is_there_once(four)


def test_time_passes_for_each_org_while_three_are_in_trouble(four: FourOrgs) -> None:
    """What each org's repeated leak came to is told when its hour is over: the org in trouble does not wait for its end."""
    four.begin_troubles()
    four.clock.ahead = timedelta(hours=3)
    four.running.wait_for(lambda: all(told_of_repeats(four, name) for name in four.orgs))
    four.troubles.released.set()
    assert_everything_is_there_once(four)


def told_of_repeats(four: FourOrgs, name: str) -> bool:
    """Whether the alerts say that the leak, which was raised once, came twice."""
    return any(alert["event"]["action"] == "alert-folded" for alert in four.documents(name, "alert"))  # type: ignore[index]


def pushed(four: FourOrgs) -> Batch:
    """A row of the org that is well, as a source brings it that is pushed to."""
    frame = pl.DataFrame({"EVENT_TYPE": ["Login"], "URI": ["/pushed/clover"], "event.id": ["0" * 31 + "1"]})
    return Batch(four.orgs[WELL].id, "event_log_file", "Login", frame)


def assert_everything_is_there_once(four: FourOrgs) -> None:
    """Every row shown is at the destination, once; those that are poison are dead letters, and nothing else is."""
    files = {name: sum(file.body.count(b"\n") - 1 for file in org.org.files) for name, org in four.orgs.items()}
    four.running.wait_for(
        lambda: (
            {name: read_counts(four.running.status(), org)["read"] for name, org in four.orgs.items()} == files
            and four.running.drained()
        )
    )
    for name, org in four.orgs.items():
        poison = 6 if name == POISONED and len(org.org.files) > 2 else 0
        counts = read_counts(four.running.status(), org)
        assert (counts["malformed"], counts["spooled"]) == (poison, files[name] - poison), name
        arrived = Counter(row["event"]["id"] for row in four.documents(name, "event"))  # type: ignore[index]
        assert set(arrived.values()) == {1}, name
        extra = 1 if name == WELL and any("pushed" in str(row) for row in four.documents(name, "event")) else 0
        assert len(arrived) == files[name] - poison + extra, name
    assert four.running.status()["balanced"]
