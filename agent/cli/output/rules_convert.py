"""`leakline rules convert`: rules as queries of Splunk or Elastic, on the names that Leakline ships."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import yaml
from rich.console import Console
from rich.text import Text

from agent.assembly.enabled_rules import enabled_rules, placeholders, rule_folders
from agent.assembly.event_schema import event_schema
from agent.detection.authoring.convert import TARGETS, ConvertedRule, Language, convert
from agent.detection.authoring.ingest_window import IngestWindow, explained
from agent.detection.authoring.pysigma_pipeline import pipeline
from agent.detection.load import PLACEHOLDERS, Placeholders, load
from agent.detection.rule_set import RuleSet
from agent.duration import written
from agent.exit_status import FINE, FOUND
from agent.normalize.mapping.load import whole_mappings
from agent.normalize.mapping.mapping import Mappings
from agent.shipped import rule_places, shipped
from agent.wording.number import counted

if TYPE_CHECKING:
    from agent.config.settings import Settings


HEADER = """\
# The names in Leakline's events for the columns in the rules: a pySigma pipeline, made from the mappings.
# `sigma convert -t {example} -p {file} rules/` (sigma-cli) and `leakline rules convert` use it.
# It is made by `leakline rules convert --pipeline --to {to}`; a test holds it against the mappings.
# Queries made with it alone name no times. Schedule them by the time of arrival ({arrival}), not by that of the
# event: rows come hours late. The queries of `leakline rules convert` name these times already.
"""


def show(
    folders: Sequence[Path] | None,
    language: Language,
    settings: Settings | None,
    err: Console,
    *,
    as_json: bool,
    window: IngestWindow | None = None,
) -> int:
    """Write the queries to standard output, what could not be converted to `err`; exit status 1 if there is any.

    `settings`: mappings, values and rules of an installation; the shipped ones without. `window`: what a run of the
    queries looks at; without it they name no times.
    """
    rules, places, values = _rules(folders, settings)
    queries = problems = 0
    for error in rules.errors:
        err.print(Text(str(error), style="red"), soft_wrap=True)
    adjusted = set(settings.rules.adjust) if settings else set()
    for found in convert(rules, places, language, event_schema(_mappings(settings)), values, window):
        converted = _as_written(found, adjusted)
        if converted.queries and not queries and not as_json:
            sys.stdout.write("".join(f"# {line}\n" for line in _explained(window, language)) + "\n")
        queries += len(converted.queries)
        problems += bool(converted.problem)
        if as_json:
            sys.stdout.buffer.write(orjson.dumps(_document(converted, language, window)) + b"\n")
        elif converted.queries:
            sys.stdout.write(f"{_heading(converted)}\n" + "\n\n".join(converted.queries) + "\n\n")
        else:
            err.print(
                Text(f"{converted.rule.path}:{converted.rule.line}: not converted: {converted.problem}"), soft_wrap=True
            )
    sys.stdout.flush()
    err.print(f"{counted(queries, 'query')}, {counted(problems, 'rule')} not converted, {len(rules.errors)} not loaded")
    return FOUND if problems or rules.errors else FINE


def _as_written(converted: ConvertedRule, adjusted: AbstractSet[str]) -> ConvertedRule:
    """With a word on what the settings say of the rule and its document does not."""
    if not converted.queries or adjusted.isdisjoint({converted.rule.id, converted.rule.name}):
        return converted
    note = "converted as the rule's file says, without what rules.adjust sets"
    return replace(converted, note=f"{converted.note}; {note}" if converted.note else note)


def pipeline_text(language: Language, settings: Settings | None = None) -> str:
    """The pipeline as a file."""
    target = TARGETS[language]
    example = {"splunk": "splunk", "elastic": "esql"}[target]
    arrival = {"splunk": "_index_earliest, _index_latest", "elastic": "event.ingested"}[target]
    header = HEADER.format(example=example, file=f"mappings/pysigma/{target}.yml", to=example, arrival=arrival)
    content = pipeline(event_schema(_mappings(settings)), target)
    return header + yaml.safe_dump(content, sort_keys=False, width=120)


def _heading(converted: ConvertedRule) -> str:
    rule = converted.rule
    return f"# {rule.title} ({rule.level}, {rule.name or rule.id})" + (
        f"\n# {converted.note}" if converted.note else ""
    )


def _explained(window: IngestWindow | None, language: Language) -> Iterable[str]:
    if window:
        return explained(window, language)
    return [
        "These queries name no times. Rows come hours late: search by the time of arrival, not by that of the event."
    ]


def _document(converted: ConvertedRule, language: Language, window: IngestWindow | None) -> dict[str, object]:
    rule = converted.rule
    return {
        "rule.id": rule.id,
        "rule.name": rule.title,
        "name": rule.name,
        "level": rule.level,
        "file": str(rule.path),
        "line": rule.line,
        "language": language,
        "queries": list(converted.queries),
        "every": written(window.every) if window and converted.queries else None,
        "window": " ".join(_explained(window, language)) if converted.queries else None,
        "note": converted.note or None,
        "problem": converted.problem or None,
    }


def _rules(folders: Sequence[Path] | None, settings: Settings | None) -> tuple[RuleSet, list[Path], Placeholders]:
    """The rules, what they are read from, and the values they were read with."""
    if settings is None:
        places = rule_places(folders)
        return load(places), places, PLACEHOLDERS
    wanted, enrich = settings.rules, settings.enrich
    rules = enabled_rules(wanted, enrich, folders)
    return rules, rule_folders(wanted, folders), placeholders(wanted, enrich)


def _mappings(settings: Settings | None) -> Mappings:
    own = settings.normalize.mappings if settings else []
    return whole_mappings([shipped("mappings"), *own])
