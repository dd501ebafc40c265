"""Rules as queries of a SIEM, by pySigma's official backends and the pipeline of `pysigma_pipeline.py`.

The backends are no dependency: who does not convert rules does not need them.
"""

from __future__ import annotations

import copy
import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from sigma.collection import SigmaCollection
from sigma.conversion.base import Backend
from sigma.exceptions import SigmaError, SigmaPlaceholderError
from sigma.processing.pipeline import ProcessingPipeline

from agent.detection import load
from agent.detection.authoring.ingest_window import IngestWindow, with_window
from agent.detection.authoring.pysigma_pipeline import EventSchema, Target, pipeline
from agent.detection.authoring.unsupported import unsupported
from agent.detection.condition.event_type import event_types
from agent.detection.condition.tree import fields
from agent.detection.correlation.definition.correlation import Correlation, feeding_rules, fields_by_base
from agent.detection.load import Placeholders
from agent.detection.rule_set import RuleSet
from agent.detection.sigma import document
from agent.detection.sigma.document import Document
from agent.detection.sigma.log_source import ALIASES
from agent.detection.sigma.modifiers import register
from agent.detection.sigma.policy import POLICY
from agent.detection.sigma.rule import Rule
from agent.errors import LeaklineError

register()

Language = Literal["splunk", "esql", "lucene"]

TARGETS: Mapping[Language, Target] = {"splunk": "splunk", "esql": "elastic", "lucene": "elastic"}

BACKENDS: Mapping[Language, tuple[str, str]] = {
    "splunk": ("sigma.backends.splunk", "SplunkBackend"),
    "esql": ("sigma.backends.elasticsearch", "ESQLBackend"),
    "lucene": ("sigma.backends.elasticsearch", "LuceneBackend"),
}

INSTALL = (
    "pip install --no-deps pysigma-backend-splunk==2.1.0 pysigma-backend-elasticsearch==2.1.1 "
    "(--no-deps because they ask for pySigma 1, though they work with 2)"
)

PLAIN = re.compile(r"[A-Z][A-Z0-9_]*")
"""A column of a log file that has a field of its own name in lower case."""


@dataclass(frozen=True, slots=True)
class ConvertedRule:
    """One rule in the other language, or why it is not."""

    rule: Rule
    queries: tuple[str, ...] = ()
    problem: str = ""
    note: str = ""
    """How the query differs from the rule."""


def convert(
    rules: RuleSet,
    places: Sequence[Path],
    language: Language,
    schema: EventSchema,
    placeholders: Placeholders,
    window: IngestWindow | None = None,
) -> Iterator[ConvertedRule]:
    """Each rule that raises alerts. `places` and `placeholders`: what the rules were loaded from and with; `window`:
    what a run of the queries looks at, everything unless given.

    Raises LeaklineError if the backend is not installed.
    """
    backend_class = _backend(language, window)
    schema = with_columns_of(rules, schema)
    names = pipeline(schema, TARGETS[language])
    filled = {name: list(values) for name, values in placeholders.items() if values}
    names["transformations"].insert(0, {"type": "value_placeholders", "include": sorted(filled)})
    backend = backend_class(ProcessingPipeline.from_dict({**names, "vars": filled}))
    return _Conversion(rules, places, backend, schema, language).each()


def with_columns_of(rules: RuleSet, schema: EventSchema) -> EventSchema:
    """With the columns that rules speak of and no mapping knows."""
    spoken = {name for rule in rules for name in (*fields(rule.condition), *rule.fields)}
    spoken |= {name for names in fields_by_base(rules.correlations).values() for name in names}
    unknown = {name for name in spoken if PLAIN.fullmatch(name) and name not in schema.columns}
    return replace(schema, open=frozenset(unknown))


def _backend(language: Language, window: IngestWindow | None) -> type[Backend]:
    module, name = BACKENDS[language]
    try:
        found: type[Backend] = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise LeaklineError(f"the pySigma backend for {language} is not installed", hint=INSTALL) from error
    found = _with_two_values(found) if language == "esql" else found
    return with_window(found, language, window) if window else found


def _with_two_values(backend: Any) -> type[Backend]:
    """In ES|QL a comparison with a missing field is null, and so is its `not`: the row would be lost."""

    class TwoValuedBackend(backend):  # type: ignore[misc]
        def convert_condition_not(self, cond: Any, state: Any) -> Any:
            inner = self.convert_condition(cond.args[0], state)
            return f"not coalesce({inner}, false)" if isinstance(inner, str) else inner.negate()

    return TwoValuedBackend


