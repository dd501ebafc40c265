"""How much speaks for a leak, from 0 to 100, and what: for the order in which people look at incidents.

A sum of points, each with its reason in words. It depends on nothing but what the incident keeps, and so on neither the order
of alerts nor how they were cut into batches. No clock, no alarm and no level follows from it; only duplicates of what a person
has judged are closed for a low one (`triage`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from agent.detection.sigma.rule import Level
from agent.notice.incidents.evidence import most_rows, rows_step
from agent.notice.incidents.incident import MOST_RULES, Incident, Score
from agent.notice.incidents.rule_verdict import RuleVerdict

HIGHEST = 100

LEVEL: Mapping[Level, int] = {"critical": 50, "high": 40, "medium": 20, "low": 5, "informational": 0}
"""The authors of rules have judged how far a match means a leak: the half of the whole. A high one alone is above anything that
lower ones come to without rows, an actor or a place that speaks for a leak.
"""

ROWS = (0, 8, 15, 20, 25)
"""By the step of `evidence.ROWS_STEPS` that the rule with most rows reaches."""

SIGNALS: Mapping[str, tuple[int, str]] = {
    "indicator": (15, "matches a published indicator"),
    "imitating app": (15, "an app imitates a known one"),
    "left": (15, "the user should have left"),
    "anonymizer": (10, "from an anonymising network"),
    "unexpected network": (10, "a program's account from a network that is not its own"),
    "unapproved app": (10, "an app that is not approved"),
    "leaving": (10, "the user is leaving"),
    "guest": (10, "a guest of a site, without a login"),
    "program": (5, "a program's account, which no person watches"),
}
"""What the published thefts of 2025 (look-alike apps, tokens of integrations, sites read by guests) and what insiders do have in
common. Most for what has hardly an innocent reading; few for a program's account, because most of its alerts are faults.
"""

BREADTH: Sequence[tuple[int, int]] = ((3, 10), (2, 5))
"""Rules of so many categories, so many points: access and then exfiltration is the course of a theft, one rule often a habit."""

MANY_RULES, FOR_MANY_RULES = 5, 5
"""Different rules, and their points: independent ways of counting that agree."""

JUDGED = -15
"""A person has judged the same before, see `rule_verdict.judged`: what is left of a low or medium level is little, of a high one not."""


def scored(incident: Incident, judged: RuleVerdict | None = None) -> Score:
    """`judged`: by which a person has judged all of its rules for all of its users."""
    parts = [part for part in _parts(incident, judged) if part[0]]
    value = min(max(sum(points for points, _ in parts), 0), HIGHEST)
    return Score(value, tuple(f"{points:+d} {reason}" for points, reason in parts))


def _parts(incident: Incident, judged: RuleVerdict | None) -> Iterator[tuple[int, str]]:
    rules = incident.rules.values()
    yield LEVEL[incident.level], f"level {incident.level}"
    rows = most_rows(rules)
    yield ROWS[rows_step(rows)], f"{rows:,} rows"
    for name, (points, reason) in SIGNALS.items():
        if name in incident.signals:
            yield points, reason
    categories = sorted({count.category for count in rules if count.category})
    yield _step(BREADTH, len(categories)), f"rules of {len(categories)} categories: {', '.join(categories)}"
    if (number := len(incident.rules)) >= MANY_RULES:
        yield FOR_MANY_RULES, f"{number if number <= MOST_RULES else f'more than {MOST_RULES}'} different rules"
    if judged is not None:
        yield JUDGED, f"the same rule and user were judged not a breach on {judged.at:%Y-%m-%d}"


def _step(steps: Sequence[tuple[int, int]], number: int) -> int:
    return next((points for least, points in steps if number >= least), 0)
