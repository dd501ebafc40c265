"""What is wrong with a correlation is said with its line and with what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.detection.load import load
from tests.detection.correlation.two_rules import TWO_RULES

Write = Callable[[str, str], Path]
"""Name and text of a rule file to its path."""

RULES = (
    TWO_RULES
    + """title: Both
id: 6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c20
name: both
correlation:
  type: event_count
  rules: [first, second]
  group-by: [USER_ID]
  timespan: 10m
  condition: {gte: 3}
"""
)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("[first, second]", "[first, third]", 16, "there is no rule third"),
        ("[first, second]", "[first, both]", 16, "made of itself: both of both"),
        ("[first, second]", "[]", 16, "names no rules"),
        ("  rules: [first, second]\n", "", 14, "names no rules"),
        ("timespan: 10m", "timespan: 10x", 18, "not a span of time"),
        ("timespan: 10m", "timespan: 0m", 18, "not a span of time"),
        ("timespan: 10m", "timespan: 101y", 18, "not a span of time"),
        ("timespan: 10m", "timespan: 999999999y", 18, "not a span of time"),
        ("  timespan: 10m\n", "", 14, "not a span of time"),
        ("timespan: 10m", "timespan: 10m\n  aliases: {who: {first: A}}", 19, "is not used"),
        ("timespan: 10m", "timespan: 10m\n  aliases: {USER_ID: {third: A}}", 19, "names third"),
        ("timespan: 10m", "timespan: 10m\n  aliases: [USER_ID]", 19, "not a mapping"),
        ("timespan: 10m", "timespan: 10m\n  aliases: {USER_ID: first}", 19, "not a mapping"),
        ("timespan: 10m", "timespan: 10m\n  windw: 3", 19, "no key `windw`"),
        ("timespan: 10m", "timespan: 10m\n  generate: maybe", 19, "is not true or false"),
        ("name: both", "name: both\ngenerate: 1", 14, "is not true or false"),
        ("  condition: {gte: 3}", "  condition: {gte: 3}\n  generate: false\ngenerate: true", 21, "given twice"),
        ("group-by: [USER_ID]", "group-by: [{USER_ID: a}]", 17, "not a list of fields"),
        ("type: event_count", "type: event_sum", 15, "no correlation of the type event_sum"),
        ("  type: event_count\n", "", 14, "has no type"),
        ("name: both", "name: first", 13, "first is already used at"),
        ("name: both", "name: both\nleakline: {quiet: 5m}", 14, "not a pause"),
        ("name: both", "name: both\nlevel: grave", 14, "level"),
        ("{gte: 3}", "{}", 19, "names no operator"),
        ("{gte: 3}", "{field: X}", 19, "no operator"),
        ("{gte: 3}", "{gte: 3, field: X}", 19, "names no field"),
        ("{gte: 3}", "{gte: 3, ge: 4}", 19, "no key `ge`"),
        ("{gte: 3}", "{gte: 3, gt: 4}", 19, "cannot be used together"),
        ("{gte: 3}", "{eq: 3, lt: 4}", 19, "cannot be used together"),
        ("{gte: 3}", "{gte: 3, lte: 4, neq: 3}", 19, "cannot be used together"),
        ("{gte: 3}", "{gt: 3, lt: 3}", 19, "a number cannot be"),
        ("{gte: 3}", "{gte: 4, lte: 3}", 19, "a number cannot be"),
        ("{gte: 3}", "{gte: '3'}", 19, "not a number"),
        ("{gte: 3}", "{gte: true}", 19, "not a number"),
        ("{gte: 3}", "{gte: -1}", 19, "not a number"),
        ("{gte: 3}", "{gte: .nan}", 19, "not a number"),
        ("{gte: 3}", "{gte: 3, percentile: 9}", 19, "cannot have a percentile"),
        ("{gte: 3}", "first and second", 19, "not an expression"),
        ("  condition: {gte: 3}\n", "", 14, "needs a condition"),
        ("type: event_count", "type: value_sum", 19, "names a field"),
        ("type: event_count", "type: value_median", 19, "names a field"),
        ("type: event_count", "type: temporal", 19, "can never hold: there are 2"),
    ],
)
def test_a_wrong_correlation_is_refused_with_its_line(write: Write, old: str, new: str, line: int, words: str) -> None:
    """The rules beside it run."""
    loaded = load([write("wrong.yml", RULES.replace(old, new))])
    assert [(error.line, words in str(error)) for error in loaded.errors] == [(line, True)], loaded.errors
    assert all(error.hint for error in loaded.errors)
    assert len(loaded.rules) == 2
    assert not loaded.correlations


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("first and third", "names third"),
        ("first AND second", "at 'AND'"),
        ("first second", "at 'second'"),
        ("first and", "at its end"),
        ("and first", "before 'and'"),
        ("(first and second", "not closed"),
        ("first and second)", "at ')'"),
        ("1 of thi*", "called thi*"),
        ("first", "never uses second"),
        ("not (first or second)", "nothing begins a window"),
        ("first or not second", "nothing begins a window"),
        ("first and not first and second", "can never hold"),
    ],
)
def test_an_expression_that_makes_no_sense_is_refused(write: Write, condition: str, words: str) -> None:
    """So is one that no row could begin."""
    text = RULES.replace("event_count", "temporal").replace("{gte: 3}", condition)
    loaded = load([write("wrong.yml", text)])
    assert [(error.line, words in str(error)) for error in loaded.errors] == [(19, True)], loaded.errors


@pytest.mark.parametrize(
    "condition", ["{gte: 5, percentile: 101, field: X}", "{gte: 5, field: X}", "{gte: 5, percentile: x, field: X}"]
)
def test_a_percentile_is_a_number_up_to_a_hundred(write: Write, condition: str) -> None:
    """And value_percentile does not go without."""
    text = RULES.replace("event_count", "value_percentile").replace("{gte: 3}", condition)
    (error,) = load([write("wrong.yml", text)]).errors
    assert (error.line, "needs a percentile" in str(error)) == (19, True)


def chained(name: str, *rules: str) -> str:
    return f"""
