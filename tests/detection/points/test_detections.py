"""The Sigma specification 2.1.0 point by point: keywords, lists of maps, conditions, and filters beside a rule."""

from __future__ import annotations

import pytest

from agent.errors import LeaklineError, RuleError
from agent.matching import matches
from tests.detection.points.asking import Event, holds

DETECTIONS: list[tuple[str, Event, bool]] = [
    # keywords
    ("k: [evil, bad]\ncondition: k", {"a": {"b": ["so EVIL"]}}, True),
    ("k: evil\ncondition: k", {"a": 1, "b": "xevilx"}, True),
    ("k: [evil]\ncondition: k", {"evil": "x"}, False),
    ("k: ['e*l']\ncondition: k", {"a": "not evil at all"}, True),
    ("k: ['a b']\ncondition: k", {"x": "a", "y": "b"}, False),
    ("k: [443]\ncondition: k", {"port": 8443}, True),
    ("k: [true]\ncondition: k", {"a": True}, True),
    ("k: {'|all': [x, y]}\ncondition: k", {"a": "x", "b": {"c": "y"}}, True),
    ("k: {'|all': [x, y]}\ncondition: k", {"a": "x"}, False),
    ("k: {'|re': '^e.il$'}\ncondition: k", {"a": {"b": "evil"}}, True),
    ("k: {'|cased': X}\ncondition: k", {"a": "x"}, False),
    ("k: {'|contains': x}\ncondition: k", {"a": "axb"}, True),
    ("k: {'|base64offset': foobar}\ncondition: k", {"a": "xxZm9vYmFy"}, True),
    ("k: {'|cidr': 10.0.0.0/8}\ncondition: k", {"a": "x", "b": "10.1.1.1"}, True),
    ("k: {'|expand': '%one%'}\ncondition: k", {"a": "axb"}, True),
    ("k: [evil]\ncondition: k", {}, False),
    ("k: [evil]\ncondition: not k", {"a": None}, True),
    # maps and lists of maps
    ("s: [{a: x, b: y}, {c: z}]\ncondition: s", {"c": "z"}, True),
    ("s: [{a: x, b: y}, {c: z}]\ncondition: s", {"a": "x"}, False),
    ("s: [{a: x}, evil]\ncondition: s", {"q": "evil"}, True),
    # conditions
    ("a: {a: x}\nb: {b: y}\nc: {c: z}\ncondition: a or b and c", {"a": "x"}, True),
    ("a: {a: x}\nb: {b: y}\nc: {c: z}\ncondition: (a or b) and c", {"a": "x"}, False),
    ("a: {a: x}\nb: {b: y}\ncondition: not a and b", {"b": "y"}, True),
    ("a: {a: x}\nb: {b: y}\ncondition: not (a and b)", {"b": "y"}, True),
    ("a: {a: x}\ncondition: not not a", {"a": "x"}, True),
    ("not_a: {a: x}\ncondition: not_a", {"a": "x"}, True),
    ("sel-1: {a: x}\ncondition: sel-1", {"a": "x"}, True),
    ("s1: {a: x}\ns2: {b: y}\ncondition: 1 of s*", {"b": "y"}, True),
    ("s1: {a: x}\ns2: {b: y}\ncondition: all of s*", {"b": "y"}, False),
    ("s1: {a: x}\ns2: {b: y}\ncondition: any of s*", {"b": "y"}, True),
    ("a_s: {a: x}\nb: {b: y}\ncondition: 1 of *_s", {"b": "y"}, False),
    ("a_s_1: {a: x}\nb: {b: y}\ncondition: 1 of a*1", {"a": "x"}, True),
    ("s1: {a: x}\n_p: {b: y}\ncondition: 1 of them", {"b": "y"}, False),
    ("s1: {a: x}\n_p: {b: y}\ncondition: all of them", {"a": "x"}, True),
    ("s1: {a: x}\n_p: {b: y}\ncondition: s1 or _p", {"b": "y"}, True),
    ("_p1: {b: y}\ncondition: 1 of _p*", {"b": "y"}, True),
    ("sel: {a: x}\nf1: {b: y}\ncondition: sel and not 1 of f*", {"a": "x", "b": "y"}, False),
    ("sel: {a: x}\nf1: {b: y}\ncondition: sel and not 1 of f*", {"a": "x"}, True),
    ("a: {a: x}\nb: {b: y}\ncondition: [a, b]", {"b": "y"}, True),
]


@pytest.mark.parametrize(("detection", "event", "expected"), DETECTIONS)
def test_each_detection_says_what_the_specification_says(detection: str, event: Event, expected: bool) -> None:
    """Keywords, lists of maps, and how selections are put together."""
    assert holds(detection, event) is expected


FILTERED = """
title: One
name: one
logsource: {category: any}
detection: {s: {a: x}, condition: s}
---
title: A filter
logsource: {category: any}
filter: {rules: [one], robot: {user: robot}, condition: not robot}
"""


def test_one_rule_and_one_event_are_enough_to_ask() -> None:
    """Filters of the same text apply; what cannot be asked is an error that says why."""
    assert matches(FILTERED, {"a": "x", "user": "eve"})
    assert not matches(FILTERED, {"a": "x", "user": "robot"})
    with pytest.raises(RuleError, match=r"rule:1: .*detection"):
        matches("title: x\nlogsource: {category: any}", {})
    with pytest.raises(LeaklineError, match="JSON"):
        matches(FILTERED, {"a": object()})
