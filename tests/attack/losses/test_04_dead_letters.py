"""Dead letters: each is a problem, an event about it and a warning, and telling comes to an end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import structlog

from agent.assembly.batch_processing import build_processing
from agent.batch_steps import BatchSteps
from agent.config.settings import Settings
from agent.model import Chunk, Outcome, Rejection
from agent.store.problem_outbox import ANNOUNCE_AGAIN
from agent.store.problems import Problems
from tests.attack.four_places import assert_told_everywhere
from tests.end_to_end.agent_process import AgentProcess
from tests.pipeline.fakes import Clock, ListSource, Loops, ScriptedDestination, batch_of, ids_of
from tests.store.one_shard import OneShard


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def loops(tmp_path: Path, clock: Clock) -> Iterator[Loops]:
    loops = Loops(OneShard(tmp_path / "state"))
    loops.problems = Problems(loops.state, clock)
    yield loops
    loops.state.close()


def shipped_steps() -> BatchSteps:
    """What happens to Leakline's own events with the shipped rules."""
    client = {"type": "client_credentials", "client_id": "c", "client_secret": {"env": "NOWHERE"}}
    org = {"name": "acme", "url": "https://acme.my.salesforce.com", "auth": client}
    document = {"orgs": [org], "destinations": [{"type": "file", "directory": "/nowhere"}]}
    return build_processing(Settings.model_validate(document)).steps()


def alerts_of(loops: Loops) -> pl.DataFrame:
    """All rows of the lane of alerts."""
    entries = (loops.spool.entry("alerts", sequence) for sequence in range(loops.spool.end("alerts").sequence))
    return pl.concat(
        [frame for entry in entries if entry is not None for frame in loops.spool.read(entry).frames],
        how="diagonal_relaxed",
    )


def test_what_a_destination_refuses_is_told(loops: Loops) -> None:
    """How many, of which destination, and the most frequent reason, in the register, the log and an event."""
    reasons = [(0, "bad ip"), (1, "no such field"), (2, "bad ip")]
    siem = ScriptedDestination(script=[Outcome(rejected=reasons)])
    forward = loops.forward(siem)
    loops.ingest().read(ListSource([batch_of(1, ids_of(0, 5))]))
    with structlog.testing.capture_logs() as logs:
        loops.drain(forward)
    (problem,) = loops.problems.open()
    assert (problem.kind, problem.subject, problem.count) == ("dead-letters", "siem", 3)
    assert problem.message == "siem: 3 rows are kept as dead letters: bad ip"
    assert [(line["log_level"], line["reason"]) for line in logs if line["event"] == "problem"] == [
        ("warning", problem.message)
    ]
    assert loops.event_actions() == ["dead-letters"]
    (row,) = alerts_of(loops).to_dicts()
    assert row["leakline.problem.count"] == 3
    assert row["leakline.dead_letter.destination"] == "siem"
    assert row["leakline.dead_letter.reason"] == "bad ip"


def test_what_could_not_be_read_is_told(loops: Loops) -> None:
    """Malformed records open the same problem, under their source's name and for their org."""
    rejections = [Rejection("00D000000000001AAA", "list", "Thing", "file", row, "three cells, not four", b"a,b,c")
                  for row in (1, 2)]  # fmt: skip
    loops.ingest().read(ListSource([batch_of(1, ids_of(0, 3), rejections=rejections)]))
    (problem,) = loops.problems.open()
    assert problem.message == "acme/list: 2 rows are kept as dead letters: three cells, not four"
    assert (problem.kind, problem.subject, problem.count) == ("dead-letters", "acme/list", 2)
    assert problem.org == "00D000000000001AAA"
    assert problem.fields["leakline.dead_letter.source"] == "acme/list"


