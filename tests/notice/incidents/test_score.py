"""What a score says, and that it is the same however the alerts came."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.notice.incidents.evidence import MOST_TRACES, PRESENT, ROWS_STEPS
from agent.notice.incidents.evidence import SIGNALS as COLUMNS
from agent.notice.incidents.score import BREADTH, FOR_MANY_RULES, HIGHEST, JUDGED, LEVEL, MANY_RULES, ROWS, SIGNALS
from agent.notice.incidents.triage import LOW
from tests.notice.incidents.answering import Answering, Row, alert

CELLS = {
    "leakline.user_is_guest": st.booleans(),
    "leakline.user_leaving": st.booleans(),
    "leakline.any_ip_anonymizer": st.booleans(),
    "leakline.app_approved": st.booleans(),
    "source.ip": st.sampled_from([f"192.0.2.{number}" for number in range(40)]),
    "salesforce.entity_name": st.sampled_from(["Account", "Contact", "Case, Lead"]),
}
CATEGORIES = {"a": "access", "b": "access", "c": "exfiltration", "d": "exfiltration", "e": "configuration", "f": ""}
LEVELS = st.sampled_from(["informational", "low", "medium", "high", "critical"])


@st.composite
def alerts_of_a_user(draw: st.DrawFn) -> list[Row]:
    """In the order of time, with a revision of some."""
    rows: list[Row] = []
    for number in range(draw(st.integers(1, 12))):
        cells: dict[str, Any] = {name: draw(values) for name, values in CELLS.items()}
        rule = draw(st.sampled_from(list(CATEGORIES)))
        found = alert(
            number,
            minute=draw(st.integers(0, 60)),
            rule=rule,
            level=draw(LEVELS),
            category=CATEGORIES[rule],
            rows=draw(st.none() | st.integers(0, 2_000_000)),
        )
        found |= cells | {"leakline.alert.id": found["event.id"]}
        rows.append(found)
        if draw(st.booleans()):
            grown = {"leakline.measure.value": draw(st.floats(0, 2_000_000)), "leakline.measure.field": "leakline.rows"}
            rows.append(found | grown | {"event.id": f"{number + 100:032x}", "event.action": "alert-revised"})
    return rows


@settings(max_examples=40)
@given(alerts_of_a_user(), st.lists(st.integers(0, 24)))
def test_it_does_not_depend_on_how_alerts_were_cut_into_batches(rows: list[Row], cuts: list[int]) -> None:
    """Nor does what it is made of."""
    together, apart = Answering(), Answering()
    together.take_rows(rows)
    edges = sorted({0, len(rows), *(edge for edge in cuts if edge < len(rows))})
    for begin, end in pairwise(edges):
        apart.take_rows(rows[begin:end])
    whole, cut = together.only(), apart.only()
    assert (whole.score, whole.signals, whole.traces) == (cut.score, cut.signals, cut.traces)
    assert {name: fact.value for name, fact in whole.facts.items()} == {
        name: fact.value for name, fact in cut.facts.items()
    }


@settings(max_examples=40)
@given(alerts_of_a_user())
def test_its_reasons_add_up_to_it(rows: list[Row]) -> None:
    """Between 0 and 100, and there are few of them."""
    answering = Answering()
    answering.take_rows(rows)
    score = answering.only().score
    points = [int(reason.split(" ", 1)[0]) for reason in score.reasons]
    assert score.value == min(max(sum(points), 0), HIGHEST)
    assert all(re.fullmatch(r"[+-][1-9]\d* \S.*", reason) for reason in score.reasons)
    assert len(score.reasons) <= len(SIGNALS) + len(("level", "rows", "categories", "rules", "judged"))
    assert all(len(values) <= MOST_TRACES for values in answering.only().traces.values())


@pytest.mark.parametrize("level", LEVEL)
def test_the_level_alone_gives_its_points(level: str) -> None:
    """An informational one gives none, and then there is no reason."""
    answering = Answering()
    answering.take_rows([alert(1, level=level)])
    points = LEVEL[level]  # type: ignore[index]
    assert answering.only().score.value == points
    assert list(answering.only().score.reasons) == ([f"+{points} level {level}"] if points else [])


SIGNAL_CELLS = {**COLUMNS, **{name: (column, "00D's look-alike") for name, column in PRESENT.items()}}


@pytest.mark.parametrize("signal", SIGNALS)
def test_each_signal_of_an_alert_is_a_reason(signal: str) -> None:
    """The column of alerts that makes it is the one that enrichment writes."""
    column, value = SIGNAL_CELLS[signal]
    answering = Answering()
    value = [value] if column == "leakline.indicator.value" else value
    answering.take_rows([alert(1, level="informational") | {column: value}])
    points, reason = SIGNALS[signal]
    assert list(answering.only().score.reasons) == [f"+{points} {reason}"]


def test_signals_are_the_columns_of_the_reference() -> None:
    """Nothing is looked for that no alert has."""
    documented = Path("docs/reference/event_fields.md").read_text(encoding="utf-8")
    for column, _ in SIGNAL_CELLS.values():
        assert f"| `{column}` |" in documented


def test_rules_that_overlap_are_not_added_up() -> None:
    """Two rules that count the same export are one number of rows; two alerts of one rule are two."""
    answering = Answering()
    answering.take_rows(
        [alert(1, rule="a", rows=40_000), alert(2, rule="b", rows=50_000), alert(3, rule="a", rows=855)]
    )
    assert "+15 50,000 rows" in answering.only().score.reasons
    answering.take_rows([alert(4, rule="a", rows=60_000)])
    assert "+20 100,855 rows" in answering.only().score.reasons


def test_a_later_word_about_an_alert_has_its_rows_in_it() -> None:
    """They are not counted twice."""
    answering = Answering()
    first = alert(1, rule="a", rows=90_000, leakline__alert__id="f")
    answering.take_rows([first])
    later = {"event.id": "2", "event.action": "alert-revised", "leakline.measure.value": 95_000.0}
    answering.take_rows([first | later])
    assert "+15 95,000 rows" in answering.only().score.reasons


def test_what_was_judged_counts_against_it() -> None:
    """Also where it has clocks, which nothing closes: the reason says when it was judged."""
    answering = Answering()
    answering.take_rows([alert(1, level="high")])
    answering.end(answering.only(), alert(1)["@timestamp"])
    answering.take_rows([alert(2, minute=60, level="high")])
    second = answering.incidents()[1]
    assert second.score.reasons[-1] == f"{JUDGED} the same rule and user were judged not a breach on 2026-06-01"
    assert second.has_clocks and second.is_open


def test_the_page_has_the_points_of_the_code() -> None:
    """docs/triage.md is written by hand; every line of its table is compared."""
    page = Path("docs/triage.md").read_text(encoding="utf-8")
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")
    ]
    points = {what: told for what, told, *_ in cells[2:]}
    levels = f"level {', '.join(LEVEL)}"
    rows = f"{', '.join(f'{step:,}' for step in ROWS_STEPS)} rows or more"
    assert points == {
        levels: ", ".join(map(str, LEVEL.values())),
        rows: ", ".join(map(str, ROWS[1:])),
        **{reason: str(number) for number, reason in SIGNALS.values()},
        "rules of two categories, of three or more": ", ".join(str(number) for _, number in reversed(BREADTH)),
        f"{MANY_RULES} different rules or more": str(FOR_MANY_RULES),
        "the same rule and user were judged not a breach": str(JUDGED),
    }
    assert f"a score below {LOW}" in page
