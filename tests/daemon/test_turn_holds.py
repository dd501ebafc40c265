"""Sources that have to wait for API calls: not read, not lost, and told where they are late."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agent import metrics
from agent.daemon.reading.polling import Polling
from agent.daemon.reading.turn_holds import KIND
from agent.errors import HeldBack
from agent.pipeline.pass_faults import PassFaults
from agent.sources.salesforce.budget.hold import ApiHold
from tests.daemon.test_polling import TroubledSource, poll_all
from tests.pipeline.fakes import Clock, Loops

EVERY = timedelta(minutes=10)


class HeldPolling:
    """One source with a poll every ten minutes, which is held back while `held` says so."""

    def __init__(self, loops: Loops) -> None:
        self.loops, self.clock, self.held = loops, Clock(), False
        self.source = TroubledSource("acme/sessions")
        steady = lambda: self.clock().timestamp()  # noqa: E731
        faults = PassFaults(loops.problems, steady=steady, jitter=lambda: 1.0)
        self.polling = Polling(
            loops.ingest(),
            loops.problems,
            self.clock,
            loops.stop,
            lambda _: "00D",
            steady,
            faults=faults,
            turn=self.turn,
        )
        self.polling.add(self.source, "acme", EVERY)

    def turn(self, source: str) -> ApiHold | None:
        assert source == "acme/sessions"
        if not self.held:
            return None
        return ApiHold(self.clock.now, self.clock.now + timedelta(hours=2), "900 of the 1,000 API calls are used")

    def pass_time(self, polls: int) -> None:
        for _ in range(polls):
            poll_all(self.polling)
            self.clock.now += EVERY

    @property
    def problems(self) -> list[str]:
        return [problem.kind for problem in self.loops.problems.open()]


@pytest.fixture
def held(loops: Loops) -> HeldPolling:
    return HeldPolling(loops)


def test_a_source_without_a_turn_is_shown_and_not_read(held: HeldPolling) -> None:
    """Status has since when and until about when; the metric is 1; nothing has failed."""
    held.pass_time(1)
    held.held = True
    held.pass_time(1)
    (status,) = held.polling.status(held.clock.now)
    assert held.source.reads == 1
    assert status["paused"]["by"] == "api_budget"
    assert status["resumes_at"] > status["paused"]["since"]
    assert status["problem"] == ""
    assert metrics.SOURCE_HELD.labels("acme/sessions")._value.get() == 1
    held.held = False
    held.pass_time(1)
    (status,) = held.polling.status(held.clock.now)
    assert (held.source.reads, status["paused"], status["resumes_at"]) == (2, None, None)
    assert metrics.SOURCE_HELD.labels("acme/sessions")._value.get() == 0


def test_a_late_source_is_a_problem_until_all_is_well_for_an_hour(held: HeldPolling) -> None:
    """A turn that comes somewhat later is none; one that is late by more than two polls is, and does not flicker."""
    held.pass_time(1)
    held.held = True
    held.pass_time(1)
    assert held.problems == []
    held.pass_time(1)
    assert held.problems == [KIND]
    (problem,) = held.loops.problems.open()
    assert problem.subject == "acme/sessions"
    assert "is held back until about" in problem.message
    held.held = False
    held.pass_time(3)
    assert held.problems == [KIND]
    held.pass_time(4)
    assert held.problems == []


def test_a_problem_of_an_earlier_process_ends_with_a_turn(held: HeldPolling) -> None:
    """What a process before reported is over once the source is read."""
    held.loops.problems.report(KIND, "acme/sessions", "acme/sessions is held back")
    held.pass_time(1)
    assert held.problems == []


def test_a_caller_that_comes_after_the_sources_does_not_rest_the_org(held: HeldPolling) -> None:
    """HeldBack is of one caller: the org's other sources are read at their next turn."""
    sibling = TroubledSource("acme/backfill", [HeldBack("wait", until=held.clock.now)])
    polling = Polling(
        held.loops.ingest(), held.loops.problems, held.clock, held.loops.stop, lambda _: "00D",
        lambda: held.clock().timestamp(), faults=PassFaults(held.loops.problems, steady=lambda: 0.0),
    )  # fmt: skip
    polling.add(sibling, "acme", EVERY)
    polling.add(held.source, "acme", EVERY)
    poll_all(polling)
    assert held.source.reads == 1
