"""The register of problems: told once, in step with the state, until they are over or acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from agent import metrics
from agent.assembly.outdated_problems import end_outdated
from agent.errors import LeaklineError
from agent.model import Rejection
from agent.own_event import own_event
from agent.problem_kinds import KINDS
from agent.store.dead_letter_problem import report_rejected
from agent.store.problem_outbox import ANNOUNCE_AGAIN
from agent.store.problems import QUIET, Problems
from tests.pipeline.fakes import NOW, Clock, Loops
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


def test_a_problem_is_told_once_and_its_end_too(loops: Loops) -> None:
    """The same trouble again is no news; when it is over, that is an event as well."""
    for _ in range(3):
        loops.problems.report("destination-unavailable", "siem", "siem takes nothing: refused")
    assert [problem.subject for problem in loops.problems.open()] == ["siem"]
    loops.problems.over("destination-unavailable", "siem")
    assert loops.problems.open() == []
    assert loops.event_actions() == ["destination-unavailable", "destination-recovered"]
    assert loops.event_actions() == []


def test_an_event_about_a_problem_is_an_own_event_in_the_alerts_lane(loops: Loops) -> None:
    """It says what is wrong, with the problem's id, kind, subject and count."""
    loops.problems.report("rows-lost", "siem", "10 rows are lost", count=10)
    loops.event_actions()
    entry = loops.spool.entry("alerts", 0)
    assert entry is not None
    (row,) = loops.spool.read(entry).frames[0].to_dicts()
    assert row["event.dataset"] == "leakline.agent"
    assert row["event.kind"] == "pipeline_error"
    assert row["event.action"] == row["leakline.problem.kind"] == "rows-lost"
    assert (row["leakline.problem.subject"], row["leakline.problem.count"]) == ("siem", 10)
    assert row["leakline.problem.id"] == loops.problems.open()[0].id


def test_a_problem_survives_a_restart_with_its_event(tmp_path: Path, clock: Clock) -> None:
    """What was reported before a kill is open and still to be told after it."""
    state = OneShard(tmp_path / "killed")
    Problems(state, clock).report("rows-lost", "siem", "10 rows are lost")
    state.close()
    state = OneShard(tmp_path / "killed")
    problems = Problems(state, clock)
    assert [problem.since for problem in problems.open()] == [NOW]
    assert len(list(problems.events())) == 1
    state.close()


def test_a_problem_is_open_only_if_what_caused_it_was_committed(loops: Loops) -> None:
    """A problem reported in a transaction that fails is not there, nor is its event."""
    with pytest.raises(ZeroDivisionError), loops.state.transact():
        loops.problems.report("rows-lost", "siem", "10 rows are lost")
        raise ZeroDivisionError
    assert loops.problems.open() == []
    assert loops.event_actions() == []


def test_losses_add_up_and_wait_for_a_person(loops: Loops) -> None:
    """Rows of one kind and subject are counted together until somebody acknowledges them, which is an event."""
    loops.problems.report("rows-lost", "siem", "a batch is gone", count=10)
    loops.problems.report("rows-lost", "siem", "another batch is gone", count=5)
    (problem,) = loops.problems.open()
    assert (problem.count, problem.clears) == (15, "person")
    loops.problems.over("rows-lost", "elsewhere")
    assert loops.problems.acknowledge("nosuch", "ada") is None
    assert loops.problems.acknowledge(problem.id, "ada") == problem
    assert loops.problems.open() == []
    assert loops.event_actions()[-1] == "problem-acknowledged"


def test_what_goes_on_is_not_ended_by_a_word(loops: Loops) -> None:
    """Acknowledging a source that cannot be read would make `status` green while nothing is read: it is refused."""
    for kind, ends in (("source-failed", False), ("file-not-loaded", False), ("clock-jumped", True)):
        loops.problems.report(kind, "subject", "it fails")
        (problem,) = loops.problems.open()
        if ends:
            assert loops.problems.acknowledge(problem.id, "ada") == problem
            assert loops.problems.open() == []
            continue
        with pytest.raises(LeaklineError, match=f"{kind} of subject stays open until what failed works again"):
            loops.problems.acknowledge(problem.id, "ada")
        assert loops.problems.open() == [problem]
        loops.problems.over(kind, "subject")


def test_a_fix_that_says_acknowledge_can_be_followed(loops: Loops) -> None:
    """No kind of problem sends a person to a command that refuses it."""
    for name, kind in KINDS.items():
        assert ("acknowledge ID" in kind.fix) <= (kind.clears == "person" or kind.ends_on_word), name


def test_rows_that_never_became_events_are_not_to_be_replayed(loops: Loops) -> None:
    """What can be done about a streamed event that fits no schema is to look at it; what a destination refused is sent again."""
    place = "LoginEventStream AAAAAAAAAAE="
    rejection = Rejection("00D000000000001AAA", "real_time", "LoginEventStream", place, 0, "it does not fit", b"\xff")
    report_rejected(loops.problems, "acme/real_time", "00D000000000001AAA", [rejection])
    loops.problems.report("dead-letters", "siem", "1 row is kept as a dead letter")
    streamed, refused = (problem.fix for problem in loops.problems.open())
    assert "replaying cannot help" in streamed
    assert "show FILE" in streamed
    assert "replay them once the cause is removed" in refused


def test_a_channel_that_is_not_streamed_any_more_is_not_waited_for(loops: Loops) -> None:
    """The own event that says so ends the problem of the channel, as its recovery would."""
    subject = "acme/real_time LoginEventStream"
    loops.problems.report("stream-failed", subject, "it is not received")
    told = own_event("00D000000000001AAA", "stream-withdrawn", "it is not streamed any more", NOW)
    loops.problems.apply_own_events(replace(told, input=subject))
    assert loops.problems.open() == []


