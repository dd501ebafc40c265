"""Rules that cannot fire for want of something that they look at: a list, a database, a column of the org's files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from agent.assembly.enabled_rules import enabled_rules
from agent.assembly.rule_availability import rule_availability
from agent.config.settings import Org, Settings
from agent.detection.authoring.coverage import blind, reasons
from agent.detection.rule_set import RuleSet
from agent.detection.sigma import cache as rule_cache
from agent.errors import LeaklineError
from agent.model import Finding
from agent.sources.event_log_file.event_types import FREE
from agent.sources.event_log_file.headers import headers
from agent.sources.salesforce.session import Session
from agent.wording.number import counted

LOOK_BACK = timedelta(days=3)

NAMED = 5
"""Rules that a finding names for each reason."""


def of_settings(settings: Settings, rules: RuleSet) -> Iterator[Finding]:
    """Those that the settings leave without what they need."""
    reasons = _by_reason(rules, blind(rules, rule_availability(settings)))
    if reasons:
        fix = "set what they need, or accept that they find nothing; `leakline rules list -c FILE` shows all of them"
        yield Finding("rules", False, _sentence(reasons), fix, warning=True)


def of_org(settings: Settings, org: Org, session: Session, now: Callable[[], datetime]) -> Iterator[Finding]:
    """Those that an org's newest files leave without a column, though the documented files have it."""
    try:
        rules = enabled_rules(settings.rules, settings.enrich, cache=rule_cache.directory())
        found = headers(session, now() - LOOK_BACK)
    except LeaklineError:
        return  # said where the rules are examined, and the org's log files
    if not found:
        return
    yield from _without_licence(settings, org, rules, found)
    alone = settings.model_copy(update={"orgs": [org]})
    before = blind(rules, rule_availability(alone))
    here = {
        name: why for name, why in blind(rules, rule_availability(alone, headers=found)).items() if name not in before
    }
    yield _of_org(org, len(found), _by_reason(rules, here))


def _without_licence(settings: Settings, org: Org, rules: RuleSet, types: Collection[str]) -> Iterator[Finding]:
    """Rules that find nothing because the org writes only what needs no licence."""
    if not FREE.issuperset(types):
        return
    given = rule_availability(settings.model_copy(update={"orgs": [org]}))
    before, after = reasons(rules, given), reasons(rules, replace(given, feed="free"))
    silent = [rule.name or rule.title for rule in rules.alerting if after[rule.id] and not before[rule.id]]
    if silent:
        message = f"{counted(len(silent), 'rule')} cannot fire without Event Monitoring: {listed(silent)}"
        fix = "license it, or accept that they find nothing in this org"
        yield Finding(f"org {org.name}, rules", False, message, fix, warning=True)


def _of_org(org: Org, types: int, reasons: Mapping[str, list[str]]) -> Finding:
    subject = f"org {org.name}, rules"
    if not reasons:
        return Finding(subject, True, f"the files of {counted(types, 'event type')} have the columns that rules need")
    fix = "they find nothing in this org while its files lack the column: watch for these cases in another way"
    return Finding(subject, False, _sentence(reasons), fix, warning=True)


def _by_reason(rules: RuleSet, found: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    names = {rule.id: rule.name or rule.title for rule in rules.alerting}
    reasons: dict[str, list[str]] = {}
    for rule, why in found.items():
        for reason in why:
            reasons.setdefault(reason, []).append(names[rule])
    return dict(sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0])))


def _sentence(reasons: Mapping[str, list[str]]) -> str:
    blinded = {name for names in reasons.values() for name in names}
    said = "; ".join(f"{reason}: {listed(names)}" for reason, names in reasons.items())
    unable = f"{counted(len(blinded), 'rule')} cannot fire because a list, database or column is missing."
    return f"{unable} {said[:1].upper()}{said[1:]}"


def listed(names: Sequence[str]) -> str:
    """The first of them in words, and how many more there are."""
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + rest
