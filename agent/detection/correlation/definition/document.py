"""A correlation document to a `Correlation`; what is wrong with it is an error with its line.

pySigma reads what correlations have in common with rules. The rest is read here: pySigma refuses ranges, knows no
`1 of`, reads `generate` in one place only, and takes unknown keys, cycles and unresolved aliases without a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, get_args

from sigma.correlations import SigmaCorrelationRule

from agent.detection.condition.tree import FALSE
from agent.detection.correlation.definition.condition import mentioned, read_condition
from agent.detection.correlation.definition.correlation import Correlation, Kind
from agent.detection.sigma import error_text, reader
from agent.detection.sigma.document import Document
from agent.detection.sigma.log_source import LogSource
from agent.detection.sigma.rule import Rule
from agent.duration import SECONDS, whole_seconds
from agent.errors import RuleError

LONGEST = 100 * SECONDS["y"]
"""Seconds of the longest timespan: times and spans that are added stay within the calendar."""

PLAIN = {"type": "event_count", "rules": ["x"], "timespan": "1m", "condition": {"gte": 1}}
"""What pySigma is given in place of what is read here."""


def references(document: Document) -> list[str]:
    """Names and ids of the rules and correlations it is made of, in their order."""
    data = document.data["correlation"]
    listed, condition = data.get("rules"), data.get("condition")
    if listed is None and isinstance(condition, str):
        return mentioned(condition)
    return [str(reference) for reference in listed] if isinstance(listed, list) else [str(listed)] if listed else []


def read_correlation(document: Document, known: Mapping[str, Rule]) -> Correlation:
    """Raises RuleError with the line. `known`: rules, and those of correlations, by id and by name."""
    data: dict[str, Any] = document.data["correlation"]
    kind, span = _kind(document, data), _span(document, data)
    named = references(document)
    if not named:
        hint = "list under `rules` the names or ids of at least one"
        raise document.error("the correlation names no rules", "correlation", "rules", hint=hint)
    bases = tuple(_base(document, name, known).id for name in named)
    names = {key: known[name].id for name in named for key in (name, known[name].name, known[name].id) if key}
    condition = read_condition(document, kind, bases, names)
    parsed = SigmaCorrelationRule.from_dict({**document.data, "correlation": PLAIN}, collect_errors=True)
    if parsed.errors:
        raise error_text.rule_error(document, parsed.errors[0], "")
    rule = Rule(**reader.metadata(document, parsed), condition=FALSE, logsource=_source(bases, known))
    groups = _groups(document, data)
    aliases = _aliases(document, data, {*groups, *condition.fields}, names)
    return Correlation(
        rule, kind, bases, groups, span, condition.bounds, condition.terms, condition.expression, condition.fields,
        condition.percentile, aliases, _generate(document, data), _quiet(document, span),
    )  # fmt: skip


def _kind(document: Document, data: dict[str, Any]) -> Kind:
    kinds: tuple[Kind, ...] = get_args(Kind)
    for kind in kinds:
        if kind == data.get("type"):
            return kind
    what = f"there is no correlation of the type {data['type']}" if data.get("type") else "the correlation has no type"
    raise document.error(what, "correlation", "type", hint=f"write one of {', '.join(kinds)}")


def _span(document: Document, data: dict[str, Any]) -> timedelta:
    span = duration(data.get("timespan"))
    if span is None:
        hint = "write a number with s, m, h, d, w, M (months) or y, such as 10m, of 100 years at most"
        raise document.error("the timespan is not a span of time", "correlation", "timespan", hint=hint)
    return span


def duration(text: object) -> timedelta | None:
    """None for what is no span of time, or longer than `LONGEST`."""
    seconds = whole_seconds(text, "smhdwMy", digits=10)
    return None if seconds is None or seconds > LONGEST else timedelta(seconds=seconds)


def _quiet(document: Document, span: timedelta) -> timedelta:
    """The firing policy: how long a group must keep still before the next alert."""
    custom = document.data.get("leakline")
    if not isinstance(custom, dict) or "quiet" not in custom:
        return span
    quiet = duration(custom["quiet"])
    if quiet is None or quiet < span:
        hint = "write a span of time that is no shorter than `timespan`, such as 1d, or remove it"
        raise document.error("`quiet` is not a pause between two alerts of a group", "leakline", "quiet", hint=hint)  # fmt: skip
    return quiet


def _base(document: Document, name: str, known: Mapping[str, Rule]) -> Rule:
    if name not in known:
        listed = document.data["correlation"].get("rules")
        where = ("rules", listed.index(name)) if isinstance(listed, list) and name in listed else ("rules",)
        hint = "name the `name` or `id` of a rule or correlation that loads"
        raise document.error(f"there is no rule {name}", "correlation", *where, hint=hint)
    return known[name]


def _source(bases: tuple[str, ...], known: Mapping[str, Rule]) -> LogSource:
    several = {known[base].logsource for base in bases}
    return several.pop() if len(several) == 1 else LogSource(known[bases[0]].logsource.product)


def _generate(document: Document, data: dict[str, Any]) -> bool:
    """Under `correlation`, or beside it as in the specification's schema."""
    written = [
        (mapping["generate"], where)
        for mapping, where in ((document.data, ()), (data, ("correlation",)))
        if "generate" in mapping
    ]
    for value, where in written:
        if not isinstance(value, bool):
            raise document.error("`generate` is not true or false", *where, "generate", hint="write true or false")
    if len({value for value, _ in written}) > 1:
        raise document.error("`generate` is given twice, with different values", "generate", hint="remove one of them")
    return bool(written and written[0][0])


def _groups(document: Document, data: dict[str, Any]) -> tuple[str, ...]:
    groups = data.get("group-by")
    listed = groups if isinstance(groups, list) else [] if groups is None else [groups]
    if not all(isinstance(field, str) and field for field in listed):
        raise document.error("group-by is not a list of fields", "correlation", "group-by", hint="write [FIELD, FIELD]")
    return tuple(dict.fromkeys(listed))


def _aliases(
    document: Document, data: dict[str, Any], used: set[str], names: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    aliases = data.get("aliases") or {}
    hint = "write `NAME: {rule: FIELD, other_rule: FIELD}`"
    if not isinstance(aliases, dict):
        raise document.error("`aliases` is not a mapping", "correlation", "aliases", hint=hint)
    found: dict[str, dict[str, str]] = {}
    for alias, fields in aliases.items():
        where = ("correlation", "aliases", str(alias))
        if not isinstance(fields, dict):
            raise document.error(f"the alias {alias} is not a mapping", *where, hint=hint)
        if alias not in used:
            raise document.error(f"the alias {alias} is not used", *where, hint="name it in group-by, or remove it")  # fmt: skip
        for rule, field in fields.items():
            found.setdefault(str(alias), {})[_aliased(document, where, str(rule), names)] = str(field)
    return found


def _aliased(document: Document, where: tuple[str, ...], rule: str, names: Mapping[str, str]) -> str:
    if rule not in names:
        hint = "name a rule under `rules`"
        raise document.error(
            f"the alias names {rule}, which is not a rule of this correlation", *where, rule, hint=hint
        )
    return names[rule]


def wrong_type(document: Document, error: Exception) -> RuleError:
    """For what stumbles over a document of the wrong shape."""
    hint = "compare it with the Sigma specification"
    return document.error(f"a value in the correlation has the wrong type ({error})", "correlation", hint=hint)
