"""Several incidents that are one: what is known of them goes over to the one that stays, and nothing gets later by that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from agent.notice.incidents import evidence
from agent.notice.incidents.changes.refusal import NotAllowed, require_open
from agent.notice.incidents.estimates import facts_of
from agent.notice.incidents.grouping import MOST_RELATED
from agent.notice.incidents.growth import MOST_LINKS
from agent.notice.incidents.incident import (
    MOST_ALERT_IDS,
    MOST_RULES,
    Anchor,
    Decision,
    Fact,
    Incident,
    RuleCount,
    Settlement,
    State,
    highest,
)
from agent.notice.incidents.score import scored

FURTHEST: tuple[State, ...] = ("candidate", "triage", "suspected", "confirmed", "contained", "notified")
"""Open states, in the order in which an incident goes through them."""

T = TypeVar("T")


def merged(into: Incident, joining: Sequence[Incident], by: str, now: datetime) -> tuple[Incident, list[Incident]]:
    """The one that stays, and those that join it, which end. Raises NotAllowed."""
    _check(into, joining)
    whole = into
    for other in joining:
        whole = _with(whole, other)
    whole = replace(whole, score=scored(whole), facts=facts_of(whole, now))
    state = max((into.state, *(other.state for other in joining)), key=FURTHEST.index)
    if state != into.state:
        ids = ", ".join(other.id for other in joining)
        whole = replace(whole, state=state, decisions=(*whole.decisions, Decision(state, now, by, f"merged {ids}")))
    return whole, [_ended(other, into.id, by, now) for other in joining]


def _check(into: Incident, joining: Sequence[Incident]) -> None:
    for incident in (into, *joining):
        require_open(incident)
    ids = [into.id, *(other.id for other in joining)]
    if twice := next((number for number in ids if ids.count(number) > 1), None):
        raise NotAllowed(f"{twice} is named twice", hint="name each incident once, and --into another")
    for other in joining:
        if other.origin != into.origin:
            message = f"{other.id} is of origin {other.origin}, {into.id} of {into.origin}"
            raise NotAllowed(message, hint="live alerts, those of a backfill and those of drills never mix")


def _with(into: Incident, other: Incident) -> Incident:
    return replace(
        into,
        level=highest(into.level, other.level),
        detected_at=min(into.detected_at, other.detected_at),
        first_event=min(into.first_event, other.first_event),
        last_event=max(into.last_event, other.last_event),
        links=_union(into.links, other.links)[:MOST_LINKS],
        rules=_rules(into.rules, other.rules),
        alerts=into.alerts + other.alerts,
        revisions=into.revisions + other.revisions,
        alert_ids=_union(into.alert_ids, other.alert_ids)[:MOST_ALERT_IDS],
        signals=tuple(sorted({*into.signals, *other.signals})),
        traces=evidence.united(into.traces, other.traces),
        has_clocks=into.has_clocks or other.has_clocks,
        anchors=_anchors(into.anchors, other.anchors),
        facts=_facts(into.facts, other.facts),
        settlements=_settlements(into, other),
        bases=_union(into.bases, other.bases),
        merged_from=_union(into.merged_from, [other.id]),
        related=[known for known in _union(into.related, other.related) if known not in (into.id, other.id)][
            :MOST_RELATED
        ],
    )


def _ended(other: Incident, into: str, by: str, now: datetime) -> Incident:
    """It keeps what it had."""
    decision = Decision("merged", now, by, f"merged into {into}")
    return replace(other, state="merged", merged_into=into, decisions=(*other.decisions, decision))


def _rules(into: Mapping[str, RuleCount], other: Mapping[str, RuleCount]) -> dict[str, RuleCount]:
    found = dict(into)
    for rule, count in other.items():
        before = found.get(rule)
        if before is None and len(found) < MOST_RULES:
            found[rule] = count
        elif before is not None:
            found[rule] = replace(
                before,
                level=highest(before.level, count.level),
                alerts=before.alerts + count.alerts,
                matches=before.matches + count.matches,
                rows=before.rows + count.rows,
                most_rows=max(before.most_rows, count.most_rows),
            )
    return found


def _anchors(into: Mapping[str, Anchor], other: Mapping[str, Anchor]) -> dict[str, Anchor]:
    """The earliest of each, whoever set it: a merge never moves a deadline to a later time."""
    found = dict(into)
    for name, anchor in other.items():
        before = found.get(name)
        if before is None or anchor.time < before.time:
            found[name] = anchor
    return found


def _facts(into: Mapping[str, Fact], other: Mapping[str, Fact]) -> dict[str, Fact]:
    """Of two values what was declared counts before an estimate, and the one of the incident that stays before the other."""
    found = dict(into)
    for name, fact in other.items():
        before = found.get(name)
        if before is None or (before.estimated and not fact.estimated):
            found[name] = fact
    return found


def _settlements(into: Incident, other: Incident) -> dict[str, Settlement]:
    """What was sent stays sent, the earliest of it. That an obligation does not apply, or why it is late, was decided about the
    evidence of one of the two: where the whole has clocks of its own, that has to be decided of the whole. That the one that
    stays need not tell somebody holds on only where the other had no such duty, or was decided alike.
    """
    found = dict(into.settlements) if into.has_clocks else {**other.settlements, **into.settlements}
    if into.has_clocks and other.has_clocks:
        found = {
            obligation: settlement
            for obligation, settlement in found.items()
            if settlement.end != "not-applicable" or _need_not(other, obligation)
        }
    for obligation, settlement in other.settlements.items():
        before = found.get(obligation)
        if settlement.end == "sent" and (before is None or before.end != "sent" or settlement.at < before.at):
            found[obligation] = settlement
    return found


def _need_not(incident: Incident, obligation: str) -> bool:
    settlement = incident.settlements.get(obligation)
    return settlement is not None and settlement.end == "not-applicable"


def _union(first: Sequence[T], second: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys([*first, *second]))
