"""What must be absent of a log source that nothing came of yet is absent for another reason: nothing is judged."""

from __future__ import annotations

from pathlib import Path

from agent.detection.sigma.log_source import LogSource
from tests.detection.correlation.two_rules import FILES, TWO_RULES, alert_counts

TRAIL = LogSource("salesforce", "setup_audit_trail")
TEXT = (
    TWO_RULES.replace(
        "name: second\nlogsource: {product: salesforce, service: event_log_file}",
        "name: second\nlogsource: {product: salesforce, service: setup_audit_trail}",
    )
    + """title: First alone
name: alone
level: high
correlation:
  type: temporal
  rules: [first, second]
  group-by: [USER_ID]
  timespan: 10m
  condition: first and not second
"""
)
DAY = 24 * 60


def test_absence_waits_for_the_source_to_be_heard(tmp_path: Path) -> None:
    """However much time goes by; as soon as it tells of a later time, and not of that user, the alert comes."""
    first = [(1, ("a", "a", 0, 0))]
    later = [(2, ("z", "a", 3 * DAY, 0))]
    trail = [(3, ("other", "x", 3 * DAY, 0))]
    assert alert_counts(TEXT, tmp_path, (first, FILES, 1), (later, FILES, 72), (trail, TRAIL, 72)) == [0, 0, 1]


def test_what_the_source_tells_first_counts(tmp_path: Path) -> None:
    """Its row of the same user is no absence."""
    first = [(1, ("a", "a", 0, 0))]
    trail = [(2, ("a", "b", 5, 0)), (3, ("other", "x", 3 * DAY, 0))]
    later = [(4, ("z", "a", 3 * DAY, 0))]
    assert alert_counts(TEXT, tmp_path, (first, FILES, 1), (trail, TRAIL, 72), (later, FILES, 72)) == [0, 0, 0]
