"""Rules that ask for columns, or event types, that no known log file has: they look right, load, and never fire."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from agent.detection.authoring.absence import LogFileColumns
from agent.detection.authoring.coverage import compared
from agent.detection.authoring.lint_names import Remark, folded_by, is_of_salesforce, misspelt, name_remarks
from agent.detection.baseline.baseline import Baseline
from agent.detection.condition.event_type import event_types
from agent.detection.condition.tree import fields
from agent.detection.correlation.definition.correlation import Correlation
from agent.detection.sigma.log_source import services
from agent.detection.sigma.rule import Rule

FIX = "name a new column in the `header` of a mapping of your own (normalize.mappings)"


def of_rule(rule: Rule, columns: LogFileColumns) -> Iterator[Remark]:
    """What a rule about single events asks in vain."""
    yield from name_remarks(rule, columns)
    if services(rule.logsource) != {"event_log_file"} or not columns.by_type:
        return
    for name in sorted((event_types(rule.condition) or frozenset()) - columns.by_type.keys()):
        near = difflib.get_close_matches(name, columns.by_type, 1)
        meant = f"did you mean {columns.spelling.get(near[0], near[0])}?" if near else "check the spelling"
        yield (f"no known event type is called {name!r}", ("detection",), meant)
    for name in fields(rule.condition):
        yield from _column(name, rule, columns, ("detection",))
    for name in folded_by(rule):
        yield from _column(name, rule, columns, ("leakline", "fold_by"))


def of_derived(derived: Correlation | Baseline, rules: Mapping[str, Rule], columns: LogFileColumns) -> Iterator[Remark]:
    """What a correlation or a baseline groups, counts or compares by in vain. `rules`: by id."""
    key = "correlation" if isinstance(derived, Correlation) else "baseline"
    names = {
        name
        for columns_of in compared(derived)
        for base, name in columns_of.items()
        if is_of_salesforce(rules.get(base))
    }
    yield from misspelt(sorted(names), columns.computed, (key,))
    for columns_of in compared(derived):
        for base, name in columns_of.items():
            if base in rules and services(rules[base].logsource) == {"event_log_file"}:
                yield from _column(name, rules[base], columns, (key,))


def _column(name: str, rule: Rule, columns: LogFileColumns, keys: tuple[str, ...]) -> Iterator[Remark]:
    asked = event_types(rule.condition)
    types = columns.by_type.keys() if asked is None else asked & columns.by_type.keys()
    if not types or not all(columns.lack(name, event_type) for event_type in types):
        return
    if asked is None:
        message = f"no known log file has a column {name}"
    else:
        message = columns.reason(name, types)
    there = {column for event_type in types for column in columns.by_type[event_type]}
    near = difflib.get_close_matches(name, sorted(there), 1, 0.75)
    yield (message, keys, f"did you mean {near[0]}?" if near else FIX)
