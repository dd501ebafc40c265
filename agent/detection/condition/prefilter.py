"""Literals that conditions cannot hold without: one look through each column for all of them tells which are worth trying.

This is the prefilter of multi-pattern search, with an Aho-Corasick automaton a column.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from agent.detection.condition import few_texts
from agent.detection.condition.column import Column
from agent.detection.condition.regex_literal import longest_literal
from agent.detection.condition.tree import And, Match, Network, Node, Or, Regex, Test, Text, folded, leaves

RequiredLiteral = str | tuple[str, str]
"""A lower-case text, or a range of addresses."""

FEWEST_LITERALS = 4
"""Fewer literals in a field are looked for one by one, by the rules that want them."""


@dataclass(slots=True)
class RequiredLiterals:
    """The literals that the conditions at hand look for in one field."""

    whole: set[str] = field(default_factory=set)
    inside: set[str] = field(default_factory=set)
    ranges: set[tuple[str, str]] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.whole) + len(self.inside) + len(self.ranges)

    def add(self, test: Test, literals: frozenset[RequiredLiteral]) -> None:
        """`literals`: what `required_literals` says of the test."""
        kind = self.ranges if isinstance(test, Network) else self.whole if _is_whole(test) else self.inside
        kind.update(literals)  # type: ignore[arg-type]

    def found(self, column: Column) -> set[RequiredLiteral]:
        """Those that occur in the column: a hash look-up, a pass of one Aho-Corasick automaton and two searches in
        sorted addresses, for all of them at once.
        """
        return {*self._texts(column.lower), *self._addresses(column)}

    def _texts(self, values: pl.Series) -> Iterable[RequiredLiteral]:
        """`values`: String, in lower case."""
        if few_texts.are_few(values, self.inside):
            texts = {text for text in values.to_list() if text is not None}
            yield from self.whole & texts
            # All at once; what is found only across two of them is tried by its rules, and not found there.
            whole = "\0".join(texts)
            yield from (pattern for pattern in self.inside if pattern in whole)
            return
        if self.whole:
            yield from _where(values, pl.first().is_in(list(self.whole)))
        if self.inside:
            patterns = list(self.inside)
            hits = _where(values, pl.first().str.contains_any(patterns))
            if len(hits):
                yield from hits.str.extract_many(patterns, overlapping=True).explode().unique().drop_nulls()

    def _addresses(self, column: Column) -> Iterable[RequiredLiteral]:
        if not self.ranges:
            return
        ranges = list(self.ranges)
        addresses = column.address.drop_nulls().unique().sort()
        # Both ends belong to a range: it holds an address if what is left of its last one goes beyond its first.
        begin = addresses.search_sorted(pl.Series([first for first, _ in ranges]), side="left")
        end = addresses.search_sorted(pl.Series([last for _, last in ranges]), side="right")
        yield from (ranges[hit] for hit in (begin < end).arg_true())


def _where(values: pl.Series, condition: pl.Expr) -> pl.Series:
    """The values for which the condition, on the first column, holds."""
    return values.to_frame().filter(condition).to_series()


@functools.lru_cache(maxsize=100_000)
def required_literals(test: Test) -> frozenset[RequiredLiteral] | None:
    """The literals of which one has to occur in a field for the test to hold; None if that cannot be said."""
    match test:
        case Text("like") | Regex():
            patterns = test.values if isinstance(test, Text) else test.patterns
            texts = [longest_literal(pattern) for pattern in patterns]
            return None if None in texts else frozenset(text for text in texts if text is not None)
        case Text(_, values, cased):
            return None if "" in values else frozenset(folded(value) if cased else value for value in values)
        case Network(ranges):
            return ranges
        case _:
            return None


def literals_by_field(nodes: Iterable[Node]) -> Mapping[str, RequiredLiterals]:
    """Per field what is looked for in it, where that is enough to be looked for at once."""
    found: dict[str, RequiredLiterals] = {}
    for node in nodes:
        for leaf in leaves(node):
            if leaf.field is not None and (literals := required_literals(leaf.test)) is not None:
                found.setdefault(leaf.field, RequiredLiterals()).add(leaf.test, literals)
    return {name: literals for name, literals in found.items() if len(literals) >= FEWEST_LITERALS}


def requirements(
    node: Node, covered: Mapping[str, RequiredLiterals]
) -> Sequence[frozenset[tuple[str, RequiredLiteral]]]:
    """Sets of (field, literal); the condition can hold only if of each set one occurs."""
    match node:
        case Match(str(name), test) if name in covered and (literals := required_literals(test)) is not None:
            return [frozenset((name, literal) for literal in literals)]
        case And(children):
            return [need for child in children for need in requirements(child, covered)]
        case Or(children):
            needs = [requirements(child, covered) for child in children]
            # Of each child its first requirement will do: a weaker one of the whole, but one that surely holds.
            return [frozenset().union(*(child_needs[0] for child_needs in needs))] if all(needs) else []
        case _:
            return []


class Prefilter:
    """Conditions by what they require."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.literals = literals_by_field(nodes)
        self._requirements = [requirements(node, self.literals) for node in nodes]
        self._always: list[int] = []
        self._by_literal: dict[tuple[str, RequiredLiteral], list[int]] = {}
        for number, needs in enumerate(self._requirements):
            if not needs:
                self._always.append(number)
            for key in max(needs, key=_rarity, default=()):
                self._by_literal.setdefault(key, []).append(number)

    def candidates(self, present: frozenset[tuple[str, RequiredLiteral]]) -> list[int]:
        """Numbers of the conditions that can hold where only these literals occur, in ascending order."""
        asked = {number for key in present for number in self._by_literal.get(key, ())}
        able = [n for n in asked if all(not need.isdisjoint(present) for need in self._requirements[n])]
        return sorted([*self._always, *able])


def _rarity(need: frozenset[tuple[str, RequiredLiteral]]) -> int:
    """A guess at how seldom a requirement is met: by its shortest text, so that `get` counts less than a file name."""
    return min((len(literal) if isinstance(literal, str) else 8 for _, literal in need), default=0)


def _is_whole(test: Test) -> bool:
    return isinstance(test, Text) and test.how == "equals"
