"""Which rules find nothing where an org does not give a source, an object of it, or a field."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from agent.assembly.enabled_rules import enabled_rules
from agent.assembly.rule_availability import SERVICES, rule_availability
from agent.check.blind_rules import listed
from agent.config.settings import Org, Settings
from agent.detection.authoring.coverage import Availability, reasons
from agent.detection.condition.tree import Text, leaves
from agent.detection.rule_set import RuleSet
from agent.detection.sigma import cache as rule_cache
from agent.detection.sigma.log_source import services
from agent.errors import LeaklineError
from agent.wording.number import counted

HIDDEN = "the org hides the field"


class SilencedRules:
    """Of one org. `rules`: those that run; none where they do not load, which is said elsewhere."""

    def __init__(self, rules: RuleSet, given: Availability) -> None:
        self._rules = rules
        self._given = given
        self._before = reasons(rules, given)

    def without_source(self, kind: str) -> list[str]:
        """Names of rules that can fire, and could not if no source of this type were read."""
        read = self._given.read if self._given.read is not None else self._given.built
        return self._newly(replace(self._given, read=read - SERVICES[kind]))

    def without_objects(self, kind: str, missing: Collection[str]) -> list[str]:
        """The same of objects of such a source, which rows name in `EventType`."""
        absent = {name.lower() for name in missing}
        read = self._given.real_time_events
        named = _event_types(self._rules) if read is None else read
        return self._newly(replace(self._given, real_time_events=frozenset(named - absent)), self._of(kind))

    def without_fields(self, kind: str, fields: Collection[str]) -> list[str]:
        """The same of fields."""
        lacking = {**self._given.lacking, **dict.fromkeys(fields, HIDDEN)}
        return self._newly(replace(self._given, lacking=lacking), self._of(kind))

    def _newly(self, after: Availability, concerns: Callable[[str], bool] = lambda _: True) -> list[str]:
        then = reasons(self._rules, after)
        return [
            rule.name or rule.title
            for rule in self._rules.alerting
            if then[rule.id] and not self._before[rule.id] and concerns(rule.id)
        ]

    def _of(self, kind: str) -> Callable[[str], bool]:
        """Whether a rule, or a rule that it is made of, is about rows of this type of source alone."""
        about = {rule.id: services(rule.logsource) <= SERVICES[kind] for rule in self._rules}
        for derived in self._rules.derived:
            about[derived.rule.id] = any(about.get(base, False) for base in derived.bases)
        return lambda ident: about.get(ident, False)


def silenced_in_words(rules: Sequence[str]) -> str:
    """The end of a sentence about what is not given."""
    if not rules:
        return "no rule that could fire depends on it"
    return f"{counted(len(rules), 'rule')} cannot fire without: {listed(rules)}"


def silenced_rules(settings: Settings, org: Org) -> SilencedRules:
    """Raises nothing: without rules none is silenced."""
    try:
        rules = enabled_rules(settings.rules, settings.enrich, cache=rule_cache.directory())
    except LeaklineError:
        rules = RuleSet()
    return SilencedRules(rules, rule_availability(settings.model_copy(update={"orgs": [org]})))


def _event_types(rules: RuleSet) -> frozenset[str]:
    """All that rules test for, in lower case."""
    tests = (leaf.test for rule in rules for leaf in leaves(rule.condition) if leaf.field == "EventType")
    return frozenset(value.lower() for test in tests if isinstance(test, Text) for value in test.values)
