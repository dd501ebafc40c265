"""What a person has judged not a breach closes the same again, says so, and closes nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent import metrics
from agent.assembly.trail_record import recorder
from agent.notice.incidents.book import IncidentBook
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.incidents.evidence import ROWS_STEPS
from agent.notice.incidents.incident import Decision, Incident
from agent.notice.incidents.responder import IncidentResponder
from agent.notice.incidents.rule_verdict import VERDICT, verdicts_of, withdrawn
from agent.notice.incidents.triage import LOW, is_duplicate
from agent.notice.settings import NoticeSettings
from agent.store import keys
from agent.store.problems import Problems
from agent.store.state import StateRecall
from tests.notice.incidents.answering import BEGIN, SETTINGS, Answering, Detected, Row, alert, frame
from tests.store.one_shard import OneShard

WEEK = 7 * 24 * 60
JUDGED = BEGIN + timedelta(hours=6)


def judged(*rows: Row) -> Answering:
    """A person has ended the incident of these."""
    answering = Answering()
    answering.take_rows(list(rows) or [alert(1, rows=500)])
    answering.end(answering.only(), JUDGED, "an audit list that he sends every month")
    return answering


def later(answering: Answering, *rows: Row) -> Incident:
    """What becomes of a week later's."""
    known = {incident.id for incident in answering.incidents()}
    answering.take_rows(list(rows))
    (found,) = [incident for incident in answering.incidents() if incident.id not in known]
    return found


def test_the_same_again_is_closed_and_says_why() -> None:
    """The decision, the event and the record name the earlier incident; the alert names the closed one."""
    answering = judged()
    first = answering.only()
    counted = metrics.INCIDENTS_DUPLICATE._value.get()
    response = answering.take_rows([alert(2, minute=WEEK, rows=700)])
    duplicate = answering.incidents()[1]
    assert duplicate.state == "closed" and is_duplicate(duplicate)
    reason = duplicate.decisions[-1].reason
    assert first.id in reason and "2026-06-01 by assessor" in reason and "audit list" in reason
    assert first.id in duplicate.related
    assert response.alerts["leakline.incident.id"].to_list() == [duplicate.id]
    assert response.events["event.action"].to_list() == ["incident-closed"]
    assert first.id in response.events["message"][0]
    (record,) = response.records
    assert (record.type, record.object, record.personal["reason"]) == ("incident-closed", duplicate.id, reason)
    assert metrics.INCIDENTS_DUPLICATE._value.get() == counted + 1
    assert not list(answering.book.open_ids())


OTHERWISE: dict[str, Callable[[], Row]] = {
    "another rule": lambda: alert(2, minute=WEEK, rule="other"),
    "another user": lambda: alert(2, minute=WEEK, user="u2"),
    "many more rows": lambda: alert(2, minute=WEEK, rows=ROWS_STEPS[0]),
    "another signal": lambda: alert(2, minute=WEEK, leakline__user_leaving=True),
    "from which clocks begin": lambda: alert(2, minute=WEEK, level="high"),
    "a drill": lambda: alert(2, minute=WEEK, leakline__drill__id="D-2026-0001"),
    "a backfill": lambda: alert(2, minute=WEEK, leakline__alert__history=True),
    "too long after": lambda: alert(2, minute=WEEK * 5),
}


@pytest.mark.parametrize("what", OTHERWISE)
def test_anything_else_is_not_closed(what: str) -> None:
    """A verdict is about what was judged and no more."""
    found = later(judged(), OTHERWISE[what]())
    assert found.is_open and not is_duplicate(found)


def test_a_score_that_is_not_low_is_not_closed() -> None:
    """Also of what was judged: a medium level with a hundred thousand rows."""
    rows: dict[str, Any] = {"level": "medium", "rows": ROWS_STEPS[2]}
    found = later(judged(alert(1, **rows)), alert(2, minute=WEEK, **rows))
    assert found.score.value >= LOW and found.is_open
    assert "judged not a breach" in found.score.reasons[-1]


def test_one_more_rule_than_was_judged_is_not_closed() -> None:
    """Everything has to be judged."""
    assert later(judged(), alert(2, minute=WEEK), alert(3, minute=WEEK, rule="other")).is_open


def test_a_user_of_several_who_was_not_judged_keeps_it_open() -> None:
    """They share a session."""
    shared: dict[str, Any] = {"leakline__session": "s1"}
    found = later(judged(), alert(2, minute=WEEK, **shared), alert(3, minute=WEEK, user="u2", **shared))
    assert found.is_open and len([link for link in found.links if link.startswith("user:")]) == 2