class _Conversion:
    """Each rule is read anew for its query: pipelines change what they are given."""

    def __init__(
        self, rules: RuleSet, places: Sequence[Path], backend: Backend, schema: EventSchema, language: Language
    ) -> None:
        self._rules, self._backend, self._schema, self._language = rules, backend, schema, language
        self._documents, self._filters = _documents(rules, places)
        self._sources = feeding_rules(rules.correlations)
        self._wanted = fields_by_base(rules.correlations)

    def each(self) -> Iterator[ConvertedRule]:
        correlations = {correlation.rule.id: correlation for correlation in self._rules.correlations}
        baselines = {baseline.rule.id for baseline in self._rules.baselines}
        for rule in self._rules.alerting:
            if rule.id in baselines:
                yield ConvertedRule(rule, problem="baselines are specific to Leakline: no query language has them")
            elif rule.id in correlations:
                yield self._correlation(correlations[rule.id])
            elif problem := self._unasked(rule):
                yield ConvertedRule(rule, problem=problem)
            else:
                yield self._converted(rule, [rule.id])

    def _correlation(self, correlation: Correlation) -> ConvertedRule:
        for base in (rule for rule in self._rules if rule.id in self._sources[correlation.rule.id]):
            problem = self._unasked(base) or self._unshipped(base, sorted(self._wanted.get(base.id, ())), grouping=True)
            if problem:
                return ConvertedRule(correlation.rule, problem=f"{base.name or base.title}: {problem}")
        found = self._converted(correlation.rule, [*self._made_of(correlation), correlation.rule.id])
        note = "windows are fixed, not sliding: events on both sides of a boundary are not counted together"
        return replace(found, note=note) if found.queries else found

    def _made_of(self, correlation: Correlation) -> Iterator[str]:
        """Ids of rules and correlations, each after what it is made of."""
        for base in correlation.steps:
            for below in self._rules.correlations:
                if below.rule.id == base:
                    yield from self._made_of(below)
            yield base

    def _converted(self, rule: Rule, ids: Sequence[str]) -> ConvertedRule:
        documents = [self._documents[identity] for identity in dict.fromkeys(ids)]
        try:
            collection = SigmaCollection.from_dicts(copy.deepcopy([*documents, *self._filters]), policy=POLICY)
            queries = self._backend.convert(collection)
        except SigmaPlaceholderError:
            return ConvertedRule(
                rule, problem="it has a placeholder without values; name a settings file that has them with -c"
            )
        except (SigmaError, NotImplementedError) as error:
            return ConvertedRule(rule, problem=re.sub(r" \(while .*", "", str(error)).rstrip("."))
        return ConvertedRule(rule, tuple(str(query) for query in queries))

    def _unasked(self, rule: Rule) -> str:
        """Why its condition is not asked at all."""
        target, types = TARGETS[self._language], event_types(rule.condition)
        return self._unshipped(rule, fields(rule.condition)) or unsupported(
            rule.condition, types, self._schema, target, lists=self._language != "esql", service=rule.logsource.service
        )

    def _unshipped(self, rule: Rule, asked: Sequence[str], *, grouping: bool = False) -> str:
        """Why the query would find no event, or not all.

        `grouping`: of a correlation's own fields the pipeline does not see for which event types they are.
        """
        source, schema = rule.logsource, self._schema
        services = {source.service, *ALIASES.get(source.service, ())} if source.service else set()
        if source.product == "salesforce" and source.service and services.isdisjoint(schema.services):
            return f"events of {source.service} are not shipped yet"
        types = event_types(rule.condition)
        for column in asked:
            found = schema.fields(column, types, services)
            if len(found) > 1 or (grouping and found != {schema.usual(column, services)}):
                return f"{column} is shipped as {' or '.join(sorted(found))}, by event type"
            if self._language == "esql" and "." not in column and found == {column}:  # of a source that is not read
                return f"{column} is not shipped yet, and ES|QL refuses a query that names an unknown column"
        return ""


def _documents(rules: RuleSet, places: Sequence[Path]) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """The YAML of rules and correlations by id, and that of filters; of files, too, that are loaded because rules of
    `places` are made of theirs.
    """
    several = (*rules, *(correlation.rule for correlation in rules.correlations))
    ids = {(rule.path, rule.line): rule.id for rule in several}
    found: dict[str, dict[str, Any]] = {}
    filters: list[dict[str, Any]] = []
    for path in dict.fromkeys([*load.files(places), *sorted({rule.path for rule in several})]):
        for read in document.read(path):
            if isinstance(read, Document) and "filter" in read.data:
                filters.append(read.data)
            elif isinstance(read, Document) and (path, read.line) in ids:
                identity = ids[path, read.line]
                found[identity] = {**_without_generate(read.data), "id": identity}
    return found, filters


def _without_generate(data: dict[str, Any]) -> dict[str, Any]:
    """What a correlation is made of has its own query, if it alerts by itself."""
    kept = {key: value for key, value in data.items() if key != "generate"}
    if "correlation" in kept:
        kept["correlation"] = {key: value for key, value in kept["correlation"].items() if key != "generate"}
    return kept
