"""Mappings, rules, lists and address databases: do they load, and does what the settings say of them have an effect."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime

from agent.assembly.batch_processing import build_processing
from agent.check.blind_rules import of_settings
from agent.check.list_usage import examine_lists
from agent.config.settings import Settings
from agent.detection.sigma import cache
from agent.errors import FileError, LeaklineError
from agent.model import Finding
from agent.wording.number import counted


def examine_rules_and_mappings(settings: Settings, now: datetime) -> Iterator[Finding]:
    """A finding for each file that does not load, one for the rules that do, and one for each list."""
    for key, folders in (
        ("rules.folders", settings.rules.folders),
        ("normalize.mappings", settings.normalize.mappings),
    ):
        for folder in folders:
            if folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK):
                message = f"{key}: {folder} cannot be read, so its files are not loaded"
                yield Finding("mappings and rules", False, message, "give the service's user the right to read it")
    try:
        processing = build_processing(settings, cache=cache.directory())
    except LeaklineError as error:
        yield Finding("mappings, rules, enrichment", False, str(error.args[0]), error.hint)
        return
    yield from map(_left_out, processing.problems)
    if not settings.enrich.databases:
        fix = "name MMDB files under enrich.databases (GeoLite2, DB-IP, IPinfo and others work)"
        message = "no address database: events have no countries and networks"
        yield Finding("addresses", False, message, fix, warning=True)
    rules = processing.rules
    for name, reason in rules.ineffective_disables:
        fix = "see `leakline rules list` for the names"
        yield Finding("rules", False, f"rules.disabled: {name!r} {reason}", fix, warning=True)
    if rules.alerting:
        message = f"{counted(len(rules.alerting), 'rule')} run, and {rules.feeder_count} more that only feed them"
        yield Finding("rules", True, message)
        yield from of_settings(settings, rules)
    else:
        fix = "look at rules.shipped, rules.folders, rules.minimum_level and rules.statuses"
        yield Finding("rules", False, "no rule runs: nothing will be found", fix, warning=True)
    yield from examine_lists(settings, rules, processing.loaded.lists, now)


def _left_out(problem: FileError) -> Finding:
    fix = problem.hint or "correct it"
    return Finding("mappings and rules", False, str(problem.args[0]), f"{fix}; until then it is left out")
