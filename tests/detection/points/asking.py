"""One rule, one event: what the points of the specification are asked with."""

from __future__ import annotations

from collections.abc import Mapping

from agent.matching import matches

Event = Mapping[str, object]

PLACEHOLDERS = {
    "one": ["x"],
    "several": ["srv*", "host?", "a.b"],
    "none": [],
    "nets": ["10.0.0.0/8", "2001:db8::/32"],
}


def holds(detection: str, event: Event) -> bool:
    """Whether a rule with this `detection` (YAML) matches the event."""
    head = "title: A rule\nlogsource: {category: any}\ndetection:\n"
    lines = "".join(f"  {line}\n" for line in detection.splitlines())
    return matches(head + lines, event, placeholders=PLACEHOLDERS)


def assert_selection(item: str, event: Event, *, expected: bool) -> None:
    """A selection says what is expected, and its negation says the opposite: there is no third answer."""
    selection = item if item.startswith("{") else f"{{{item}}}"
    assert holds(f"sel: {selection}\ncondition: sel", event) is expected
    assert holds(f"sel: {selection}\ncondition: not sel", event) is not expected
