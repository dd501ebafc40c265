"""What a condition is once it is read: a tree of tests on fields. Immutable, hashable, comparable.

Every test is two-valued: of a field that is absent it is false (`Null` excepted), so its `Not` is true.
Texts of tests without regard to case are stored in lower case; several values in one test mean "any of them".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

How = Literal["equals", "contains", "startswith", "endswith", "like"]
Comparison = Literal["eq", "lt", "lte", "gt", "gte"]
Part = Literal["minute", "hour", "day", "week", "month", "year"]


@dataclass(frozen=True, slots=True)
class Text:
    """The field's text against any of `values`; for `like` these are anchored regular expressions."""

    how: How
    values: frozenset[str]
    cased: bool = False


@dataclass(frozen=True, slots=True)
class Regex:
    """Any of these regular expressions (RE2 syntax, flags written in front) is found in the field's text."""

    patterns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Number:
    """The field as a number (text is read as one) against `value`."""

    comparison: Comparison
    value: int | float


@dataclass(frozen=True, slots=True)
class TimePart:
    """A part of the field's time as it is written, in its own time zone, against `value`."""

    part: Part
    comparison: Comparison
    value: int


@dataclass(frozen=True, slots=True)
class Network:
    """The field is an address in any of these networks."""

    ranges: frozenset[tuple[str, str]]
    """(first, last) as hexadecimal digits behind the version: `4c0000200`."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The field is this truth value."""

    value: bool


@dataclass(frozen=True, slots=True)
class Null:
    """The field has no value or is absent."""


@dataclass(frozen=True, slots=True)
class Exists:
    """The field is there."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The field's text against that of another field of the same event."""

    field: str
    how: Literal["equals", "contains", "startswith", "endswith"]


Test = Text | Regex | Number | TimePart | Network | Truth | Null | Exists | Reference


@dataclass(frozen=True, slots=True)
class Match:
    """A test on a field; on every value of the event (keywords) where `field` is None."""

    field: str | None
    test: Test


@dataclass(frozen=True, slots=True)
class And:
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    child: Node


@dataclass(frozen=True, slots=True)
class Constant:
    value: bool


Node = Match | And | Or | Not | Constant

SIGMAS = ("\u03c2", "\u03c3")
"""The small sigma at the end of a word, and elsewhere."""


def folded(text: str) -> str:
    """Without regard to case: Unicode's lower case, in which both small sigmas are one; ß is not ss."""
    return text.lower().replace(*SIGMAS)


TRUE = Constant(value=True)
FALSE = Constant(value=False)


def both(children: list[Node]) -> Node:
    """All of `children`, flattened, without repetitions."""
    flat = dict.fromkeys(
        part for child in children for part in (child.children if isinstance(child, And) else (child,))
    )
    if FALSE in flat:
        return FALSE
    flat.pop(TRUE, None)
    return _one_or(And, tuple(flat)) if flat else TRUE


def either(children: list[Node]) -> Node:
    """Any of `children`, flattened; values of one field that are tested alike become one test."""
    flat = dict.fromkeys(part for child in children for part in (child.children if isinstance(child, Or) else (child,)))
    if TRUE in flat:
        return TRUE
    flat.pop(FALSE, None)
    return _one_or(Or, tuple(_merged(flat))) if flat else FALSE


def negated(child: Node) -> Node:
    match child:
        case Not(inner):
            return inner
        case Constant(value):
            return FALSE if value else TRUE
        case _:
            return Not(child)


def substituted(node: Node, judge: Callable[[Match], Node]) -> Node:
    """The condition with what `judge` puts in place of each test, reduced to what is then left to ask."""
    match node:
        case Match():
            return judge(node)
        case And(children):
            return both([substituted(child, judge) for child in children])
        case Or(children):
            return either([substituted(child, judge) for child in children])
        case Not(child):
            return negated(substituted(child, judge))
        case Constant():
            return node


def leaves(node: Node) -> Iterator[Match]:
    """Every test in the tree, repeated as often as it stands there."""
    match node:
        case Match():
            yield node
        case And(children) | Or(children):
            for child in children:
                yield from leaves(child)
        case Not(child):
            yield from leaves(child)
        case Constant():
            return


def fields(node: Node) -> tuple[str, ...]:
    """The names of the fields the tree looks at, in the order they appear."""
    found: dict[str, None] = {}
    for leaf in leaves(node):
        if leaf.field is not None:
            found[leaf.field] = None
        if isinstance(leaf.test, Reference):
            found[leaf.test.field] = None
    return tuple(found)


def presence(node: Node) -> frozenset[str]:
    """The names of the fields that the tree asks whether they are there."""
    return frozenset(leaf.field for leaf in leaves(node) if leaf.field is not None and isinstance(leaf.test, Exists))


def _one_or(kind: type[And | Or], children: tuple[Node, ...]) -> Node:
    return children[0] if len(children) == 1 else kind(children)


def _merged(nodes: dict[Node, None]) -> Iterator[Node]:
    groups: dict[tuple[object, ...], list[Match]] = {}
    for node in nodes:
        key = _kin(node)
        if key is None:
            yield node
        else:
            groups.setdefault(key, []).append(node)  # type: ignore[arg-type]
    for group in groups.values():
        yield group[0] if len(group) == 1 else Match(group[0].field, _union([match.test for match in group]))


def _kin(node: Node) -> tuple[object, ...] | None:
    """Equal for tests that can be one test with several values."""
    match node:
        case Match(field, Text(how, _, cased)):
            return (field, Text, how, cased)
        case Match(field, Regex() | Network() as test):
            return (field, type(test))
        case _:
            return None


def _union(tests: list[Test]) -> Test:
    match tests[0]:
        case Text(how, _, cased):
            return Text(how, frozenset().union(*(test.values for test in tests)), cased)  # type: ignore[union-attr]
        case Regex():
            return Regex(frozenset().union(*(test.patterns for test in tests)))  # type: ignore[union-attr]
        case _:
            return Network(frozenset().union(*(test.ranges for test in tests)))  # type: ignore[union-attr]
