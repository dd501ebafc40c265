"""What persons have judged: that a rule's alerts about a user were not a breach, how many rows it was and what else spoke for one.

A verdict is about what was judged and no more: the same rule, the same user, rows of the same step or a lower one, and no signal
that was not there. It counts for a time. Key under `keys.RESPONSE`, in the shard of the incident:

    verdict/<link>     JSON, object of rule to `RuleVerdict`; the link is the user's, see `book.link_key`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from agent.notice.incidents.book import link_key
from agent.notice.incidents.evidence import rows_of, rows_step
from agent.notice.incidents.incident import MOST_RULES, Incident, RuleCount

VERDICT = "verdict/"

KINDS = ("user", "name", "app", "actor", "rule")
"""Of the links that say whom an incident is about, the surest first; a session alone is not a person."""

Read = Callable[[str], bytes | None]
"""What is stored under `keys.RESPONSE`."""


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """Not a breach."""

    incident: str
    at: datetime
    by: str
    reason: str
    rows: int = 0
    """Rows that the rule measured in that incident."""
    signals: Sequence[str] = ()


_ADAPTER = TypeAdapter(dict[str, RuleVerdict])


def subjects(incident: Incident) -> list[str]:
    """The links of all whom it is about, of the surest kind alone."""
    for kind in KINDS:
        if found := [link for link in incident.links if link.startswith(f"{kind}:")]:
            return found
    return []


def verdicts_of(incident: Incident, read: Read, now: datetime, by: str, reason: str) -> dict[str, bytes | None]:
    """What is to be stored when `by` ends the incident as not a breach, by key: `IncidentChange.apply` takes it."""
    changes: dict[str, bytes | None] = {}
    for key in _keys(incident, _all_subjects(incident)):
        known = dict(_verdicts(read, key))
        for rule, count in incident.rules.items():
            known[rule] = RuleVerdict(incident.id, now, by, reason, rows_of(count), incident.signals)
        # The oldest are forgotten first: they count for the shortest.
        kept = sorted(known.items(), key=lambda pair: (pair[1].at, pair[0]))[-MOST_RULES:]
        changes[key] = _ADAPTER.dump_json(dict(kept), exclude_defaults=True)
    return changes


def withdrawn(incident: Incident, read: Read) -> dict[str, bytes | None]:
    """What is to be stored when the incident is opened again: what was judged of it counts no longer."""
    changes: dict[str, bytes | None] = {}
    for key in _keys(incident, _all_subjects(incident)):
        known = _verdicts(read, key)
        kept = {rule: verdict for rule, verdict in known.items() if verdict.incident != incident.id}
        if len(kept) != len(known):
            changes[key] = _ADAPTER.dump_json(kept, exclude_defaults=True) if kept else None
    return changes


def judged(incident: Incident, read: Read, now: datetime, counts_for: timedelta) -> RuleVerdict | None:
    """The newest verdict, if every rule of the incident was judged for all whom it is about, as it is now; else None.

    Raises ValueError for verdicts that are damaged.
    """
    found: list[RuleVerdict] = []
    for key in _keys(incident, subjects(incident)):
        known = _verdicts(read, key)
        for rule, count in incident.rules.items():
            verdict = known.get(rule)
            if verdict is None or now - verdict.at > counts_for or not _covers(verdict, incident, count):
                return None
            found.append(verdict)
    return max(found, key=lambda verdict: (verdict.at, verdict.incident), default=None)


def _covers(verdict: RuleVerdict, incident: Incident, count: RuleCount) -> bool:
    return rows_step(rows_of(count)) <= rows_step(verdict.rows) and set(incident.signals) <= set(verdict.signals)


def _all_subjects(incident: Incident) -> list[str]:
    """Also by name: not every alert about a user has the id."""
    named = [link for link in incident.links if link.startswith(("user:", "name:"))]
    return named or subjects(incident)


def _keys(incident: Incident, links: Sequence[str]) -> Iterator[str]:
    return (VERDICT + link_key(incident.origin, link) for link in links)


def _verdicts(read: Read, key: str) -> Mapping[str, RuleVerdict]:
    data = read(key)
    return _ADAPTER.validate_json(data) if data else {}
