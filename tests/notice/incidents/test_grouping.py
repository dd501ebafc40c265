"""Which incident alerts belong to: the same one however they came, and never one of another origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.notice.incidents.incident import Incident, decode, encode
from tests.notice.incidents.answering import Answering, Remembered, Row, alert, frame

DAY = 24 * 60


@st.composite
def alerts(draw: st.DrawFn) -> list[Row]:
    """Of a few users, some with sessions that several of them share, over a few days; in the order of their events."""
    rows = []
    for number in range(draw(st.integers(1, 14))):
        row = alert(
            number,
            minute=draw(st.integers(0, 4 * DAY)),
            user=draw(st.sampled_from(["a", "b", "c"])),
            rule=draw(st.sampled_from(["x", "y", "z"])),
            level=draw(st.sampled_from(["low", "medium", "high"])),
            rows=draw(st.none() | st.integers(0, 100_000)),
        )
        rows.append(row | {"leakline.session": draw(st.none() | st.sampled_from(["s1", "s2"]))})
    return sorted(rows, key=lambda row: (row["event.start"], row["event.id"]))


def cut(rows: Sequence[Row], cuts: Sequence[int]) -> list[Sequence[Row]]:
    edges = sorted({0, len(rows), *(edge for edge in cuts if edge < len(rows))})
    return [rows[begin:end] for begin, end in pairwise(edges)]


def told(answering: Answering) -> list[Incident]:
    """Everything of the incidents as it is stored, but when it was decided."""
    return [
        replace(
            incident,
            opened_at=incident.detected_at,
            decisions=[replace(decision, at=incident.detected_at) for decision in incident.decisions],
            facts={name: replace(fact, at=incident.detected_at) for name, fact in incident.facts.items()},
        )
        for incident in map(decode, map(encode, answering.incidents()))
    ]


@settings(max_examples=60)
@given(alerts(), st.randoms(use_true_random=False))
def test_the_order_inside_a_batch_does_not_matter(rows: list[Row], random: Random) -> None:
    """Alerts open and join incidents by the times of their events."""
    sorted_rows, mixed_rows = Answering(), Answering()
    sorted_rows.take_rows(rows)
    shuffled = list(rows)
    random.shuffle(shuffled)
    mixed_rows.take_rows(shuffled)
    assert sorted_rows.incidents() == mixed_rows.incidents()


@settings(max_examples=60)
@given(alerts(), st.lists(st.integers(1, 13)), st.booleans())
def test_batches_may_be_cut_anywhere(rows: list[Row], cuts: list[int], restarted: bool) -> None:
    """Of alerts in the order of time, also with a restart after each: the same incidents with the same ids."""
    together, apart = Answering(), Answering()
    together.take_rows(rows)
    for part in cut(rows, cuts):
        apart.take_rows(part)
        if restarted:
            apart = Answering(stored=apart.stored)
    assert told(together) == told(apart)


def test_of_two_with_as_old_evidence_the_batch_decides_nothing() -> None:
    """An alert that would fit both joins the same one whether or not they were opened by one batch."""
    for actor in "bcdefgh":
        rows = [
            alert(0, user=actor, rule="x"),
            alert(1, user="a", rule="x", leakline__session="s1"),
            alert(2, minute=1, user=actor, rule="x", leakline__session="s1"),
        ]
        together, apart = Answering(), Answering()
        together.take_rows(rows)
        apart.take_rows(rows[1:2])
        apart.take(frame(rows[:1]), rows[2]["@timestamp"])
        apart.take_rows(rows[2:])
        assert told(together) == told(apart)


@settings(max_examples=60)
@given(alerts(), st.lists(st.sampled_from(["live", "history", "drill"]), min_size=14, max_size=14))
def test_origins_never_mix(rows: list[Row], origins: list[str]) -> None:
    """An incident of a backfill or a drill is what it would be if there were nothing else, and so is one of live alerts."""
    flags: dict[str, Row] = {
        "live": {},
        "history": {"leakline.alert.history": True},
        "drill": {"leakline.drill.id": "D-2026-0001"},
    }
    marked = [row | flags[origin] for row, origin in zip(rows, origins, strict=False)]
    mixed = Answering()
    mixed.take_rows(marked)
    alone: list[Incident] = []
    for origin in flags:
        answering = Answering()
        if of_origin := [row for row, known in zip(marked, origins, strict=False) if known == origin]:
            answering.take_rows(of_origin)
        alone += answering.incidents()
        assert {incident.origin for incident in answering.incidents()} <= {origin}
    assert {known.id: known.alerts for known in mixed.incidents()} == {known.id: known.alerts for known in alone}
    assert not any(known.has_clocks or known.state != "candidate" for known in alone if known.origin == "history")


@settings(max_examples=60)
@given(alerts(), st.lists(st.integers(1, 13)))
def test_a_batch_that_comes_again_changes_nothing(rows: list[Row], cuts: list[int]) -> None:
    """Neither one that was taken back nor one that was stored."""
    answering, parts = Answering(), cut(rows, cuts)
    for part in parts:
        before = dict(answering.stored.values)
        lost = answering.respond(*_batch(part))
        lost.advance()
        lost.take_back()
        answering.take(*_batch(part))
        once = Answering(stored=_copy(before))
        once.take(*_batch(part))
        assert answering.stored.values == once.stored.values
    stored = dict(answering.stored.values)
    for part in parts:
        again = answering.take(*_batch(part))
        assert not again.events.height
    assert answering.stored.values == stored


@pytest.mark.parametrize("ended", [False, True])
def test_a_later_word_stays_with_the_incident_that_has_the_alert(ended: bool) -> None:
    """Also where that has ended and another of the same user is open."""
    answering = Answering()
    first = alert(1, rule="x", level="high", leakline__alert__id="f1")
    answering.take_rows([first])
    if ended:
        answering.end(answering.only(), first["@timestamp"])
    answering.take_rows([alert(2, minute=30, rule="y", level="high")])
    response = answering.take_rows([first | {"event.id": "9", "event.action": "alert-revised"}])
    holder = answering.incidents()[0]
    assert response.alerts["leakline.incident.id"].to_list() == [holder.id]
    assert (holder.revisions, holder.alerts, holder.is_open) == (1, 1 if ended else 2, not ended)


def test_clocks_do_not_begin_in_the_past_of_a_habit() -> None:
    """A high alert does not join a candidate that low ones have kept open for days; it names it."""
    answering = Answering()
    for day in range(5):
        answering.take_rows([alert(day, minute=day * DAY * 0.9)])
    habit = answering.only()
    serious = alert(9, minute=4 * DAY, rule="y", level="high")
    answering.take_rows([serious])
    opened = next(incident for incident in answering.incidents() if incident.id != habit.id)
    assert opened.has_clocks and opened.detected_at == serious["@timestamp"]
    assert opened.related == (habit.id,)
    assert answering.book.incident(habit.id) == habit
    answering.take_rows([alert(10, minute=4 * DAY + 30)])
    assert answering.book.incident(habit.id) == habit


def test_a_candidate_of_the_same_day_is_what_becomes_serious() -> None:
    """The evidence before the high alert belongs to it, and clocks count from the first of it."""
    answering = Answering()
    low = alert(1)
    answering.take_rows([low])
    answering.take_rows([alert(2, minute=DAY / 2, rule="y", level="high")])
    incident = answering.only()
    assert incident.has_clocks and incident.detected_at == low["@timestamp"]


def test_alerts_far_apart_are_two_incidents() -> None:
    """Farther than the setting says, in event time."""
    answering = Answering()
    answering.take_rows([alert(1), alert(2, minute=DAY + 1)])
    assert len(answering.incidents()) == 2


def _batch(rows: Sequence[Row]) -> tuple[pl.DataFrame, datetime]:
    return frame(rows), max(row["@timestamp"] for row in rows)


def _copy(values: dict[str, bytes]) -> Remembered:
    copied = Remembered()
    copied.values.update(values)
    return copied
