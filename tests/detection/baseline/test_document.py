"""Baseline documents: what is refused, with its line, and what settings may change."""

from __future__ import annotations

import pytest

from agent.detection.authoring.lint import lint
from agent.detection.baseline.reading.bounds import with_bounds
from agent.detection.load import load
from tests.detection.baseline.history_rows import BURST, Load, Write, checked


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("[row]", "[rows]", 10, "there is no rule rows"),
        ("type: volume", "type: volumes", 12, "'volumes' is not a `type`"),
        ("timespan: 1h", "timespan: 1x", 13, "not a span of time"),
        ("timespan: 1h", "timespan: 90m\n  step: 1h", 14, "not a multiple"),
        ("timespan: 1h", "timespan: 1h\n  histroy: 7d", 14, "no key `histroy`"),
        ("timespan: 1h", "timespan: 1h\n  history: 800d", 14, "too many steps"),
        ("timespan: 1h", "timespan: 7d\n  season: hour_of_day", 14, "season does not fit"),
        ("timespan: 1h", "timespan: 1h\n  history: 7d\n  minimum-history: 7d", 14, "longer than the history"),
        ("gte: 100, ", "", 14, "no least volume"),
        (", ratio: 5", "", 14, "does not compare with the past"),
        ("ratio: 5", "ratio: many", 14, "not a number of 0 or more for `ratio`"),
        ("ratio: 5", "rate: 5", 14, "`rate` is not a bound"),
        ("type: volume\n  timespan: 1h", "type: first_seen", 13, "`gte` is not a bound"),
        ("name: past", "name: row", 6, "row is already used at"),
        ("level: high", "level: hgih", 8, "level"),
    ],
)
def test_a_wrong_baseline_is_refused_with_its_line(write: Write, old: str, new: str, line: int, words: str) -> None:
    """The rules beside it run."""
    rules = load([write("wrong.yml", BURST.replace(old, new, 1))])
    assert [(error.line, words in str(error)) for error in rules.errors] == [(line, True)], rules.errors
    assert len(rules.rules) == 1
    assert not rules.baselines


def test_a_silence_longer_than_the_history_is_refused(write: Write) -> None:
    """It could never be told: who was silent for so long is forgotten."""
    head = BURST.split("baseline:")[0]
    text = head + "baseline: {type: silence, rules: [row], group-by: [USER_ID], timespan: 29d}\n"
    (error,) = load([write("wrong.yml", text)]).errors
    assert "longer than the history" in error.reason
    assert not load([write("right.yml", text.replace("29d", "28d"))]).errors


def test_bounds_can_be_adjusted_and_not_with_nonsense(loaded: Load) -> None:
    """For thresholds from the settings."""
    (baseline,) = checked(loaded(BURST)).baselines
    assert with_bounds(baseline, {"ratio": 9, "highest": 2}).bounds == {**baseline.bounds, "ratio": 9.0, "highest": 2.0}
    for wrong in ({"rate": 1}, {"gte": -1}, {"gte": "many"}):
        with pytest.raises(ValueError):
            with_bounds(baseline, wrong)


def test_selected_rules_keep_what_feeds_baselines(loaded: Load) -> None:
    """And their bases are silent."""
    rules = checked(loaded(BURST))
    assert [rule.name for rule in rules.selected(minimum="high").rules] == ["row"]
    assert not rules.selected(without=["past"]).baselines
    assert [rule.name for rule in rules.alerting] == ["past"]


def test_lint_looks_at_baselines(write: Write) -> None:
    """As at other rules."""
    assert [remark.message for remark in lint([write("plain.yml", BURST)]) if remark.subject == "past"] == [
        "the rule has no id"
    ]
