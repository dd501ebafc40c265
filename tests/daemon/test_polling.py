"""What happens to polling when an org cannot be read."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from agent.daemon.polling import CREDENTIALS_PAUSE, ORG_PAUSE, Polling
from agent.errors import DiskFull, Forbidden, LimitExceeded, TransportError
from agent.model import Batch, Cursor
from tests.pipeline.fakes import NOW, Clock, Loops, batch_of, ids_of


@dataclass
class TroubledSource:
    """A source that raises what is left in `troubles`, and else yields one batch."""

    name: str
    troubles: list[Exception] = field(default_factory=list)
    reads: int = 0

    def read(self, after: Cursor | None) -> Generator[Batch]:
        self.reads += 1
        if self.troubles:
            raise self.troubles.pop(0)
        yield batch_of(self.reads, ids_of(self.reads, self.reads + 1))


def polling_of(loops: Loops, clock: Clock, *sources: tuple[TroubledSource, str]) -> Polling:
    def steady() -> float:
        return clock().timestamp()

    polling = Polling(loops.ingest(), loops.problems, clock, loops.stop, lambda org: f"id of {org}", steady)
    for source, org in sources:
        polling.add(source, org, timedelta(minutes=10))
    return polling


def poll_all(polling: Polling) -> None:
    for polled in polling.sources.values():
        polling.poll(polled)


def test_a_used_up_allowance_pauses_the_whole_org_and_no_other(loops: Loops) -> None:
    """After REQUEST_LIMIT_EXCEEDED every source of that org rests; the others go on."""
    clock = Clock()
    limited, sibling = (
        TroubledSource("acme/one", [LimitExceeded("TotalRequests Limit exceeded.")]),
        TroubledSource("acme/other"),
    )
    elsewhere = TroubledSource("beta/one")
    polling = polling_of(loops, clock, (limited, "acme"), (sibling, "acme"), (elsewhere, "beta"))
    poll_all(polling)
    poll_all(polling)
    assert (limited.reads, sibling.reads, elsewhere.reads) == (1, 0, 2)
    clock.now += ORG_PAUSE
    poll_all(polling)
    assert (limited.reads, sibling.reads) == (2, 1)


def test_a_missing_permission_rests_one_source(loops: Loops) -> None:
    """A source that needs a human waits longer than a poll."""
    clock = Clock()
    forbidden, sibling = TroubledSource("acme/one", [Forbidden("no permission")]), TroubledSource("acme/other")
    polling = polling_of(loops, clock, (forbidden, "acme"), (sibling, "acme"))
    poll_all(polling)
    poll_all(polling)
    assert (forbidden.reads, sibling.reads) == (1, 2)
    clock.now += CREDENTIALS_PAUSE
    poll_all(polling)
    assert polling.sources["acme/one"].problem == ""


def test_a_full_disk_that_keeps_a_trouble_from_being_noted_ends_nothing(
    loops: Loops, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The poll is over with what the disk said as its problem; the next one finds all as it was."""
    source = TroubledSource("acme/one", [TransportError("cut")] * 2)
    polling = polling_of(loops, Clock(), (source, "acme"))

    def full(wait: float | None = None) -> Any:
        raise DiskFull("no room")

    with monkeypatch.context() as patch:
        patch.setattr(loops.state, "transact", full)
        poll_all(polling)
    assert polling.sources["acme/one"].problem == "no room"
    poll_all(polling)
    assert [problem.kind for problem in loops.problems.open()] == ["source-failed"]


def test_a_trouble_is_told_once_and_ends(loops: Loops) -> None:
    """The same trouble three times is one own event; after a good poll there is no problem left."""
    source = TroubledSource("acme/one", [TransportError("cut")] * 3)
    polling = polling_of(loops, Clock(), (source, "acme"))
    for _ in range(3):
        poll_all(polling)
        assert polling.sources["acme/one"].problem == "cut"
    assert [problem.kind for problem in loops.problems.open()] == ["source-failed"]
    poll_all(polling)
    assert polling.sources["acme/one"].problem == ""
    assert loops.problems.open() == []
    assert loops.event_actions() == ["source-failed", "source-recovered"]


def test_what_nobody_expected_is_not_swallowed(loops: Loops) -> None:
    """An exception that is no SourceError goes up, and ends the process there."""
    source = TroubledSource("acme/one", [ZeroDivisionError()])
    with pytest.raises(ZeroDivisionError):
        poll_all(polling_of(loops, Clock(), (source, "acme")))


def test_status_tells_lag_and_problem(loops: Loops) -> None:
    """The newest event's age is the lag."""
    clock = Clock()
    source = TroubledSource("acme/one")
    polling = polling_of(loops, clock, (source, "acme"))
    polling._ingest._watch = polling.record_commit
    poll_all(polling)
    (status,) = polling.status(NOW + timedelta(hours=2))
    assert status["lag_seconds"] == 7200
    assert status["problem"] == ""
