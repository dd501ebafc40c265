"""The condition of a correlation: numbers to hold a value against, or an expression over the names of rules.

Expressions are those of pySigma 1.2 and later (`and`, `or`, `not`, parentheses), and `1 of` and `all of` with `them`
or a pattern such as `login_*`, as in detections. They are brought into a list of terms, one of which must hold.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from agent.detection.correlation.definition.correlation import NUMERIC, ConditionBound, ConditionTerm, Kind, Operator
from agent.detection.sigma.document import Document

OPERATORS: tuple[Operator, ...] = ("lt", "lte", "gt", "gte", "eq", "neq")
TERMS = 64
"""More ways for a condition to hold than these are refused."""

WHERE = ("correlation", "condition")

SignedNames = tuple[frozenset[str], frozenset[str]]
"""Base ids wanted and base ids absent: a term before it has an order."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a document says under `condition`."""

    bounds: tuple[ConditionBound, ...] = ()
    terms: tuple[ConditionTerm, ...] = ()
    expression: str = ""
    fields: tuple[str, ...] = ()
    percentile: float = 50.0


class _Wrong(Exception):
    """Where an expression stops making sense: message and advice."""


def mentioned(expression: str) -> list[str]:
    """Names of rules in an expression, each once, in their order."""
    words = _words(expression)
    return [word for word in dict.fromkeys(words) if word not in ("and", "or", "not", "(", ")")]


def read_condition(document: Document, kind: Kind, bases: Sequence[str], names: Mapping[str, str]) -> Condition:
    """Raises RuleError with the line. `names`: how the bases may be called, to their ids."""
    condition = document.data["correlation"].get("condition")
    temporal = kind in ("temporal", "temporal_ordered")
    if condition is None and temporal:
        count = len(bases if kind == "temporal_ordered" else set(bases))
        return Condition((ConditionBound("gte", float(count)),))
    if isinstance(condition, str):
        if not temporal:
            hint = "an expression over rules is for temporal and temporal_ordered; write an operator and a number here"
            raise document.error(f"the condition of {kind} is not an expression", *WHERE, hint=hint)
        return Condition(terms=_terms(document, condition, bases, names), expression=condition.strip())
    if not isinstance(condition, dict):
        hint = f"write one of {', '.join(OPERATORS)} with a number"
        raise document.error(f"a correlation of the type {kind} needs a condition", *WHERE, hint=hint)
    return _numeric(document, kind, bases, condition)


def _numeric(document: Document, kind: Kind, bases: Sequence[str], condition: dict[str, Any]) -> Condition:
    for key in condition:
        if key not in (*OPERATORS, "field", "percentile"):
            hint = f"write {', '.join(OPERATORS)}, field or percentile"
            raise document.error(f"conditions of correlations have no key `{key}`", *WHERE, str(key), hint=hint)
    bounds = tuple(_bound(document, operator, condition[operator]) for operator in OPERATORS if operator in condition)
    _range(document, bounds)
    if kind in ("temporal", "temporal_ordered"):
        most = len(bases if kind == "temporal_ordered" else set(bases))
        _possible(document, bounds, most)
    return Condition(bounds, (), "", _fields(document, kind, condition), _percentile(document, kind, condition))


def _bound(document: Document, operator: Operator, number: object) -> ConditionBound:
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number) or number < 0:
        hint = "write a number that is not negative, without quotes"
        raise document.error(f"{number!r} is not a number of 0 or more", *WHERE, operator, hint=hint)
    return ConditionBound(operator, float(number))


