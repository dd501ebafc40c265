"""Conditions over a frame. A test is judged once per batch, however many rules ask, and only if one gets that far."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property

import polars as pl

from agent.detection.condition.column import Column
from agent.detection.condition.fieldref import related_rows
from agent.detection.condition.leaf import passing_rows
from agent.detection.condition.mask import Mask, both, either, inverted
from agent.detection.condition.prefilter import Prefilter, RequiredLiteral, required_literals
from agent.detection.condition.tree import And, Constant, Match, Node, Not, Null, Or, Reference

Names = Callable[[str], Sequence[str]]
"""A field's name to the columns that hold its values: none if the frame has no such field, several if its values
are of several types."""


class Evaluation:
    """One frame under examination: columns and masks, kept while its rules are tried."""

    def __init__(
        self,
        frame: pl.DataFrame,
        *,
        cells: bool = False,
        prefilter: Prefilter | None = None,
        names: Names | None = None,
    ) -> None:
        """`frame`: a column for each field unless `names` says where fields are. `prefilter`: of the conditions that will
        be tried; `cells`: see `Column`.
        """
        self._frame = frame
        self._all_names = dict.fromkeys(frame.columns)
        self._cells = cells
        self._prefilter = prefilter or Prefilter([])
        self._names = names or _same_name(self._all_names)
        self._columns: dict[str, Column] = {}
        self._masks: dict[Match, Mask] = {}

    def rows(self, node: Node) -> Mask:
        """The rows for which the condition holds."""
        match node:
            case Match():
                return self._match(node)
            case And(children):
                return self._all(children)
            case Or(children):
                return self._any(children)
            case Not(child):
                return inverted(self.rows(child))
            case Constant(value):
                return value

    def column(self, name: str) -> Column:
        if name not in self._columns:
            self._columns[name] = Column(self._frame[name], cells=self._cells)
        return self._columns[name]

    @cached_property
    def present(self) -> frozenset[tuple[str, RequiredLiteral]]:
        """(field, literal): what of all that the rules require occurs in the frame."""
        return frozenset(
            (field, literal)
            for field, literals in self._prefilter.literals.items()
            for name in self._names(field)
            for literal in literals.found(self.column(name))
        )

    def candidates(self) -> list[int]:
        """Numbers of the prefilter's conditions that are worth trying, ascending."""
        return self._prefilter.candidates(self.present)

    def _match(self, leaf: Match) -> Mask:
        if leaf not in self._masks:
            self._masks[leaf] = self._judge(leaf)
        return self._masks[leaf]

    def _judge(self, leaf: Match) -> Mask:
        if self._absent(leaf):
            return False
        names = tuple(self._all_names) if leaf.field is None else self._names(leaf.field)
        if isinstance(leaf.test, Reference):
            return self._refer(names, leaf.test)
        return self._over(names, leaf)

    def _over(self, names: Sequence[str], leaf: Match) -> Mask:
        """Any of the columns; of a field without a column nothing holds but that it is null."""
        if isinstance(leaf.test, Null):
            nowhere: Mask = True
            for name in names:
                nowhere = both(nowhere, passing_rows(self.column(name), leaf.test))
            return nowhere
        found: Mask = False
        for name in names:
            found = either(found, passing_rows(self.column(name), leaf.test))
        return found

    def _refer(self, names: Sequence[str], test: Reference) -> Mask:
        found: Mask = False
        for left in names:
            for right in self._names(test.field):
                found = either(found, related_rows(self.column(left), self.column(right), test.how))
        return found

    def _absent(self, leaf: Match) -> bool:
        """True if the look for all that is required has shown that the test cannot hold."""
        if leaf.field is None or leaf.field not in self._prefilter.literals:
            return False
        literals = required_literals(leaf.test)
        return literals is not None and self.present.isdisjoint((leaf.field, literal) for literal in literals)

    def _all(self, children: Sequence[Node]) -> Mask:
        found: Mask = True
        for child in children:
            found = both(found, self.rows(child))
            if found is False or (isinstance(found, pl.Series) and not found.any()):
                return False
        return found

    def _any(self, children: Sequence[Node]) -> Mask:
        found: Mask = False
        for child in children:
            found = either(found, self.rows(child))
        return found


def _same_name(columns: Collection[str]) -> Names:
    """A column for each field.

    Not a method: an evaluation that holds one of its own is a circle, and keeps its frame until the next look for garbage.
    In these the frames of 400,000 rows took 600 MB.
    """
    return lambda field: (field,) if field in columns else ()
