"""What is refused, and when a backfill waits."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

import pytest

from agent.daemon.backfill.loop import BackfillLoop
from agent.daemon.backfill.requests import BackfillRequests
from agent.errors import DiskFull, LeaklineError, LimitExceeded, TransportError
from agent.model import Batch, Cursor
from agent.sources.history.history import PastSource
from agent.sources.object_query.span import Span
from agent.status.backfill import FeedCost
from tests.pipeline.fakes import NOW, Loops, batch_of, ids_of
from tests.store.one_shard import OneShard

SINCE = (NOW - timedelta(hours=3)).isoformat()


class OnePast:
    """A source with a past of some batches a day, which may fail."""

    name = "list"

    def __init__(self) -> None:
        self.fails: Exception | None = None
        self.costs = [FeedCost("list", "Thing", calls=2, rows=6, basis="counted", oldest=NOW - timedelta(days=9))]

    def begin_live(self) -> Batch | None:
        return None

    def cost(self, span: Span) -> Iterator[FeedCost]:
        yield from self.costs

    def read(
        self, span: Span, after: Cursor | None, begins: Mapping[str, int] = MappingProxyType({})
    ) -> Generator[Batch, None, None]:
        for number in range(int(after or -1) + 1, 3):
            if self.fails is not None:
                raise self.fails
            yield replace(batch_of(number, ids_of(2 * number, 2 * number + 2)), cursor=Cursor(str(number)))


class Backfilled:
    """A shard whose org has that past."""

    def __init__(self, loops: Loops) -> None:
        self.past, self.stop, self.steady = OnePast(), Event(), [0.0]
        self.loops, self.ingest = loops, loops.ingest()
        self.session = session = SimpleNamespace(
            settings=SimpleNamespace(name="acme"), org_id="00D", calls=0, usage=(10, 100), allowed=64
        )
        source = PastSource(
            cast("Any", session), [self.past], now=lambda: NOW, recall=self.ingest.recall("acme/backfill")
        )
        self.shard_stop = Event()
        self.shard = shard = SimpleNamespace(
            name="acme", past=source, ingest=self.ingest, stores=loops.stores, org_id="00D", stop=self.shard_stop
        )
        self.loop = BackfillLoop({"acme": cast("Any", shard)}, lambda: NOW, self.stop, lambda: self.steady[0])
        self.requests = BackfillRequests(self.loop, lambda: NOW, reads_live=True)
        self.org = self.loop.orgs["acme"]

    def begin(self) -> None:
        cost = self.requests.cost("acme", SINCE)
        self.requests.start("acme", cost["since"], cost["until"])

    def sign_out(self) -> None:
        """The session cannot tell the org's id any more."""
        del self.session.org_id
        self.shard.org_id = ""

    def attempt(self) -> str:
        """What the status says after one look of the loop."""
        self.loop.attempt(self.org)
        (status,) = self.loop.statuses()
        return status.state


@pytest.fixture
def backfilled(tmp_path: Path) -> Iterator[Backfilled]:
    state = OneShard(tmp_path / "state", "acme")
    yield Backfilled(Loops(state))
    state.close()


@pytest.mark.parametrize(
    ("org", "since", "until", "said"),
    [
        ("other", SINCE, "", "other is not an org of the settings: write one of acme"),
        ("acme", (NOW + timedelta(hours=1)).isoformat(), "", "is in the future"),
        ("acme", SINCE, SINCE, "is not after --since"),
        ("acme", "yesterday", "", "is not a time"),
        ("acme", "2026-06-01T00:00:00", "", "has no time zone"),
    ],
)
def test_times_and_orgs_that_cannot_be_are_refused(
    backfilled: Backfilled, org: str, since: str, until: str, said: str
) -> None:
    """With what to write."""
    with pytest.raises(LeaklineError, match=said):
        backfilled.requests.cost(org, since, until)


def test_a_time_of_which_nothing_is_kept_is_refused(backfilled: Backfilled) -> None:
    """What the org keeps is said."""
    backfilled.past.costs = [FeedCost("list", "Thing", oldest=NOW)]
    with pytest.raises(LeaklineError, match=r"acme has nothing older than .*; what it has: Thing since 2026-07-01"):
        backfilled.requests.cost("acme", SINCE, (NOW - timedelta(hours=1)).isoformat())