def test_problems_of_what_the_settings_no_longer_name_are_over(loops: Loops) -> None:
    """An org or a destination that was taken out of the settings is not failing for ever; its losses stay."""
    for kind, subject in (
        ("source-failed", "gone/event_log_file"),
        ("source-failed", "acme/event_log_file"),
        ("destination-unavailable", "gone"),
        ("destination-unavailable", "siem"),
        ("destination-stopped", "gone"),
        ("dead-letters", "gone"),
    ):
        loops.problems.report(kind, subject, "it fails")
    end_outdated(loops.problems, ["acme/event_log_file"], ["siem"])
    left = {(problem.kind, problem.subject) for problem in loops.problems.open()}
    assert left == {
        ("source-failed", "acme/event_log_file"),
        ("destination-unavailable", "siem"),
        ("dead-letters", "gone"),
    }
    assert "source-recovered" in loops.event_actions()


def test_a_flood_is_told_thinly_but_to_the_row(loops: Loops, clock: Clock) -> None:
    """A thousand refusals are told at doubling counts; what came since is told after a while."""
    for _ in range(1000):
        loops.problems.report("dead-letters", "siem", "refused")
    assert len(loops.event_actions()) == 10
    loops.problems.report_growth()
    assert loops.event_actions() == []
    clock.now += ANNOUNCE_AGAIN
    loops.problems.report_growth()
    (batch,) = loops.problems.events()
    assert batch.frame["leakline.problem.count"].to_list() == [1000]


def test_settled_rows_end_a_problem_with_the_last(loops: Loops) -> None:
    """Replaying a part leaves the rest open; replaying all ends it."""
    loops.problems.report("dead-letters", "siem", "refused", count=10)
    loops.problems.settle("dead-letters", "siem", 4, "4 were replayed")
    assert [problem.count for problem in loops.problems.open()] == [6]
    assert loops.problems.open()[0].message == "refused; rows left of these: 6"
    loops.problems.settle("dead-letters", "siem", 1, "1 was replayed")
    assert loops.problems.open()[0].message == "refused; rows left of these: 5"
    loops.problems.settle("dead-letters", "siem", 5, "5 were replayed")
    assert loops.problems.open() == []


def test_the_metric_counts_open_problems_of_every_kind(loops: Loops) -> None:
    """0 of a kind that is well; the register and the metric agree."""
    loops.problems.report("rows-lost", "siem", "gone")
    value = metrics.REGISTRY.get_sample_value
    assert value("leakline_problems", {"kind": "rows-lost"}) == 1
    loops.problems.acknowledge(loops.problems.open()[0].id, "ada")
    assert [value("leakline_problems", {"kind": kind}) for kind in KINDS] == [0] * len(KINDS)


def test_another_class_of_error_is_news_at_once(loops: Loops, clock: Clock) -> None:
    """Refused credentials after a broken line are told without waiting; another wording is not."""
    for kind, message in (("TransportError", "cut"), ("TransportError", "cut there"), ("Unauthorized", "refused")):
        loops.problems.report("source-failed", "acme", message, fields={"error.type": kind})
        clock.now += timedelta(seconds=1)
    assert loops.event_actions() == ["source-failed", "source-failed"]
    assert loops.problems.open()[0].message == "refused"


def test_what_comes_and_goes_is_told_once_in_a_while(loops: Loops, clock: Clock) -> None:
    """Trouble that is back at once is open but no news until it lasts; its end is told if it was told itself."""
    for _ in range(20):
        loops.problems.report("destination-unavailable", "siem", "siem takes nothing: refused")
        assert [problem.kind for problem in loops.problems.open()] == ["destination-unavailable"]
        loops.problems.over("destination-unavailable", "siem")
        loops.problems.report_growth()
    assert loops.event_actions() == ["destination-unavailable", "destination-recovered"]
    loops.problems.report("destination-unavailable", "siem", "siem takes nothing: refused")
    clock.now += QUIET
    loops.problems.report_growth()
    assert loops.event_actions() == ["destination-unavailable"]
    loops.problems.over("destination-unavailable", "siem")
    assert loops.event_actions() == ["destination-recovered"]


def test_a_problem_that_a_failed_transaction_ended_is_ended_by_the_next(loops: Loops) -> None:
    """The register goes by the state alone, whatever was undone in between."""
    loops.problems.report("batches-set-aside", "siem", "rows are set aside")
    with pytest.raises(ZeroDivisionError), loops.state.transact():
        loops.problems.over("batches-set-aside", "siem")
        raise ZeroDivisionError
    assert loops.problems.is_open("batches-set-aside", "siem")
    loops.problems.over("batches-set-aside", "siem")
    assert loops.problems.open() == []


def test_the_log_has_the_id_of_an_incident_and_no_word_about_it(loops: Loops) -> None:
    """Its title names a person, and a comment can be erased, which no log would do."""
    with structlog.testing.capture_logs() as logs:
        loops.problems.announce(
            "incident-commented", "inc-1 (ana@x.example): she left", fields={"leakline.incident.id": "inc-1"}
        )
        loops.problems.announce("rules-changed", "two rules are new")
    assert [{key: line[key] for key in line if key not in ("event", "log_level")} for line in logs] == [
        {"action": "incident-commented", "incident": "inc-1"},
        {"action": "rules-changed", "reason": "two rules are new"},
    ]
