"""Whether a rule can fire with what an installation has: the org's licence, the sources read, what events are enriched with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from agent.detection.authoring.absence import LogFileColumns, barring, without
from agent.detection.authoring.reading import placeholders_of
from agent.detection.baseline.baseline import Baseline
from agent.detection.baseline.kinds import kind_of
from agent.detection.condition.event_type import event_types
from agent.detection.condition.tree import FALSE, Match, Node, Text, fields, substituted
from agent.detection.correlation.definition.correlation import (
    Correlation,
    awaited_rules,
    bases_first,
    feeding_rules,
)
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import services
from agent.detection.sigma.rule import Rule

FEEDS = ("free", "event_monitoring", "real_time")
"""What an org may have; each has what stands before it as well. Both last need Shield or the Event Monitoring add-on
(Salesforce Help, "Considerations for Using Event Monitoring"); real-time events are switched on one by one besides.
"""

LIMITED = frozenset({"event_log_file", "real_time_event_monitoring"})
"""Services of which the settings may leave out event types."""


@dataclass(frozen=True, slots=True)
class Availability:
    """What rules are given."""

    built: frozenset[str]
    """Services that there is a source for."""
    read: frozenset[str] | None = None
    """Those the settings let read; None where no settings are asked."""
    feed: str = ""
    """What the org has; empty: not said."""
    event_types: frozenset[str] | None = None
    """Types of log files that are read, in lower case; None: any."""
    lacking: Mapping[str, str] = field(default_factory=dict)
    """Computed fields that nothing fills, to what would."""
    columns: LogFileColumns = field(default_factory=LogFileColumns)
    """What the log files have, as far as it is known."""
    real_time_events: frozenset[str] | None = None
    """Channels and objects of real-time events that are read, in lower case; None: any."""


def blind(rules: RuleSet, availability: Availability) -> dict[str, tuple[str, ...]]:
    """By id of those that raise alerts: why they cannot fire, where that is for want of a field alone."""
    whole = reasons(rules, replace(availability, lacking={}, columns=LogFileColumns()))
    found = reasons(rules, availability)
    return {rule.id: found[rule.id] for rule in rules.alerting if found[rule.id] and not whole[rule.id]}


def reasons(rules: RuleSet, availability: Availability) -> dict[str, tuple[str, ...]]:
    """By id of a rule, correlation or baseline: why it cannot fire; nothing for those that can."""
    found = {rule.id: tuple(_of_rule(rule, availability)) for rule in rules}
    by_id = {rule.id: rule for rule in rules}
    derived: list[Correlation | Baseline] = [*bases_first(rules.correlations), *rules.baselines]
    fed = feeding_rules(rules.correlations)
    for derived_rule in derived:
        found_above = (
            *_feed(derived_rule.rule, availability),
            *_of_derived(derived_rule, availability, found, by_id),
            *(reason for rule in awaited_rules(derived_rule, fed) for reason in _source(by_id[rule], availability)),
        )
        found[derived_rule.rule.id] = tuple(dict.fromkeys(found_above))
    return found


def weakened(rule: Rule, availability: Availability) -> tuple[str, ...]:
    """What a rule looks at and nothing fills, whether or not it can fire without."""
    return tuple(name for name in fields(rule.condition) if _why_missing(name, rule, availability))


def _of_rule(rule: Rule, availability: Availability) -> Iterator[str]:
    yield from _feed(rule, availability)
    yield from _source(rule, availability)
    if rule.condition == FALSE:
        names = ", ".join(placeholders_of(rule))
        yield f"no values for {names} (rules.placeholders)" if names else "its condition is never true"
        return
    unread = (
        services(rule.logsource) <= LIMITED
        and substituted(rule.condition, lambda leaf: _other_type(leaf, availability)) == FALSE
    )
    if unread and "event_log_file" in services(rule.logsource):
        yield "its type of log file is not read (sources.event_types)"
    elif unread:
        yield "its real-time event is not read (sources.events)"
    if without(rule.condition, availability.lacking.__contains__) == FALSE:
        yield from dict.fromkeys(
            availability.lacking[name] for name in fields(rule.condition) if name in availability.lacking
        )
    elif availability.columns.know(known := _types(rule, availability)):
        yield from _reasons_of(barring(rule.condition, availability.columns, known, availability.lacking), availability)


def _types(rule: Rule, availability: Availability) -> frozenset[str]:
    """Event types of the log files that it is about and that are read; none where it leaves that open."""
    read = services(rule.logsource) & (availability.built if availability.read is None else availability.read)
    types = event_types(rule.condition) if read == {"event_log_file"} else None
    if types is None:
        return frozenset()
    return types if availability.event_types is None else types & availability.event_types


def _reasons_of(missing: Iterable[tuple[str, str]], availability: Availability) -> Iterator[str]:
    """`missing`: fields, and event types that lack them."""
    types: dict[str, list[str]] = {}
    for name, event_type in missing:
        types.setdefault(name, []).append(event_type)
    yield from dict.fromkeys(
        availability.lacking.get(name) or availability.columns.reason(name, types[name]) for name in types
    )


def _feed(rule: Rule, availability: Availability) -> Iterator[str]:
    if availability.feed and rule.feed in FEEDS and FEEDS.index(rule.feed) > FEEDS.index(availability.feed):
        yield {"event_monitoring": "needs Event Monitoring", "real_time": "needs Real-Time Event Monitoring"}[rule.feed]


def _source(rule: Rule, availability: Availability) -> Iterator[str]:
    looked_at = services(rule.logsource)
    named = rule.logsource.service or rule.logsource.product or rule.logsource.category or "its log source"
    if not looked_at:
        yield f"no source produces rows of {named}"
    elif not looked_at & availability.built:
        yield f"there is no source for {named} yet"
    elif availability.read is not None and not looked_at & availability.read:
        yield f"the settings do not read {named}"


def _other_type(leaf: Match, availability: Availability) -> Node:
    """What is left of a test on the event type where only rows of some types are read."""
    read = {"EVENT_TYPE": availability.event_types, "EventType": availability.real_time_events}.get(leaf.field or "")
    if read is not None and isinstance(leaf.test, Text) and leaf.test.how == "equals":
        return FALSE if read.isdisjoint({value.lower() for value in leaf.test.values}) else leaf
    return leaf


def _of_derived(
    derived: Correlation | Baseline,
    availability: Availability,
    known: Mapping[str, tuple[str, ...]],
    rules: Mapping[str, Rule],
) -> Iterator[str]:
    """Why not enough of what it is made of can fire, or what it groups or measures by is not there."""
    able = {base for base in derived.bases if not known.get(base)}
    if not _enough(derived, able):
        yield from (reason for base in derived.bases for reason in known.get(base, ()))
    for columns in compared(derived):
        missing_by_base = [_why_missing(column, rules.get(base), availability) for base, column in columns.items()]
        if all(missing_by_base):
            yield from (reason for missing in missing_by_base for reason in missing)
    if isinstance(derived, Baseline):
        yield from (availability.lacking[name] for name in kind_of(derived).needs if name in availability.lacking)


def compared(derived: Correlation | Baseline) -> Iterator[Mapping[str, str]]:
    """What a correlation or a baseline groups, counts or compares by: of each, base id to the field in its rows."""
    for group in derived.group_by:
        name = group if isinstance(group, str) else group[0]
        yield {base: derived.field_of(name, base) for base in derived.bases}
    if isinstance(derived, Correlation):
        yield from ({base: derived.field_of(name, base) for base in derived.bases} for name in derived.fields)
    elif derived.field:
        yield {base: derived.measured(base) for base in derived.bases}


def _why_missing(name: str, base: Rule | None, availability: Availability) -> tuple[str, ...]:
    """Why no row of a base (None: it is no rule about single events) has the field; empty if one may have it."""
    if name in availability.lacking:
        return (availability.lacking[name],)
    types = _types(base, availability) if base else frozenset()
    if availability.columns.know(types) and all(availability.columns.lack(name, event_type) for event_type in types):
        return (availability.columns.reason(name, types),)
    return ()


def _enough(derived: Correlation | Baseline, able: set[str]) -> bool:
    """Whether it can fire when only these bases can."""
    if isinstance(derived, Correlation) and derived.terms:
        return any(able.issuperset(term.wanted) for term in derived.terms)
    if isinstance(derived, Correlation) and derived.kind in ("temporal", "temporal_ordered"):
        least = [
            bound.number + (bound.operator == "gt") for bound in derived.bounds if bound.operator in ("gt", "gte", "eq")
        ]
        return sum(base in able for base in derived.bases) >= max([1.0, *least])
    return bool(able)