def _range(document: Document, bounds: tuple[ConditionBound, ...]) -> None:
    """One bound, or a lower and an upper one."""
    operators = [bound.operator for bound in bounds]
    hint = "write one operator, or a range: one of gt and gte with one of lt and lte"
    if not operators:
        raise document.error("the condition names no operator", *WHERE, hint=hint)
    if len(operators) == 1:
        return
    lower, upper = ([bound for bound in bounds if bound.operator in pair] for pair in (("gt", "gte"), ("lt", "lte")))
    if len(operators) != 2 or not lower or not upper:
        raise document.error(f"{' and '.join(operators)} cannot be used together", *WHERE, hint=hint)
    low, high = lower[0], upper[0]
    whole = low.operator == "gte" and high.operator == "lte"
    if low.number > high.number or (low.number == high.number and not whole):
        raise document.error(
            f"a number cannot be both {low} and {high}", *WHERE, hint="write a lower bound below the upper one"
        )


def _possible(document: Document, bounds: tuple[ConditionBound, ...], most: int) -> None:
    """Refuses bounds that no number up to `most` meets."""
    for bound in bounds:
        if (bound.operator in ("gte", "eq") and bound.number > most) or (
            bound.operator == "gt" and bound.number >= most
        ):
            hint = "write a smaller number: it counts different rules within the timespan"
            raise document.error(f"{bound} can never hold: there are {most} rules", *WHERE, bound.operator, hint=hint)


def _fields(document: Document, kind: Kind, condition: dict[str, Any]) -> tuple[str, ...]:
    field = condition.get("field")
    several = field if isinstance(field, list) else [] if field is None else [field]
    if kind == "value_count" and several and all(isinstance(name, str) and name for name in several):
        return tuple(several)
    if kind in NUMERIC and isinstance(field, str) and field:
        return (field,)
    if kind not in (*NUMERIC, "value_count") and field is None:
        return ()
    what = "names a field" if kind.startswith("value") else "names no field"
    hint = "write `field:` with the name of one" if kind.startswith("value") else "remove `field`"
    raise document.error(f"the condition of {kind} {what}", *WHERE, *(["field"] if "field" in condition else []), hint=hint)  # fmt: skip


def _percentile(document: Document, kind: Kind, condition: dict[str, Any]) -> float:
    if kind != "value_percentile":
        if "percentile" in condition:
            hint = "remove `percentile`; only value_percentile has it"
            raise document.error(f"the condition of {kind} cannot have a percentile", *WHERE, "percentile", hint=hint)
        return 50.0
    percentile = condition.get("percentile")
    if isinstance(percentile, bool) or not isinstance(percentile, int | float) or not 0 <= percentile <= 100:
        hint = "write `percentile:` with a number from 0 to 100, beside the operator"
        raise document.error("value_percentile needs a percentile", *WHERE, hint=hint)
    return float(percentile)


def _terms(
    document: Document, expression: str, bases: Sequence[str], names: Mapping[str, str]
) -> tuple[ConditionTerm, ...]:
    try:
        signed = _ExpressionParser(expression, names).parse()
    except _Wrong as wrong:
        raise document.error(str(wrong.args[0]), *WHERE, hint=str(wrong.args[1])) from wrong
    missed = set(bases) - {base for name in _words(expression) for base in _meant(name, names)}
    if missed:
        called = ", ".join(_called(frozenset(missed), names))
        raise document.error(f"the condition never uses {called}", *WHERE, hint="remove it from `rules`")
    if not signed:
        raise document.error(
            "the condition can never hold",
            *WHERE,
            hint="write a condition that does not require both a rule and its absence",
        )
    for wanted, absent in signed:
        if not wanted:
            what = " and ".join(f"not {name}" for name in _called(absent, names))
            hint = "name a rule that begins the window, as in `login and not logout`"
            raise document.error(f"nothing begins a window for `{what}` alone", *WHERE, hint=hint)
    order = dict.fromkeys(bases)
    return tuple(
        ConditionTerm(tuple(base for base in order if base in wanted), tuple(base for base in order if base in absent))
        for wanted, absent in signed
    )


def _meant(word: str, names: Mapping[str, str]) -> set[str]:
    """The rules that a name or a pattern of an expression speaks of."""
    return {base for name, base in names.items() if word == "them" or fnmatchcase(name, word)}


def _called(ids: frozenset[str], names: Mapping[str, str]) -> list[str]:
    return sorted(next(name for name, base in names.items() if base == identity) for identity in ids)


