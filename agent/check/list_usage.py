"""Lists: how many entries each has, how many of them have expired, and which rules use it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from agent.assembly.rule_availability import rule_availability
from agent.check.configured_lists import ConfiguredList, configured_lists
from agent.config.settings import Settings
from agent.detection.authoring.coverage import reasons
from agent.detection.authoring.reading import readers
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.rule import Rule
from agent.enrichment.lists.list_file import ListFiles
from agent.model import Finding
from agent.wording.number import counted

NAMED = 12
"""Rules named of one list; more are counted."""


def examine_lists(settings: Settings, rules: RuleSet, files: ListFiles, now: datetime) -> Iterator[Finding]:
    """A finding for each list that is set, and one for those that are not and that rules wait for."""
    able = {key for key, why in reasons(rules, rule_availability(settings)).items() if not why}
    unset: list[str] = []
    for listed in configured_lists(settings, files, now):
        using = _using(rules, listed)
        if listed.unset:
            unset += [f"{listed.setting} ({counted(len(using), 'rule')})"] if using else []
        else:
            yield _finding(listed, using, able)
    if unset:
        fix = "set those you can; `leakline rules list -c FILE` shows which rules cannot fire without them"
        yield Finding("lists", False, f"not set, though rules use them: {', '.join(unset)}", fix, warning=True)


def _using(rules: RuleSet, listed: ConfiguredList) -> list[Rule]:
    found = {rule.id for reads in listed.reads for rule in readers(rules, reads, listed.names)}
    return [rule for rule in rules.alerting if rule.id in found]


def _finding(listed: ConfiguredList, using: Sequence[Rule], able: Collection[str]) -> Finding:
    subject = f"list {listed.setting}"
    where = f"{listed.path}: " if listed.path else ""
    over = f", {listed.over:,} {listed.over_is}" if listed.over else ""
    holds = f"{where}{counted(listed.entries, 'entry')}{over}"
    lacks = f"; known to be missing: {', '.join(listed.missing)}" if listed.missing else ""
    message = f"{holds}; {_used_by(using, able)}{lacks}"
    if not using:
        fix = "let rules run that use it: see rules.disabled and rules.minimum_level"
    elif not listed.entries:
        fix = "add entries; these rules find nothing in an empty list"
    elif listed.over == listed.entries and not listed.shipped:
        fix = "replace it with a current list: every entry is out of date"
    elif listed.needs:
        message, fix = f"{message}; {listed.needs}", "name a database of AS numbers under enrich.databases"
    else:
        return Finding(subject, True, message)
    return Finding(subject, False, message, fix, warning=True)


def _used_by(using: Sequence[Rule], able: Collection[str]) -> str:
    if not using:
        return "no rule uses it"
    names = sorted(rule.name or rule.title for rule in using)
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    fire = sum(rule.id in able for rule in using)
    can = "" if fire == len(using) else f", of which {fire} can fire"
    return f"used by {counted(len(using), 'rule')}{can}: {', '.join(names[:NAMED])}{rest}"