def test_a_candidate_that_a_person_has_touched_is_not_closed() -> None:
    """He decides."""
    answering = judged()
    found = later(answering, alert(2, minute=WEEK, rule="other"))
    answering.put(found, replace(found, assignee="anna", rules={}, related=()))
    answering.take_rows([alert(3, minute=WEEK + 5)])
    again = answering.book.incident(found.id)
    assert again is not None and again.is_open


def test_a_duplicate_that_grows_is_opened_again() -> None:
    """A correlation says a thousand rows first and a million later: that was not judged."""
    answering = judged()
    row = alert(2, minute=WEEK, rows=700, leakline__alert__id="f2")
    assert is_duplicate(later(answering, row))
    grown = {"event.id": "3", "event.action": "alert-revised", "leakline.measure.value": 1_000_000.0}
    response = answering.take_rows([row | grown])
    again = answering.incidents()[1]
    assert again.state == "candidate" and answering.book.open_ids() == [again.id]
    assert "more now than what was judged" in again.decisions[-1].reason
    assert response.events["event.action"].to_list() == ["incident-raised"]


def test_a_judgement_that_is_withdrawn_closes_nothing() -> None:
    """The incident is opened again: what was said of it counts no longer."""
    answering = judged()
    answering.stored.apply(withdrawn(answering.only(), answering.stored))
    assert not list(answering.stored.keys(VERDICT))
    assert later(answering, alert(2, minute=WEEK)).is_open


def test_verdicts_of_a_user_are_bounded() -> None:
    """The newest stay: fifty rules, however many there were."""
    answering = Answering()
    for number in range(60):
        answering.take_rows([alert(number, minute=number * 3 * 24 * 60, rule=f"r{number:02}")])
        answering.end(answering.incidents()[-1], BEGIN + timedelta(days=number * 3))
    assert len(list(answering.stored.keys(VERDICT))) == len(("user", "name"))
    for key in answering.stored.keys(VERDICT):
        data = answering.stored.values[key]
        assert b'"r59"' in data and b'"r05"' not in data
    assert later(answering, alert(99, minute=62 * 3 * 24 * 60, rule="r59")).state == "closed"


def test_it_counts_after_a_restart_of_a_real_state(tmp_path: Path) -> None:
    """Judged at the desk, in one transaction with its record in the trail."""
    state = OneShard(tmp_path)
    _take(state, alert(1))
    book = IncidentBook(StateRecall(state, keys.RESPONSE.prefix))
    problems = Problems(state, lambda: JUDGED)
    desk = IncidentDesk(state, problems, book, nullcontext, recorder(state), SETTINGS, lambda: JUDGED)
    with desk.changing() as change:
        (number,) = book.ids()
        before = change.incident(number)
        assert before is not None
        decision = Decision("not-a-breach", change.now, "anna", "her own list")
        ended = replace(before, state="not-a-breach", decisions=(*before.decisions, decision))
        change.put(before, ended, "incident-decided", "not a breach", by="anna", data={"state": "not-a-breach"})
        change.apply(verdicts_of(before, desk.recall, change.now, "anna", "her own list"))
    state.close()
    state = OneShard(tmp_path)
    (closed,) = _take(state, alert(2, minute=WEEK))
    assert is_duplicate(closed) and "by anna (her own list)" in closed.decisions[-1].reason
    state.close()


def test_verdicts_count_as_long_as_the_setting_says() -> None:
    """`close_candidates_after`."""
    short = NoticeSettings.model_validate({**SETTINGS.model_dump(), "close_candidates_after": timedelta(days=3)})
    answering = Answering(short)
    answering.take_rows([alert(1)])
    answering.end(answering.only(), JUDGED)
    assert later(answering, alert(2, minute=2 * 24 * 60)).state == "closed"
    assert later(answering, alert(3, minute=5 * 24 * 60)).is_open


def _take(state: OneShard, row: dict[str, Any]) -> list[Incident]:
    """What a batch of this alert changes, stored in its transaction."""
    book = IncidentBook(StateRecall(state, keys.RESPONSE.prefix))
    response = IncidentResponder(book, SETTINGS)(None, Detected(frame([row])), row["@timestamp"])  # type: ignore[arg-type]
    with state.transact() as transaction:
        transaction.apply(keys.RESPONSE.prefix, response.remember)
        response.advance()
    response.commit()
    found = map(book.incident, book.ids())
    return [incident for incident in found if incident and row["event.id"] in incident.alert_ids]
