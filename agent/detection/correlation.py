"""Correlations as the rest of the room knows them, and how a document is read as one.

Evaluated are `event_count`, `value_count`, `value_sum`, `temporal` and `temporal_ordered` with a lower bound (`gt`,
`gte`): more rows can only make such a condition hold, so an alert can go out at once and never be taken back.
The other types and bounds of the Sigma specification 2.1.0 are refused with their line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, get_args

from sigma.correlations import SigmaCorrelationRule

from agent.detection import pysigma
from agent.detection.document import Document
from agent.detection.rule import LogSource, Rule
from agent.detection.tree import FALSE
from agent.errors import RuleError

Kind = Literal["event_count", "value_count", "value_sum", "temporal", "temporal_ordered"]

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Correlation:
    """Rows of some rules, grouped by fields, held against a threshold within a span of event time."""

    rule: Rule
    """What the alerts say: title, id, level, tags; its condition is never tried."""
    kind: Kind
    bases: tuple[str, ...]
    """Ids of the rules whose rows count; for `temporal_ordered` in their order."""
    group_by: tuple[tuple[str, Mapping[str, str]], ...]
    """Name, and base id to the field that holds it; a base that is not named there has a field of that name."""
    span: timedelta
    threshold: float
    """The least value that fires."""
    field: str = ""
    """Whose values are counted or summed."""
    generate: bool = False
    """Whether the bases alert by themselves too."""

    def field_of(self, name: str, base: str) -> str:
        return next((fields.get(base, name) for key, fields in self.group_by if key == name), name)


def read(document: Document, known: Mapping[str, Rule]) -> Correlation:
    """Raises RuleError with the line. `known`: rules by id and by name."""
    data: dict[str, Any] = document.data["correlation"]
    kinds: tuple[Kind, ...] = get_args(Kind)
    kind = next((one for one in kinds if one == data.get("type")), None)
    if kind is None:
        raise document.error(
            f"correlations of the type {data.get('type')} are not evaluated",
            "correlation",
            "type",
            hint=f"evaluated are {', '.join(kinds)}",
        )
    condition, span = _condition(document, kind, data), _span(document, data)
    parsed = SigmaCorrelationRule.from_dict(document.data, collect_errors=True)
    if parsed.errors:
        raise document.error(str(parsed.errors[0]), "correlation")
    bases = tuple(_base(document, str(name), known).id for name in _listed(data.get("rules")))
    if not bases:
        raise document.error("the correlation names no rules", "correlation", "rules")
    threshold, name = condition or (float(len(set(bases))), "")
    rule = Rule(**pysigma.metadata(document, parsed), condition=FALSE, logsource=_source(bases, known))
    groups = tuple(_groups(document, data, bases, known))
    return Correlation(rule, kind, bases, groups, span, threshold, name, bool(data.get("generate", False)))


def _condition(document: Document, kind: Kind, data: dict[str, Any]) -> tuple[float, str] | None:
    """Threshold and field; None for all the rules of a temporal one."""
    condition = data.get("condition")
    where = ("correlation", "condition")
    if condition is None and kind in ("temporal", "temporal_ordered"):
        return None
    if not isinstance(condition, dict) or kind == "temporal_ordered":
        raise document.error("this condition is not evaluated", *where, hint="leave it out, or write gt or gte")
    if not {"gt", "gte"} & condition.keys() or condition.keys() - {"gt", "gte", "field"} or len(condition) > 2:
        raise document.error("only a lower bound is evaluated", *where, hint="write one of gt and gte, with a number")
    name = condition.get("field", "")
    if (kind in ("value_count", "value_sum")) != bool(name) or not isinstance(name, str):
        what = "names one field" if kind.startswith("value") else "names no field"
        raise document.error(f"the condition of {kind} {what}", *where)
    bound = condition.get("gte", condition.get("gt"))
    if isinstance(bound, bool) or not isinstance(bound, int | float) or bound < 0:
        raise document.error(f"{bound!r} is no number to hold a count against", *where)
    if "gte" in condition:
        return float(bound), name
    if kind == "value_sum":
        raise document.error("a sum is held against gte", *where, hint="write gte")
    return float(int(bound) + 1), name


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value] if value else []


def _base(document: Document, name: str, known: Mapping[str, Rule]) -> Rule:
    if name not in known:
        hint = "name the `name` or `id` of a rule with a detection; correlations of correlations are not evaluated"
        raise document.error(f"there is no rule {name}", "correlation", "rules", hint=hint)
    return known[name]


def _source(bases: tuple[str, ...], known: Mapping[str, Rule]) -> LogSource:
    sources = {known[base].logsource for base in bases}
    return sources.pop() if len(sources) == 1 else LogSource(known[bases[0]].logsource.product)


def _span(document: Document, data: dict[str, Any]) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]*)([smhdw])", str(data.get("timespan", "")))
    if not found:
        hint = "a number with s, m, h, d or w"
        raise document.error("the timespan is no span of time", "correlation", "timespan", hint=hint)
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _groups(
    document: Document, data: dict[str, Any], bases: tuple[str, ...], known: Mapping[str, Rule]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    aliases = data.get("aliases") or {}
    names = [str(name) for name in _listed(data.get("group-by"))]
    for alias in aliases:
        if alias not in names:
            raise document.error(f"the alias {alias} is not in group-by", "correlation", "aliases", str(alias))
    for name in names:
        fields: dict[str, str] = {}
        for rule, column in aliases.get(name, {}).items():
            if rule not in known or known[rule].id not in bases:
                raise document.error(f"the alias speaks of {rule}, not of a rule of this correlation",
                                     "correlation", "aliases", name, str(rule))  # fmt: skip
            fields[known[rule].id] = str(column)
        yield name, fields


def unread(document: Document, error: Exception) -> RuleError:
    """For what pySigma stumbles over in a document of the wrong shape."""
    hint = "compare it with the Sigma specification"
    return document.error(f"something in the correlation has the wrong type ({error})", "correlation", hint=hint)
