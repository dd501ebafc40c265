"""Rules that see a happening in the stream as well as in log files, or whose twin does.

A *shared* rule is for log files and for the stream, or for event log objects: it matches all rows of a happening. A rule for log files may have a
*twin*, which a `related` of type `similar` names, of one or of the other: a rule for the stream alone, or a correlation or
baseline that only such rules feed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property, partial

import polars as pl

from agent.detection.baseline.kinds import kind_of
from agent.detection.condition.column import Column
from agent.detection.condition.leaf import passing_rows
from agent.detection.condition.mask import any_of
from agent.detection.condition.tree import FALSE, TRUE, Match, Node, Null, Reference, substituted
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import LogSource, services

LOG_FILES = LogSource("salesforce", "event_log_file")
STREAM = LogSource("salesforce", "real_time_event_monitoring")
OBJECTS = LogSource("salesforce", "event_log_object")

STREAM_TYPE = "EventType"
"""By which rules ask for the event type of a streamed row."""


class StreamedTwins:
    """Of a rule set. What follows from the rules is found when it is first asked for: most installations have no stream."""

    def __init__(self, rules: RuleSet, spellings: Mapping[str, Collection[str]], objects: Collection[str] = ()) -> None:
        """`spellings`: names of real-time events to the event types that their rows have; `objects`: names of event log
        objects, which are those of their rows.
        """
        self._rules = rules
        self._objects = objects
        self._spellings = spellings

    @cached_property
    def shared(self) -> Mapping[str, frozenset[str]]:
        """Ids of rules for log files and a feed that is sooner, to the events and objects whose rows they can match."""
        found: dict[str, frozenset[str]] = {}
        for rule in self._rules:
            if rule.logsource.covers(LOG_FILES):
                events = self._matching(rule.condition) if rule.logsource.covers(STREAM) else frozenset()
                objects = self._objects if rule.logsource.covers(OBJECTS) else ()
                if names := events.union(name for name in objects if _can_match(rule.condition, (name,))):
                    found[rule.id] = names
        return found

    def events_of(self, rule: str, broken: Collection[str]) -> frozenset[str]:
        """The events that twins of a rule, correlation or baseline see. `broken`: ids of rules that raise errors: a twin
        of which one is a part sees nothing.
        """
        twins = self._twins.get(rule, ())
        return frozenset(event for feeders, events in twins if feeders.isdisjoint(broken) for event in events)

    @cached_property
    def derived(self) -> Mapping[str, frozenset[str]]:
        """Correlations and baselines that have a twin, to the ids of what they are made of. What others are made of is not
        among them: these may have no twin, and would miss what it hands on.
        """
        bases = {derived.rule.id: frozenset(derived.bases) for derived in self._rules.derived}
        # A baseline that alerts when nothing comes would take rows that are left out for a reason to.
        waiting = {baseline.rule.id for baseline in self._rules.baselines if kind_of(baseline).waits}
        used = frozenset().union(*bases.values()) | waiting
        return {rule: bases[rule] for rule in self._twins if rule in bases and rule not in used}

    @cached_property
    def _twins(self) -> Mapping[str, tuple[tuple[frozenset[str], frozenset[str]], ...]]:
        """Ids of alerting rules to their twins: the rules that feed each, and the events that these see."""
        streamed: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        rules = {rule.id: rule for rule in self._rules}
        for rule in self._rules.alerting:
            feeders = self._feeders.get(rule.id, frozenset({rule.id}))
            if all(services(rules[feeder].logsource) == {STREAM.service} for feeder in feeders):
                events = (self._matching(rules[feeder].condition) for feeder in feeders)
                streamed[rule.id] = feeders, frozenset().union(*events)
        found: dict[str, dict[str, None]] = {}
        for name, similar in self._similar():
            if similar in streamed and name not in streamed:
                found.setdefault(name, {})[similar] = None
        return {name: tuple(streamed[twin] for twin in twins) for name, twins in found.items()}

    @cached_property
    def _feeders(self) -> Mapping[str, frozenset[str]]:
        """Ids of correlations and baselines to those of the rules about single events that feed them."""
        bases = {derived.rule.id: derived.bases for derived in self._rules.derived}

        def feeders(rule: str) -> frozenset[str]:
            return frozenset({rule}) if rule not in bases else frozenset().union(*map(feeders, bases[rule]))

        return {rule: feeders(rule) for rule in bases}

    def _similar(self) -> Iterator[tuple[str, str]]:
        """Pairs of alerting rules one of which names the other, in both directions."""
        alerting = {rule.id for rule in self._rules.alerting}
        for rule in self._rules.alerting:
            for similar in alerting.intersection(rule.similar):
                yield from ((rule.id, similar), (similar, rule.id))

    def _matching(self, condition: Node) -> frozenset[str]:
        return frozenset(event for event, names in self._spellings.items() if _can_match(condition, names))


def _can_match(condition: Node, names: Collection[str]) -> bool:
    """Whether a condition can hold for a streamed row of one of these event types."""
    return any(substituted(condition, partial(_judged, name=name)) != FALSE for name in names)


def _judged(leaf: Match, name: str) -> Node:
    """What is known of a test for streamed rows of one event type: they have no columns of log files, whose names are in
    capitals. Of all others nothing is.
    """
    if leaf.field is None or isinstance(leaf.test, Reference):
        return leaf
    if leaf.field == STREAM_TYPE:
        mask = passing_rows(Column(pl.Series([name]), cells=True), leaf.test)
        return TRUE if any_of(mask) else FALSE
    if leaf.field.isupper() and "." not in leaf.field:
        return TRUE if isinstance(leaf.test, Null) else FALSE
    return leaf
