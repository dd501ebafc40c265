"""What alerts of correlations say happened, by type."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from agent.detection.detector import Detector
from agent.detection.load import load
from tests.detection.correlation.two_rules import BOTH, FILES, NOW, TWO_RULES, Event, frame

NAMED = frame([(number, ("A", kind, number, 5)) for number, kind in enumerate("aaabbb")]).with_columns(
    pl.lit("ann").alias("user.name"), pl.lit("192.0.2.7").alias("source.ip")
)
"""Three events of each rule within five minutes, by one user from one address."""


def messages(text: str, folder: Path, events: pl.DataFrame, rule: str = "Both") -> list[str]:
    """Of the alerts of a rule, when nothing more comes."""
    path = folder / "rules.yml"
    path.write_text(text)
    rules = load([path])
    assert not rules.errors
    alerts = Detector(rules).detect(events, FILES, NOW, final=True).alerts
    return alerts.filter(pl.col("rule.name") == rule)["message"].to_list()


@pytest.mark.parametrize(
    ("keys", "happened"),
    [
        ("type: event_count\n  condition: {gte: 3}", '"First" or "Second" 6 times within 10 minutes'),
        (
            "type: value_count\n  condition: {field: KIND, gte: 2}",
            '2 different kinds in "First" or "Second" within 10 minutes',
        ),
        (
            "type: value_sum\n  condition: {field: VALUE, gte: 9}",
            'value adding up to 30 in "First" or "Second" within 10 minutes',
        ),
        (
            "type: value_avg\n  condition: {field: VALUE, gte: 2}",
            'value averaging 5 in "First" or "Second" within 10 minutes',
        ),
        (
            "type: value_median\n  condition: {field: VALUE, gte: 2}",
            'value with a median of 5 in "First" or "Second" within 10 minutes',
        ),
        (
            "type: value_percentile\n  condition: {field: VALUE, gte: 2, percentile: 95}",
            'value with a 95th percentile of 5 in "First" or "Second" within 10 minutes',
        ),
        ("type: temporal", '"First" and "Second" within 10 minutes'),
        ("type: temporal\n  condition: {gte: 1}", '"First" and "Second" within 10 minutes'),
        ("type: temporal_ordered", '"First", then "Second" within 10 minutes'),
        ("type: temporal\n  condition: first or second", '"First", or "Second" within 10 minutes'),
    ],
)
def test_each_type_says_what_was_counted(keys: str, happened: str, folder: Path) -> None:
    """With the titles of its rules, the measured number and the window; who and from where come after it."""
    text = f"{BOTH.rstrip()}\n  {keys}\n"
    events = "" if "6 times" in happened else ", 6 events"
    assert messages(text, folder, NAMED) == [f"Both: {happened}, by ann, from 192.0.2.7{events}"]


def test_a_rule_that_did_not_come_is_named(folder: Path) -> None:
    """Where the condition has a not; and one event is not called events."""
    text = f"{BOTH.rstrip()}\n  type: temporal\n  condition: first and not second\n"
    assert messages(text, folder, NAMED.head(1)) == [
        'Both: "First" without "Second" within 10 minutes, by ann, from 192.0.2.7'
    ]


def test_one_event_happens_once(folder: Path) -> None:
    """And is not said to be counted beside that."""
    text = f"{BOTH.rstrip()}\n  type: event_count\n  condition: {{gte: 1}}\n"
    assert messages(text, folder, NAMED.head(1)) == [
        'Both: "First" or "Second" once within 10 minutes, by ann, from 192.0.2.7'
    ]


@pytest.mark.parametrize("least", [1, 3])
def test_a_correlation_of_a_correlation_says_what_that_asks_for(least: int, folder: Path) -> None:
    """Ten failed logins, then a success: by its condition, for its own count is not known any more."""
    text = (
        TWO_RULES
        + f"""title: Often
name: often
correlation: {{type: event_count, rules: [first], group-by: [USER_ID], timespan: 5m, condition: {{gte: {least}}}}}
---
title: Both
id: 6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c20
correlation: {{type: temporal_ordered, rules: [often, second], group-by: [USER_ID], timespan: 1h}}
"""
    )
    times = "once" if least == 1 else f"{least} times"
    (message,) = messages(text, folder, NAMED)
    assert message.startswith(
        f'Both: "First" at least {times} within 5 minutes, then "Second", all within 1 hour, by ann, from 192.0.2.7'
    )


def test_the_group_is_told_in_words(folder: Path) -> None:
    """Its fields by their words, unless the value is the user or address that the sentence names anyway."""
    text = BOTH.replace("group-by: [USER_ID]", "group-by: [KIND, VALUE, source.ip]") + "  type: event_count\n"
    text += "  condition: {gte: 3}\n"
    assert sorted(messages(text, folder, NAMED)) == [
        f'Both: "First" or "Second" 3 times within 10 minutes, for kind {kind} and value 5, by ann, from 192.0.2.7'
        for kind in "ab"
    ]


def test_the_group_is_there_for_programs_as_lists(folder: Path) -> None:
    """Place by place, also where a value has the signs by which the text is taken apart."""
    path = folder / "rules.yml"
    odd: Event = ("A, KIND=b", "a", 0, 1)
    path.write_text(BOTH.replace("[USER_ID]", "[USER_ID, KIND]") + "  type: event_count\n  condition: {gte: 1}\n")
    (alert,) = Detector(load([path])).detect(frame([(1, odd)]), FILES, NOW).alerts.to_dicts()
    assert alert["leakline.correlation.group_by"] == ["USER_ID", "KIND"]
    assert alert["leakline.correlation.group_values"] == ["A, KIND=b", "a"]
    assert alert["leakline.correlation.group"] == "USER_ID=A, KIND=b, KIND=a"


def test_without_a_group_there_are_no_lists(folder: Path) -> None:
    """An empty list would say that there was one."""
    path = folder / "rules.yml"
    path.write_text(BOTH.replace("  group-by: [USER_ID]\n", "") + "  type: event_count\n  condition: {gte: 1}\n")
    alerts = Detector(load([path])).detect(NAMED, FILES, NOW).alerts
    assert "leakline.correlation.group_by" not in alerts.columns
    assert alerts["message"].to_list() == [
        'Both: "First" or "Second" 6 times within 10 minutes, by ann, from 192.0.2.7'
    ]


def test_a_message_has_an_end(folder: Path) -> None:
    """Whatever a rule is called and whatever somebody writes into what it groups by."""
    text = BOTH.replace("title: Both", f"title: {'B' * 200}").replace("title: First", f"title: {'F' * 250}")
    text = text.replace("[USER_ID]", "[VALUE]") + "  type: event_count\n  condition: {gte: 1}\n"
    events = NAMED.with_columns(pl.lit("v" * 5000).alias("VALUE"), pl.lit("u" * 5000).alias("user.name"))
    (message,) = messages(text, folder, events, rule="B" * 200)
    assert len(message) == 1000
    assert message.endswith("…")
    assert f"for value {'v' * 79}…, by uuu" in message
