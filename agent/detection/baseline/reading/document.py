"""A document with `baseline:` to a `Baseline`; what is wrong is named with its line and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

from sigma.rule import SigmaRule

from agent.detection.baseline.baseline import Baseline, Newcomers, Season
from agent.detection.baseline.kind import Kind
from agent.detection.baseline.kinds import KINDS, kind_of
from agent.detection.baseline.reading.bounds import with_bounds
from agent.detection.condition.tree import FALSE
from agent.detection.sigma import error_text, reader
from agent.detection.sigma.document import Document
from agent.detection.sigma.log_source import LogSource, lateness
from agent.detection.sigma.policy import POLICY
from agent.detection.sigma.rule import Rule
from agent.duration import whole_seconds
from agent.errors import RuleError

SHARED = frozenset({"type", "rules", "group-by", "aliases", "generate", "condition", "wait"})


def read(document: Document, known: Mapping[str, Rule]) -> Baseline:
    """Raises RuleError with the line. `known`: rules by id and by name."""
    data = document.data["baseline"]
    if not isinstance(data, dict):
        raise document.error("`baseline` is not a mapping", "baseline", hint="write type, rules, timespan, condition")
    kind = KINDS[_one_of(document, data, "type", tuple(KINDS))]
    _known_keys(document, kind, data)
    bases = tuple(dict.fromkeys(_base(document, str(name), known).id for name in _listed(data.get("rules"))))
    if not bases:
        raise document.error("the baseline names no rules", "baseline", "rules", hint="name the rules that feed it")
    span = _span(document, data, "timespan", kind.timespan)
    found = Baseline(
        rule=_rule(document, bases, known),
        kind=kind.name,
        bases=bases,
        group_by=tuple(_groups(document, data, bases, known)),
        columns=_aliased(document, data, _field(data), bases, known) if _field(data) else {},
        span=span,
        wait=_span(document, data, "wait", max(lateness(known[base].logsource) for base in bases)),
        history=_span(document, data, "history", kind.history),
        minimum=_span(document, data, "minimum-history", kind.minimum),
        step=_span(document, data, "step", span),
        once_per=_span(document, data, "once-per", kind.once_per(span)),
        season=_one_of(document, data, "season", get_args(Season), ""),
        newcomers=_one_of(document, data, "newcomers", get_args(Newcomers), "wait"),
        generate=_truth(document, data),
    )
    return _sound(document, _conditioned(document, found, data))


def _known_keys(document: Document, kind: Kind, data: dict[str, Any]) -> None:
    allowed = SHARED | kind.keys
    for key in data:
        if key not in allowed:
            hint = f"the keys are {', '.join(sorted(allowed))}"
            raise document.error(
                f"baselines of the type {kind.name} have no key `{key}`", "baseline", str(key), hint=hint
            )


def _conditioned(document: Document, found: Baseline, data: dict[str, Any]) -> Baseline:
    kind, condition = kind_of(found), data.get("condition") or {}
    where = ("baseline", "condition")
    if not isinstance(condition, dict):
        raise document.error("the condition is not a mapping", *where, hint="write it as {ratio: 5, gte: 10000}")
    bounds = {str(key): value for key, value in condition.items() if key != "field"}
    name = condition.get("field", "")
    if not isinstance(name, str) or (name and not kind.field):
        raise document.error(f"a baseline of the type {found.kind} has no `field`", *where, "field")
    if kind.field == "compared" and not name:
        raise document.error("the condition names no field", *where, hint="name the field whose values may be new")
    try:
        return with_bounds(replace(found, field=name, bounds=kind.bounds), bounds)
    except ValueError as error:
        raise document.error(str(error), *where) from None


def _sound(document: Document, found: Baseline) -> Baseline:
    """What only several keys together tell."""
    kind = kind_of(found)
    if why := kind.too_short(found):
        hint = "write a longer history, or shorter other spans: it would never alert"
        raise document.error(why, "baseline", "history", hint=hint)
    for flaw in kind.flaws(found):
        raise document.error(flaw.reason, "baseline", *flaw.keys, hint=flaw.hint)
    return found


def _rule(document: Document, bases: tuple[str, ...], known: Mapping[str, Rule]) -> Rule:
    """Its metadata, by the library that reads those of all rules; the detection only stands in for one."""
    sources = {known[base].logsource for base in bases}
    source = sources.pop() if len(sources) == 1 else LogSource(known[bases[0]].logsource.product)
    plain = {key: value for key, value in document.data.items() if key not in ("baseline", "logsource", "detection")}
    stand_in = {"logsource": {"product": "leakline"}, "detection": {"any": {"field": 1}, "condition": "any"}}
    parsed = SigmaRule.from_dict({**plain, **stand_in}, collect_errors=True, policy=POLICY)
    if parsed.errors:
        raise error_text.rule_error(document, parsed.errors[0], "baseline")
    return Rule(**reader.metadata(document, parsed), condition=FALSE, logsource=source)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value] if value else []


def _base(document: Document, name: str, known: Mapping[str, Rule]) -> Rule:
    if name not in known:
        hint = "name the `name` or `id` of a rule with a detection"
        raise document.error(f"there is no rule {name}", "baseline", "rules", hint=hint)
    return known[name]


def _one_of(document: Document, data: dict[str, Any], key: str, allowed: tuple[Any, ...], default: Any = None) -> Any:
    value = data.get(key, default)
    if value not in allowed:
        words = ", ".join(filter(None, allowed))
        raise document.error(f"{value!r} is not a `{key}` of a baseline", "baseline", key, hint=f"write one of {words}")
    return value


def _truth(document: Document, data: dict[str, Any]) -> bool:
    value = data.get("generate", False)
    if not isinstance(value, bool):
        raise document.error("`generate` is not true or false", "baseline", "generate")
    return value


def _span(document: Document, data: dict[str, Any], key: str, default: timedelta | None) -> timedelta:
    value = data.get(key)
    if value is None and default is not None:
        return default
    # A baseline is settled in minutes at the least, and has no use for months of changing length.
    seconds = whole_seconds(value, "mhdw", digits=6)
    if seconds is None:
        what = f"{value!r} is not a span of time" if value is not None else f"the baseline has no {key}"
        raise document.error(what, "baseline", key, hint="write a number with m, h, d or w")
    return timedelta(seconds=seconds)


def _groups(
    document: Document, data: dict[str, Any], bases: tuple[str, ...], known: Mapping[str, Rule]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    aliases = data.get("aliases") or {}
    names = [str(name) for name in _listed(data.get("group-by"))]
    for alias in aliases:
        if alias not in (*names, _field(data)):
            what = f"the alias {alias} is neither in group-by nor the field of the condition"
            raise document.error(what, "baseline", "aliases", str(alias))
    for name in names:
        yield name, _aliased(document, data, name, bases, known)


def _field(data: dict[str, Any]) -> str:
    condition = data.get("condition")
    return str(condition.get("field", "")) if isinstance(condition, dict) else ""


def _aliased(
    document: Document, data: dict[str, Any], name: str, bases: tuple[str, ...], known: Mapping[str, Rule]
) -> dict[str, str]:
    """Base id to the column that is called `name` here."""
    columns: dict[str, str] = {}
    for rule, column in ((data.get("aliases") or {}).get(name) or {}).items():
        if rule not in known or known[rule].id not in bases:
            what = f"the alias names {rule}, which is not a rule of this baseline"
            raise document.error(what, "baseline", "aliases", name, str(rule))
        columns[known[rule].id] = str(column)
    return columns


def unread(document: Document, error: Exception) -> RuleError:
    """For a document of a shape that nobody thought of."""
    hint = "compare it with rules/README.md"
    return document.error(f"a value in the baseline has the wrong type ({error})", "baseline", hint=hint)
