"""A sender that stays away is missed by the time in which it could have been heard."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agent.sources.inbound.heartbeat_watch import HEARTBEAT, MISSING, HeartbeatWatch
from agent.sources.inbound.settings import SenderSettings
from agent.store.problems import Problems
from tests.pipeline.fakes import Clock, Loops
from tests.store.one_shard import OneShard

SOURCE = "acme/inbound"
MINUTE = timedelta(minutes=1)


def sender(name: str = "middleware", heartbeat: str | None = "15m") -> SenderSettings:
    authentication = {"bearer": {"env": "TOKEN"}}
    return SenderSettings.model_validate(
        {"name": name, "org": "acme", "authentication": authentication, "heartbeat": heartbeat}
    )


class WatchedOrg:
    """A shard whose senders beat as a test says, looked at once a minute."""

    def __init__(self, directory: Path) -> None:
        self.clock = Clock()
        loops = Loops(OneShard(directory))
        self.state = loops.state
        self.problems = Problems(self.state, self.clock)
        self.heard: dict[str, bytes] = {}
        self.start(sender())

    def start(self, *senders: SenderSettings) -> None:
        """A new process."""
        self.watch = HeartbeatWatch(senders, SOURCE, self.heard.get, self.state, self.problems)

    def beat(self, name: str = "middleware") -> None:
        self.heard[HEARTBEAT + name] = self.clock().isoformat().encode()

    def minutes(self, count: int, *, listening: bool = True) -> None:
        for _ in range(count):
            self.clock.now += MINUTE
            self.watch.tick(self.clock(), "00D", listening=listening)

    @property
    def missing(self) -> list[str]:
        return [problem.subject for problem in self.problems.open() if problem.kind == MISSING]


@pytest.fixture
def org(tmp_path: Path) -> WatchedOrg:
    return WatchedOrg(tmp_path)


def test_a_sender_that_stays_away_is_missed_until_it_comes_again(org: WatchedOrg) -> None:
    """The problem opens once the longest time between two heartbeats is over, and ends with the next heartbeat."""
    org.beat()
    org.minutes(15)
    assert org.missing == []
    org.minutes(1)
    assert org.missing == [f"{SOURCE} middleware"]
    org.beat()
    org.minutes(1)
    assert org.missing == []
    events = [row for batch in org.problems.events() for row in batch.frame.to_dicts()]
    assert [row["event.action"] for row in events] == ["heartbeat-missing", "heartbeat-back"]
    assert events[0]["leakline.inbound.sender"] == "middleware"


def test_a_sender_that_never_came_is_missed(org: WatchedOrg) -> None:
    """A heartbeat is waited for from the first look on, and what was never there is said to be so."""
    org.minutes(17)
    assert org.missing == [f"{SOURCE} middleware"]
    assert "has sent no heartbeat ever" in org.problems.open()[0].message


def test_what_leakline_could_not_hear_is_not_missed(org: WatchedOrg) -> None:
    """Hours in which the daemon stood still, or took nothing in, make no heartbeat late."""
    org.beat()
    org.minutes(10)
    org.clock.now += timedelta(hours=5)
    org.start(sender())
    org.minutes(30, listening=False)
    assert org.missing == []


def test_restarts_make_nobody_forgotten(org: WatchedOrg) -> None:
    """A daemon that is restarted more often than a sender beats misses it all the same, and says how long it was away."""
    org.beat()
    org.minutes(1)
    for _ in range(4):
        org.minutes(5)
        org.clock.now += timedelta(hours=1)
        org.start(sender())
    org.minutes(1)
    assert org.missing == [f"{SOURCE} middleware"]
    fields = org.problems.open()[0].fields
    assert isinstance(fields["leakline.inbound.not_listened_seconds"], int)
    assert fields["leakline.inbound.not_listened_seconds"] > 3 * 3600


def test_a_clock_that_jumps_makes_no_silence(org: WatchedOrg) -> None:
    """Between two looks only minutes count, whatever the clock says."""
    org.beat()
    org.minutes(1)
    org.clock.now += timedelta(days=400)
    org.minutes(1)
    org.clock.now -= timedelta(days=400)
    org.minutes(5)
    assert org.missing == []


@pytest.mark.parametrize("left", [(), (sender(heartbeat=None),)])
def test_nobody_is_missed_whom_the_settings_do_not_expect(org: WatchedOrg, left: tuple[SenderSettings, ...]) -> None:
    """The problem ends when the settings no longer name the sender, or promise no heartbeat of it."""
    org.minutes(17)
    org.start(*left)
    org.minutes(1)
    assert org.missing == []


def test_one_sender_does_not_beat_for_another(org: WatchedOrg) -> None:
    """Each sender is missed by itself."""
    org.start(sender(), sender("erp"))
    org.minutes(10)
    org.beat("erp")
    org.minutes(7)
    assert org.missing == [f"{SOURCE} middleware"]


def test_what_is_remembered_damaged_begins_anew(org: WatchedOrg) -> None:
    """An unreadable record of a sender ends no tick."""
    with org.state.transact() as transaction:
        transaction.set("inbound/heard/middleware", b"{")
    before: datetime = org.clock()
    org.minutes(1)
    assert org.clock() > before
    assert org.missing == []
