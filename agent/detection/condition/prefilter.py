"""What rules cannot do without, so that one look through each column tells which rules are worth trying."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from agent.detection.condition.column import Column
from agent.detection.condition.regex_literal import literal
from agent.detection.condition.tree import And, Match, Network, Node, Or, Regex, Test, Text, folded, leaves

Needle = str | tuple[str, str]
"""A lower-case text, or a range of addresses."""

NEEDLES = 4
"""Fewer needles in a field are looked for one by one, by the rules that want them."""


@dataclass(slots=True)
class RequiredLiterals:
    """What the rules at hand look for in one field."""

    whole: set[str] = field(default_factory=set)
    inside: set[str] = field(default_factory=set)
    ranges: set[tuple[str, str]] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.whole) + len(self.inside) + len(self.ranges)

    def add(self, test: Test, wanted: frozenset[Needle]) -> None:
        kind = self.ranges if isinstance(test, Network) else self.whole if _is_whole(test) else self.inside
        kind.update(wanted)  # type: ignore[arg-type]

    def found(self, column: Column) -> set[Needle]:
        """Those that occur in the column: a hash look-up, a pass of one Aho-Corasick automaton and two searches in
        sorted addresses, for all needles at once.
        """
        return {*self._texts(column.lower), *self._addresses(column)}

    def _texts(self, values: pl.Series) -> Iterable[Needle]:
        if self.whole:
            yield from _where(values, pl.first().is_in(list(self.whole)))
        if self.inside:
            patterns = list(self.inside)
            hits = _where(values, pl.first().str.contains_any(patterns))
            if len(hits):
                yield from hits.str.extract_many(patterns, overlapping=True).explode().unique().drop_nulls()

    def _addresses(self, column: Column) -> Iterable[Needle]:
        if not self.ranges:
            return
        ranges = list(self.ranges)
        addresses = column.address.drop_nulls().unique().sort()
        begin = addresses.search_sorted(pl.Series([first for first, _ in ranges]), side="left")
        end = addresses.search_sorted(pl.Series([last for _, last in ranges]), side="right")
        yield from (ranges[hit] for hit in (begin < end).arg_true())


def _where(values: pl.Series, condition: pl.Expr) -> pl.Series:
    return values.to_frame().filter(condition).to_series()


@functools.lru_cache(maxsize=100_000)
def wanted(test: Test) -> frozenset[Needle] | None:
    """What of one has to occur in a field for the test to hold; None if that cannot be said."""
    match test:
        case Text("like") | Regex():
            patterns = test.values if isinstance(test, Text) else test.patterns
            texts = [literal(pattern) for pattern in patterns]
            return None if None in texts else frozenset(text for text in texts if text is not None)
        case Text(_, values, cased):
            return None if "" in values else frozenset(folded(value) if cased else value for value in values)
        case Network(ranges):
            return ranges
        case _:
            return None


def needles(nodes: Iterable[Node]) -> Mapping[str, RequiredLiterals]:
    """Per field what is looked for in it, where there is enough of it."""
    found: dict[str, RequiredLiterals] = {}
    for node in nodes:
        for leaf in leaves(node):
            if leaf.field is not None and (texts := wanted(leaf.test)) is not None:
                found.setdefault(leaf.field, RequiredLiterals()).add(leaf.test, texts)
    return {name: those for name, those in found.items() if len(those) >= NEEDLES}


def requirements(node: Node, covered: Mapping[str, RequiredLiterals]) -> Sequence[frozenset[tuple[str, Needle]]]:
    """Sets of (field, needle); the condition can hold only if of each set one occurs."""
    match node:
        case Match(str(name), test) if name in covered and (texts := wanted(test)) is not None:
            return [frozenset((name, text) for text in texts)]
        case And(children):
            return [need for child in children for need in requirements(child, covered)]
        case Or(children):
            needs = [requirements(child, covered) for child in children]
            return [frozenset().union(*(one[0] for one in needs))] if all(needs) else []
        case _:
            return []


class Index:
    """Conditions by what they require."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.needles = needles(nodes)
        self._requirements = [requirements(node, self.needles) for node in nodes]
        self._always: list[int] = []
        self._by_needle: dict[tuple[str, Needle], list[int]] = {}
        for number, needs in enumerate(self._requirements):
            if not needs:
                self._always.append(number)
            for key in max(needs, key=_rarity, default=()):
                self._by_needle.setdefault(key, []).append(number)

    def candidates(self, present: frozenset[tuple[str, Needle]]) -> list[int]:
        """Numbers of the conditions that can hold where only these needles occur, in ascending order."""
        asked = {number for key in present for number in self._by_needle.get(key, ())}
        able = [n for n in asked if all(not need.isdisjoint(present) for need in self._requirements[n])]
        return sorted([*self._always, *able])


def _rarity(need: frozenset[tuple[str, Needle]]) -> int:
    """A guess at how seldom a requirement is met: by its shortest text, so that `get` counts less than a file name."""
    return min((len(needle) if isinstance(needle, str) else 8 for _, needle in need), default=0)


def _is_whole(test: Test) -> bool:
    return isinstance(test, Text) and test.how == "equals"
