"""Names of computed columns in rules: those that nothing makes, and a data set that events no longer have."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from agent.detection.authoring.absence import LogFileColumns
from agent.detection.condition.tree import Text, fields, leaves
from agent.detection.sigma.log_source import SALESFORCE, services
from agent.detection.sigma.rule import Rule

Remark = tuple[str, tuple[str, ...], str]
"""Message, keys that lead to the line, advice."""

_DATASET, _OF_OLD = "event.dataset", "salesforce.event_log_file"
_OWN, _ANY = "leakline.", ("leakline.number.",)
_FOLD_BY = ("leakline", "fold_by")


def fold_by_remarks(own: Any) -> Iterator[Remark]:
    """What is wrong with the form of `leakline: {fold_by: …}`, which then counts for nothing."""
    if not isinstance(own, dict) or "fold_by" not in own:
        return
    names = own["fold_by"]
    if not isinstance(names, list):
        example = names if isinstance(names, str) and names else "USER_ID"
        yield ("`fold_by` is not a list", _FOLD_BY, f"write [{example}]")
    elif not names:
        yield ("`fold_by` is an empty list", _FOLD_BY, "write [USER_ID], or leave it out")
    elif not all(isinstance(name, str) and name for name in names):
        yield ("an entry of `fold_by` is not a name", _FOLD_BY, "write [USER_ID]")


def folded_by(rule: Rule) -> tuple[str, ...]:
    """The names that repeats of a rule are folded by, if it names any itself."""
    names = rule.custom.get("fold_by")
    return tuple(name for name in names if isinstance(name, str)) if isinstance(names, list) else ()


def name_remarks(rule: Rule, columns: LogFileColumns) -> Iterator[Remark]:
    """Computed names that are slips of the pen, in the detection and in `fold_by`."""
    if not is_of_salesforce(rule):
        return
    yield from misspelt(fields(rule.condition), columns.computed, ("detection",))
    yield from misspelt(folded_by(rule), columns.computed, _FOLD_BY)


def dataset_remarks(rule: Rule) -> Iterator[Remark]:
    """A data set that only events of older versions have."""
    if not is_of_salesforce(rule):
        return
    tests = [leaf.test for leaf in leaves(rule.condition) if leaf.field == _DATASET]
    if any(isinstance(test, Text) and _OF_OLD in map(str.lower, test.values) for test in tests):
        advice = "write leakline.service: event_log_file"
        yield (f"no new event has the {_DATASET} {_OF_OLD}", ("detection",), advice)


def misspelt(names: Iterable[str], computed: frozenset[str], keys: Sequence[str]) -> Iterator[Remark]:
    """Of names with a dot those that nothing makes: ours, and others that are nearly a known one."""
    for name in dict.fromkeys(names):
        if not computed or "." not in name or name in computed or name.startswith(_ANY):
            continue
        near = difflib.get_close_matches(name, sorted(computed), 1, 0.8)
        if near or name.startswith(_OWN):
            advice = f"did you mean {near[0]}?" if near else "check the spelling"
            yield (f"no event has a column {name}", tuple(keys), advice)


def is_of_salesforce(rule: Rule | None) -> bool:
    """Whether a rule looks at rows of Salesforce's alone."""
    looked_at = services(rule.logsource) if rule else frozenset()
    return bool(looked_at) and looked_at <= SALESFORCE
