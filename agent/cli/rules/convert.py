"""`leakline rules convert`: rules as queries of Splunk or Elastic, on the names that Leakline ships."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import yaml
from rich.console import Console
from rich.text import Text

from agent.assembly import rules as chosen_rules
from agent.detection.authoring.convert import TARGETS, ConvertedRule, Language, convert
from agent.detection.authoring.ingest_window import IngestWindow, explained
from agent.detection.authoring.pysigma_pipeline import EventSchema, pipeline
from agent.detection.load import PLACEHOLDERS, Placeholders, load
from agent.detection.rule_set import RuleSet
from agent.duration import written
from agent.enrichment.indicator import COLUMNS, PREFIX
from agent.normalize.computed.aura import FIELDS as AURA
from agent.normalize.mapping.load import whole_mappings
from agent.normalize.mapping.mapping import Mappings
from agent.normalize.shape import PROBLEMS
from agent.shipped import rule_places, shipped

if TYPE_CHECKING:
    from agent.config.settings import Settings

LISTS = ("event.category", "event.type", "related.", "threat.", "user.roles", "user.target.roles")
"""ECS lists that shipped events have, by the beginning of their names."""

KINDS = {
    **dict.fromkeys(("long", "integer"), "integer"),
    **dict.fromkeys(("float", "double", "scaled_float"), "decimal"),
    "ip": "address",
    "boolean": "boolean",
    "date": "time",
}
"""ECS types that hold no text, to what they hold."""

HEADER = """\
# How Leakline's events name what the rules speak of: a pySigma pipeline, made from the mappings.
# `sigma convert -t {example} -p {file} rules/` (sigma-cli) and `leakline rules convert` use it.
# It is made by `leakline rules convert --pipeline --to {to}`; a test holds it against the mappings.
# Queries made with it alone name no times. Schedule them by the time of arrival ({arrival}), not by that of the
# event: rows come hours late. What `leakline rules convert` prints does so by itself.
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
        one = _as_written(found, adjusted)
        if one.queries and not queries and not as_json:
            sys.stdout.write("".join(f"# {line}\n" for line in _explained(window, language)) + "\n")
        queries += len(one.queries)
        problems += bool(one.problem)
        if as_json:
            sys.stdout.buffer.write(orjson.dumps(_document(one, language, window)) + b"\n")
        elif one.queries:
            sys.stdout.write(f"{_heading(one)}\n" + "\n\n".join(one.queries) + "\n\n")
        else:
            err.print(Text(f"{one.rule.path}:{one.rule.line}: not converted: {one.problem}"), soft_wrap=True)
    sys.stdout.flush()
    err.print(f"{queries} queries, {problems} rules not converted, {len(rules.errors)} not loaded")
    return 1 if problems or rules.errors else 0


def _as_written(one: ConvertedRule, adjusted: AbstractSet[str]) -> ConvertedRule:
    """With a word on what the settings say of the rule and its document does not."""
    if not one.queries or adjusted.isdisjoint({one.rule.id, one.rule.name}):
        return one
    note = "converted as the rule's file says, without what rules.adjust sets"
    return replace(one, note=f"{one.note}; {note}" if one.note else note)


def pipeline_text(language: Language, settings: Settings | None = None) -> str:
    """The pipeline as a file."""
    target = TARGETS[language]
    example = {"splunk": "splunk", "elastic": "esql"}[target]
    arrival = {"splunk": "_index_earliest, _index_latest", "elastic": "event.ingested"}[target]
    header = HEADER.format(example=example, file=f"mappings/pysigma/{target}.yml", to=example, arrival=arrival)
    content = pipeline(event_schema(_mappings(settings)), target)
    return header + yaml.safe_dump(content, sort_keys=False, width=120)


def event_schema(mappings: Mappings) -> EventSchema:
    """What the mappings say of shipped events."""
    columns: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    spelling: dict[str, str] = {}
    kinds = {name: kind for name, known in mappings.ecs.fields.items() if (kind := KINDS.get(known.type))}
    for one in mappings.all():
        names = {name.lower(): name for name in (one.event_type, *one.aliases)}
        spelling |= names
        for column in one.header:
            target = one.target(column, one.header)
            if target is not None:
                columns[column][target.field] |= names.keys()
                kinds |= {target.field: target.value_kind} if target.value_kind in KINDS.values() else {}
    for one in mappings.shared.values():  # what a type that nobody described has
        for column, target in one.targets.items():
            if column not in columns:
                columns[column][target.field] = set()
    lists = {name for name, known in mappings.ecs.fields.items() if known.array and name.startswith(LISTS)}
    targets = {
        column: {field: frozenset(types) for field, types in fields.items()} for column, fields in columns.items()
    }
    own = {PROBLEMS, *(PREFIX + name for name in COLUMNS), *(name for name in AURA if name != "leakline.aura.count")}
    services = {service for service, _ in mappings.by_type}  # of a service without types nothing is read yet
    return EventSchema(targets, frozenset(lists | own), frozenset(services), spelling, kinds)


def _heading(one: ConvertedRule) -> str:
    rule = one.rule
    return f"# {rule.title} ({rule.level}, {rule.name or rule.id})" + (f"\n# {one.note}" if one.note else "")


def _explained(window: IngestWindow | None, language: Language) -> Iterable[str]:
    if window:
        return explained(window, language)
    return [
        "These queries name no times. Rows come hours late: search by the time of arrival, not by that of the event."
    ]


def _document(one: ConvertedRule, language: Language, window: IngestWindow | None) -> dict[str, object]:
    rule = one.rule
    return {
        "rule.id": rule.id,
        "rule.name": rule.title,
        "name": rule.name,
        "level": rule.level,
        "file": str(rule.path),
        "line": rule.line,
        "language": language,
        "queries": list(one.queries),
        "every": written(window.every) if window and one.queries else None,
        "window": " ".join(_explained(window, language)) if one.queries else None,
        "note": one.note or None,
        "problem": one.problem or None,
    }


def _rules(folders: Sequence[Path] | None, settings: Settings | None) -> tuple[RuleSet, list[Path], Placeholders]:
    """The rules, what they are read from, and the values they were read with."""
    if settings is None:
        places = rule_places(folders)
        return load(places), places, PLACEHOLDERS
    wanted, enrich = settings.rules, settings.enrich
    rules = chosen_rules.chosen_rules(wanted, enrich, folders)
    return rules, chosen_rules.places(wanted, folders), chosen_rules.placeholders(wanted, enrich)


def _mappings(settings: Settings | None) -> Mappings:
    more = settings.normalize.mappings if settings else []
    return whole_mappings([shipped("mappings"), *more])
