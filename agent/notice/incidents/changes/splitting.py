"""Alerts of an incident that are about something else: they become an incident of their own, with the dates of the old one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agent.notice.incidents.changes.refusal import NotAllowed, require_open
from agent.notice.incidents.estimates import facts_of
from agent.notice.incidents.grouping import MOST_RELATED
from agent.notice.incidents.incident import Decision, Incident, RuleCount
from agent.notice.incidents.score import scored


@dataclass(frozen=True, slots=True)
class Part:
    """What is split off."""

    rule: str
    alerts: Sequence[str]
    """Ids of alerts; empty: all of the rule."""


def split(parent: Incident, part: Part, by: str, now: datetime) -> tuple[Incident, Incident]:
    """What stays, and the new incident. It is not known when each alert was raised, so both count from the parent's detection
    and have its anchors; what was decided of the parent's obligations and facts, was not decided of the new one.

    Raises NotAllowed.
    """
    require_open(parent)
    rule, count = _rule(parent, part)
    alerts = _alerts(parent, part)
    number = len(alerts) if alerts else count.alerts
    _check_number(parent, rule, count, number)
    # How many matches each alert stands for is not kept: one at least, and all of them where all alerts go.
    matches = count.matches if number == count.alerts else min(number, count.matches)
    new_id = split_id(parent.id, alerts or [f"rule {rule}"])
    stays = replace(
        parent,
        rules=_without(parent, rule, count, number, matches),
        alerts=parent.alerts - number,
        alert_ids=tuple(known for known in parent.alert_ids if known not in alerts),
        related=(new_id, *parent.related)[:MOST_RELATED],
    )
    child = replace(
        parent,
        id=new_id,
        level=count.level,
        title=f"{count.name} ({parent.actor})" if parent.actor else count.name,
        opened_at=now,
        rules={rule: replace(count, alerts=number, matches=matches)},
        alerts=number,
        revisions=0,
        alert_ids=tuple(alerts),
        facts={},
        settlements={},
        decisions=(Decision(parent.state, now, by, f"split from {parent.id}"),),
        comments=(),
        merged_from=(),
        split_from=parent.id,
        related=(parent.id,),
        revision=0,
    )
    # What each alert said is not kept either: both have all of the rule's rows, and what spoke for a leak.
    return _thought_of(stays, now), _thought_of(child, now)


def _thought_of(incident: Incident, now: datetime) -> Incident:
    return replace(incident, score=scored(incident), facts=facts_of(incident, now))


def split_id(parent: str, alerts: Sequence[str]) -> str:
    """The same for the same alerts of the same incident."""
    text = "\n".join([parent, *sorted(alerts)])
    return f"inc-{hashlib.blake2b(text.encode(), digest_size=6).hexdigest()}"


def _rule(parent: Incident, part: Part) -> tuple[str, RuleCount]:
    known = ", ".join(f"{rule} ({count.name})" for rule, count in list(parent.rules.items())[:5])
    if not part.rule:
        if len(parent.rules) != 1:
            hint = f"say with --rule of which rule the alerts are: {known}"
            raise NotAllowed(f"{parent.id} has alerts of {len(parent.rules)} rules", hint=hint)
        return next(iter(parent.rules.items()))
    if part.rule not in parent.rules:
        raise NotAllowed(f"{parent.id} has no alert of a rule {part.rule[:60]!r}", hint=f"its rules are {known}")
    return part.rule, parent.rules[part.rule]


def _alerts(parent: Incident, part: Part) -> list[str]:
    if not part.alerts and not part.rule:
        raise NotAllowed(
            "name what is to be split off", hint="--alert ID for single alerts, or --rule ID for all of a rule"
        )
    alerts = list(dict.fromkeys(part.alerts))
    if strange := [alert for alert in alerts if alert not in parent.alert_ids]:
        named = f"it names the first {len(parent.alert_ids)} of {parent.alerts:,}; " if _names_some(parent) else ""
        hint = f"{named}`leakline incidents show` has their ids, and --rule splits off all alerts of a rule"
        raise NotAllowed(f"{strange[0][:60]!r} is not an alert that {parent.id} names", hint=hint)
    return alerts


def _names_some(parent: Incident) -> bool:
    return len(parent.alert_ids) < parent.alerts


def _check_number(parent: Incident, rule: str, count: RuleCount, number: int) -> None:
    if number > count.alerts:
        message = f"{rule} raised {count.alerts:,} alerts of {parent.id}, not {number:,}"
        raise NotAllowed(message, hint="split off the alerts of one rule at a time")
    if number >= parent.alerts:
        raise NotAllowed(f"nothing would be left of {parent.id}", hint="leave at least one alert in it")


def _without(parent: Incident, rule: str, count: RuleCount, number: int, matches: int) -> dict[str, RuleCount]:
    rules = dict(parent.rules)
    rules[rule] = replace(count, alerts=count.alerts - number, matches=count.matches - matches)
    if not rules[rule].alerts:
        del rules[rule]
    return rules
