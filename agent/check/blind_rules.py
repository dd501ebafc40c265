"""Rules that cannot fire for want of something that they look at: a list, a database, a column of the org's files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from agent.assembly.enabled_rules import enabled_rules
from agent.assembly.rule_availability import rule_availability
from agent.config.settings import Org, Settings
from agent.detection.authoring.coverage import blind
from agent.detection.rule_set import RuleSet
from agent.detection.sigma import cache as rule_cache
from agent.errors import LeaklineError
from agent.model import Finding
from agent.sources.event_log_file.headers import headers
from agent.sources.salesforce.session import Session

LOOK_BACK = timedelta(days=3)

NAMED = 5
"""Rules that a finding names for each reason."""


def of_settings(settings: Settings, rules: RuleSet) -> Iterator[Finding]:
    """Those that the settings leave without what they need."""
    reasons = _by_reason(rules, blind(rules, rule_availability(settings)))
    if reasons:
        fix = "give them what they need, or accept that they find nothing; `leakline rules list -c FILE` names them all"
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
    alone = settings.model_copy(update={"orgs": [org]})
    before = blind(rules, rule_availability(alone))
    here = {
        name: why for name, why in blind(rules, rule_availability(alone, headers=found)).items() if name not in before
    }
    yield _of_org(org, len(found), _by_reason(rules, here))


def _of_org(org: Org, types: int, reasons: Mapping[str, list[str]]) -> Finding:
    subject = f"org {org.name}, rules"
    if not reasons:
        return Finding(subject, True, f"the files of {types} event types have the columns that rules need")
    fix = "they find nothing in this org while its files lack the column: watch for such cases in other ways"
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
    said = "; ".join(f"{reason}: {_listed(names)}" for reason, names in reasons.items())
    return f"{len(blinded)} cannot fire. {said[:1].upper()}{said[1:]}"


def _listed(names: list[str]) -> str:
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + rest
