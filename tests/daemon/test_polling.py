"""What happens to polling when an org cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import structlog

from agent import metrics
from agent.daemon.reading.polling import Polling
from agent.daemon.reading.source_failures import CREDENTIALS_PAUSE, ORG_PAUSE
from agent.errors import DiskFull, Forbidden, LimitExceeded, StateDamaged, TransportError
from agent.model import Batch, Cursor
from agent.pipeline.pass_faults import PassFaults
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


def polling_of(
    loops: Loops,
    clock: Clock,
    *sources: tuple[TroubledSource, str],
    wait: Callable[[float], bool] = lambda _: False,
) -> Polling:
    def steady() -> float:
        return clock().timestamp()

    polling = Polling(
        loops.ingest(),
        loops.problems,
        clock,
        loops.stop,
        lambda org: f"id of {org}",
        steady,
        faults=PassFaults(loops.problems, steady=steady, jitter=lambda: 1.0),
        wait=wait,
    )
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


def test_a_fault_ends_its_pass_and_is_tried_again_after_growing_pauses(loops: Loops) -> None:
    """It is told as a problem of the org while it lasts; another source goes on meanwhile; a good pass begins anew."""
    pauses: list[float] = []
    troubled, other = TroubledSource("acme/one", [ZeroDivisionError("by zero")] * 12), TroubledSource("acme/other")

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        assert [(problem.kind, problem.org) for problem in loops.problems.open()] == [("pass-failed", "id of acme")]
        polling.poll(polling.sources["acme/other"])
        return False

    polling = polling_of(loops, Clock(), (troubled, "acme"), (other, "acme"), wait=wait)
    polling.poll(polling.sources["acme/one"])
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert (loops.problems.open(), polling.sources["acme/one"].problem, other.reads) == ([], "", 12)
    troubled.troubles, pauses[:] = [ZeroDivisionError()], []
    polling.poll(polling.sources["acme/one"])
    assert pauses == [1]


def test_a_fault_is_counted_and_logged_with_its_traceback(loops: Loops) -> None:
    """The metric counts each, by source and class; the log says where it was."""
    labels = {"source": "acme/counted", "error": "ZeroDivisionError"}
    before = metrics.REGISTRY.get_sample_value("leakline_passes_failed_total", labels) or 0
    polling = polling_of(loops, Clock(), (TroubledSource("acme/counted", [ZeroDivisionError()] * 2), "acme"))
    with structlog.testing.capture_logs() as logs:
        poll_all(polling)
    assert metrics.REGISTRY.get_sample_value("leakline_passes_failed_total", labels) == before + 2
    tracebacks = [line["traceback"] for line in logs if line["event"] == "pass failed"]
    assert len(tracebacks) == 2
    assert "ZeroDivisionError" in tracebacks[0]


def test_a_stop_ends_the_pause_after_a_fault(loops: Loops) -> None:
    """Then it is not tried again."""
    source = TroubledSource("acme/one", [ZeroDivisionError()] * 5)
    polling = polling_of(loops, Clock(), (source, "acme"), wait=lambda _: True)
    poll_all(polling)
    assert source.reads == 1


def test_a_damaged_state_is_no_fault_of_a_pass(loops: Loops) -> None:
    """It goes up, and ends the process: all orgs stand on it."""
    source = TroubledSource("acme/one", [StateDamaged("pages are damaged")])
    with pytest.raises(StateDamaged):
        poll_all(polling_of(loops, Clock(), (source, "acme")))


def test_an_allowance_that_is_used_up_outlives_a_pause_after_a_fault(loops: Loops) -> None:
    """A sibling that hears of it while this source pauses has both rest as long as the org has to."""
    clock = Clock()
    faulty = TroubledSource("acme/one", [ZeroDivisionError()])
    sibling = TroubledSource("acme/other", [LimitExceeded("TotalRequests Limit exceeded.")])

    def wait(_: float) -> bool:
        polling.poll(polling.sources["acme/other"])
        return False

    polling = polling_of(loops, clock, (faulty, "acme"), (sibling, "acme"), wait=wait)
    polling.poll(polling.sources["acme/one"])
    polling.poll(polling.sources["acme/one"])
    assert faulty.reads == 1
    clock.now += ORG_PAUSE
    polling.poll(polling.sources["acme/one"])
    assert faulty.reads == 2


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