def test_dead_letters_that_no_transaction_named_are_no_problem(loops: Loops, monkeypatch: pytest.MonkeyPatch) -> None:
    """The problem is there if and only if the dead letters are."""
    siem = ScriptedDestination(script=[Outcome(rejected=[(0, "bad ip")])])
    forward = loops.forward(siem)
    loops.ingest().read(ListSource([batch_of(1, ids_of(0, 1))]))

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(loops.state, "number", fail)
    with pytest.raises(ZeroDivisionError):
        forward.forward()
    monkeypatch.undo()
    assert (loops.problems.open(), loops.dead_letters.count()) == ([], 0)


@pytest.mark.parametrize("steps", [None, shipped_steps], ids=["no rules", "shipped rules"])
def test_a_destination_that_refuses_everything_is_told_a_bounded_number_of_times(
    loops: Loops, clock: Clock, steps: Callable[[], BatchSteps] | None
) -> None:
    """Its refusal of the very events about its refusals, and of the alerts about these, makes no further ones."""

    def refuse(chunk: Chunk) -> Outcome:
        return Outcome(rejected=[(row, "no") for row in range(len(chunk.lines))])

    siem = ScriptedDestination(script=[refuse] * 10_000)
    forward = loops.forward(siem)
    ingest = loops.ingest(steps() if steps else None, now=clock)
    told = []
    for turn in range(200):  # two days of the telling loop
        if turn < 3:  # the second alert about it is folded into the first, and counted later
            loops.ingest().read(ListSource([batch_of(turn + 1, ids_of(turn * 9, turn * 9 + 9))]))
        loops.drain(forward)
        for batch in loops.problems.events():
            told += batch.frame["event.action"].to_list()
            ingest.take("agent", batch)
        ingest.tick()
        loops.problems.report_growth()
        clock.now += ANNOUNCE_AGAIN
    assert told.count("dead-letters") == 3  # once for each batch of rows, and for nothing else
    assert set(told) == {"dead-letters"}
    (problem,) = loops.problems.open()
    assert problem.count == loops.dead_letters.count() <= 60
    before = loops.dead_letters.count()
    clock.now += timedelta(days=1)
    loops.problems.report_growth()
    ingest.tick()
    loops.drain(forward)
    assert (loops.event_actions(), loops.dead_letters.count()) == ([], before)


def test_rows_refused_beside_an_event_about_refusals_are_still_told(loops: Loops, clock: Clock) -> None:
    """The exception is for that event alone: ordinary rows refused with it are news."""
    siem = ScriptedDestination(script=[Outcome(rejected=[(0, "no")]), Outcome(rejected=[(0, "no")])])
    forward = loops.forward(siem)
    loops.ingest().read(ListSource([batch_of(1, ids_of(0, 1))]))
    loops.drain(forward)
    assert loops.event_actions() == ["dead-letters"]
    loops.drain(forward)  # the event is refused as well
    siem.script = [Outcome(rejected=[(0, "no")])]
    loops.ingest().read(ListSource([batch_of(1, ids_of(0, 1)), batch_of(2, ids_of(1, 2))]))
    loops.drain(forward)
    (problem,) = loops.problems.open()
    assert (problem.count, problem.told_count) == (3, 2)
    clock.now += ANNOUNCE_AGAIN
    loops.problems.report_growth()
    assert loops.event_actions() == ["dead-letters"]


@pytest.mark.attack
def test_dead_letters_show_in_four_places(document: dict[str, Any], tmp_path: Path) -> None:
    """A destination with a small limit and `too_long: dead_letter`: status, metric, log, and the SIEM that works."""
    narrow = {"type": "file", "name": "narrow", "directory": str(tmp_path / "narrow"), "format": "ecs"}
    document["destinations"].append(narrow | {"max_row_bytes": 1000, "too_long": "dead_letter"})
    agent = AgentProcess(tmp_path, document)
    agent.start()
    try:
        assert_told_everywhere(agent, "dead-letters", tmp_path / "out")
        agent.wait_for(agent.drained)
        (narrowed,) = [destination for destination in agent.status()["destinations"] if destination["name"] == "narrow"]
        assert narrowed["lanes"]["events"]["dead_lettered"] > 0
        assert narrowed["lanes"]["alerts"]["dead_lettered"] == 0
    finally:
        agent.stop()