def _words(expression: str) -> list[str]:
    return re.findall(r"[()]|[^\s()]+", expression)


class _ExpressionParser:
    """Recursive descent: `or` over `and` over `not` over names.

    A `not` is carried down to the names (`negative`), where it makes what is wanted absent; on the way it turns `and`
    into `or` and `1 of` into `all of`, and the other way round (De Morgan). So what comes back is a list of terms.
    """

    def __init__(self, expression: str, names: Mapping[str, str]) -> None:
        self._left = _words(expression)
        self._names = names

    def parse(self) -> list[SignedNames]:
        found = self._either(negative=False)
        if self._left:
            raise _Wrong(f"the condition cannot be read at {self._left[0]!r}", "put and, or or not between the rules")
        return found

    def _either(self, *, negative: bool) -> list[SignedNames]:
        return self._chain("or", negative=negative)

    def _chain(self, word: str, *, negative: bool) -> list[SignedNames]:
        def part() -> list[SignedNames]:
            return self._chain("and", negative=negative) if word == "or" else self._negated(negative=negative)

        parts = [part()]
        while self._left and self._left[0] == word:
            self._left.pop(0)
            parts.append(part())
        return _all(parts) if (word == "and") != negative else _any(parts)

    def _negated(self, *, negative: bool) -> list[SignedNames]:
        word = self._next()
        if word == "not":
            return self._negated(negative=not negative)
        if word == "(":
            found = self._either(negative=negative)
            if not self._left or self._left.pop(0) != ")":
                raise _Wrong("a parenthesis is not closed", "close every parenthesis that you open")
            return found
        if word in ("1", "all") and self._left[:1] == ["of"]:
            self._left.pop(0)
            return self._of(word, negative=negative)
        return _name(self._known(word), negative=negative)

    def _of(self, how: str, *, negative: bool) -> list[SignedNames]:
        pattern = self._next()
        chosen = _meant(pattern, self._names)
        if not chosen:
            raise _Wrong(
                f"no rule of this correlation is called {pattern}", "write a pattern that fits a name under `rules`"
            )
        parts = [_name(base, negative=negative) for base in sorted(chosen)]
        return _all(parts) if (how == "all") != negative else _any(parts)

    def _next(self) -> str:
        if not self._left or self._left[0] in (")", "and", "or"):
            at = f"before {self._left[0]!r}" if self._left else "at its end"
            raise _Wrong(f"a rule is missing in the condition {at}", "name a rule there")
        return self._left.pop(0)

    def _known(self, word: str) -> str:
        if word not in self._names:
            words = "write and, or and not in lower case" if word.lower() in ("and", "or", "not") else ""
            raise _Wrong(f"the condition names {word}, which is not under `rules`", words or "add it to `rules`")
        return self._names[word]


def _name(base: str, *, negative: bool) -> list[SignedNames]:
    """The one term in which this base is there, or is not."""
    named, none = frozenset({base}), frozenset[str]()
    return [(none, named) if negative else (named, none)]


def _any(parts: list[list[SignedNames]]) -> list[SignedNames]:
    """Terms of which one must hold: those of all parts."""
    return _bounded([pair for part in parts for pair in part])


def _all(parts: list[list[SignedNames]]) -> list[SignedNames]:
    """Terms in which each part holds by one of its own; what wants and excludes the same base can never hold."""
    found: list[SignedNames] = [(frozenset(), frozenset())]
    for part in parts:
        both = [(a | c, b | d) for a, b in found for c, d in part]
        found = _bounded([(wanted, absent) for wanted, absent in both if not wanted & absent])
    return found


def _bounded(terms: list[SignedNames]) -> list[SignedNames]:
    """Each once. Their number can double with each `and` over `or`, so it is looked at on the way."""
    once = list(dict.fromkeys(terms))
    if len(once) > TERMS:
        raise _Wrong(f"the condition can hold in more than {TERMS} ways", "write several correlations")
    return once