def test_an_allowance_that_is_too_small_takes_days(backfilled: Backfilled) -> None:
    """They are announced: 64 calls a day may be used, of which 10 are."""
    backfilled.past.costs = [FeedCost("list", "Thing", calls=120, rows=1)]
    cost = backfilled.requests.cost("acme", SINCE)
    assert (cost["allowed"], cost["used"], cost["days"]) == (64, 10, 3)


def test_nothing_begins_before_its_cost_is_said(backfilled: Backfilled) -> None:
    """And nothing while another one runs."""
    with pytest.raises(LeaklineError, match="the cost of this backfill of acme is not known"):
        backfilled.requests.start("acme", SINCE, NOW.isoformat())
    backfilled.begin()
    with pytest.raises(LeaklineError, match=r"a backfill of acme .* is running"):
        backfilled.requests.cost("acme", SINCE)


def test_it_is_read_to_its_end_and_its_end_is_told(backfilled: Backfilled) -> None:
    """Rows, the job's end and the event about it are committed."""
    backfilled.begin()
    assert backfilled.attempt() == "finished"
    (status,) = backfilled.loop.statuses()
    assert (status.rows, status.rows_expected, status.calls_expected) == (6, 6, 2)


def test_it_goes_on_behind_its_last_commit(backfilled: Backfilled) -> None:
    """After a failure, which is a problem until it continues; the pauses grow."""
    backfilled.begin()
    failed = TransportError("no route")
    backfilled.past.fails = failed
    assert backfilled.attempt() == "failing"
    assert backfilled.loops.stores.problems.is_open("backfill-failed", "acme/backfill")
    backfilled.past.fails = None
    assert backfilled.attempt() == "failing"
    backfilled.steady[0] = 11.0
    assert backfilled.attempt() == "finished"
    assert not backfilled.loops.stores.problems.is_open("backfill-failed", "acme/backfill")


def test_it_pauses_while_its_share_of_the_calls_is_used(backfilled: Backfilled) -> None:
    """That is no failure."""
    backfilled.begin()
    backfilled.past.fails = LimitExceeded("64 of 100 are used")
    assert backfilled.attempt() == "paused"
    assert not backfilled.loops.stores.problems.is_open("backfill-failed", "acme/backfill")


def test_it_pauses_while_the_spool_is_half_full(backfilled: Backfilled) -> None:
    """And continues when a quarter is; live collection pauses when all of it is."""
    full = [0.6]
    backfilled.ingest.fullness = lambda: full[0]
    backfilled.begin()
    assert backfilled.attempt() == "paused"
    for full[0], state in ((0.4, "paused"), (0.2, "finished")):
        backfilled.steady[0] += 2.0
        assert backfilled.attempt() == state


def test_one_that_was_stopped_continues_where_it_was(backfilled: Backfilled) -> None:
    """By the same command; until then it stays as it is."""
    backfilled.begin()
    assert backfilled.requests.stop("acme")
    assert backfilled.attempt() == "stopped"
    assert not backfilled.requests.stop("acme")
    backfilled.begin()
    assert backfilled.attempt() == "finished"


def test_a_failure_that_cannot_be_noted_for_want_of_room_pauses_it(
    backfilled: Backfilled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And ends neither the thread nor the process; the failure is a problem as soon as there is room."""

    def full(*_: object, **__: object) -> None:
        raise DiskFull("the disk is full")

    backfilled.begin()
    backfilled.past.fails = TransportError("no route")
    with monkeypatch.context() as patch:
        patch.setattr(backfilled.loops.stores.problems, "report", full)
        assert backfilled.attempt() == "paused"
    backfilled.steady[0] += 1_000
    assert backfilled.attempt() == "failing"
    assert backfilled.loops.stores.problems.is_open("backfill-failed", "acme/backfill")


def test_nothing_is_asked_of_an_org_that_a_reload_ends(backfilled: Backfilled) -> None:
    """Another shard of it may write to the same state by then."""
    cost = backfilled.requests.cost("acme", SINCE)
    backfilled.shard_stop.set()
    for ask in (
        lambda: backfilled.requests.cost("acme", SINCE),
        lambda: backfilled.requests.start("acme", cost["since"], cost["until"]),
        lambda: backfilled.requests.stop("acme"),
    ):
        with pytest.raises(LeaklineError, match="acme is being reloaded, or was removed: try again in a minute"):
            ask()


def test_one_can_be_stopped_while_its_org_is_away(backfilled: Backfilled) -> None:
    """Whose id is not known yet after a restart."""
    backfilled.begin()
    backfilled.sign_out()
    assert backfilled.requests.stop("acme")
    assert backfilled.attempt() == "stopped"