---
title: {name}
name: {name}
correlation:
  type: event_count
  rules: [{", ".join(rules)}]
  timespan: 1h
  condition: {{gte: 2}}
"""


def test_circles_are_refused_and_what_hangs_on_them(write: Write) -> None:
    """Each with its line; the correlations beside them run."""
    text = RULES + chained("x", "y") + chained("y", "z", "first") + chained("z", "x") + chained("v", "z") + chained("w", "both")  # fmt: skip
    loaded = load([write("circle.yml", text)])
    assert [correlation.rule.name for correlation in loaded.correlations] == ["both", "w"]
    assert [(error.line, error.reason.split(": ")[1]) for error in loaded.errors] == [
        (26, "x of y of z of x"),
        (35, "y of z of x of y"),
        (44, "z of x of y of z"),
        (53, "z of x of y of z"),
    ]


def test_what_is_made_of_a_refused_correlation_is_refused_too(write: Write) -> None:
    """Order in the file is none of its reasons."""
    text = RULES + chained("y", "both") + chained("x", "y", "second")
    loaded = load([write("whole.yml", text)])
    assert [correlation.rule.name for correlation in loaded.correlations] == ["both", "y", "x"]
    broken = load([write("broken.yml", text.replace("10m", "10x"))])
    assert [error.line for error in broken.errors] == [18, 26, 35]


def test_rules_may_be_left_to_the_expression(write: Write) -> None:
    """Its names are the rules then."""
    text = RULES.replace("event_count", "temporal").replace("  rules: [first, second]\n", "").replace("{gte: 3}", "second and first")  # fmt: skip
    loaded = load([write("named.yml", text)])
    (correlation,) = loaded.correlations
    assert [rule.name for base in correlation.bases for rule in loaded if rule.id == base] == ["second", "first"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86400), ("1w", 604800), ("1M", 2629746), ("1y", 31556952)],
)
def test_units_of_a_timespan(write: Write, text: str, seconds: int) -> None:
    """Months and years are the calendar's mean ones, as in pySigma."""
    (correlation,) = load([write("span.yml", RULES.replace("10m", text))]).correlations
    assert correlation.span.total_seconds() == seconds


def test_a_number_that_no_id_can_be_made_of_is_one_error(write: Write) -> None:
    """Of a correlation without an id; the rules beside it run."""
    text = RULES.replace("id: 6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c20\n", "").replace("gte: 3", f"gte: {10**30}")
    loaded = load([write("wrong.yml", text)])
    assert [error.line for error in loaded.errors] == [13]
    assert len(loaded.rules) == 2
