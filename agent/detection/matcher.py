"""Which rows of a batch each rule matches; nothing is remembered of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from agent.detection.condition.column import Column
from agent.detection.condition.evaluation import Evaluation
from agent.detection.condition.event_type import COLUMNS
from agent.detection.condition.leaf import passing_rows
from agent.detection.condition.mask import Mask
from agent.detection.condition.prefilter import Prefilter
from agent.detection.condition.tree import FALSE, TRUE, Match, Node, Reference, substituted
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import LogSource
from agent.detection.sigma.rule import Rule

SELECTIONS = 300
"""Kinds of rows for which the rules are kept sorted out; there are about a hundred."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The rules that rows of one kind can match, their conditions reduced to what is left to ask."""

    rules: tuple[Rule, ...]
    conditions: tuple[Node, ...]
    prefilter: Prefilter


class Matcher:
    """Rules, sorted out by the kinds of rows that they are tried on.

    One serves all orgs of a process: several threads may use it at once.
    """

    def __init__(self, rules: RuleSet, report: Callable[[Rule, Exception], None] = lambda _rule, _error: None) -> None:
        """`report`: told of a rule that raises an error, the first time it does."""
        self._rules = rules
        self._report = report
        self.broken: dict[str, str] = {}
        """Rule id to reason: rules that raised an error while they were tried, on some batch."""
        self._lock = threading.Lock()
        """Held while a rule becomes broken: each is reported once, whoever sees it first."""
        self._selections: dict[tuple[LogSource, str, str | None], Selection] = {}

    def matches(self, prepared: pl.DataFrame, source: LogSource) -> Iterator[tuple[Rule, pl.Series]]:
        """Each rule that matches, with the numbers of the rows (`UInt32`, ascending). `prepared`: see `Detector.detect`."""
        if not prepared.height:
            return
        selection = self._select(prepared, source)
        evaluation = Evaluation(prepared, prefilter=selection.prefilter, cells=source.product == "salesforce")
        for number in evaluation.candidates():
            rule = selection.rules[number]
            try:
                rows = row_numbers(evaluation.rows(selection.conditions[number]), prepared.height)
            except pl.exceptions.PolarsError as error:
                self._set_aside(rule, error)
                continue
            if len(rows):
                yield rule, rows

    def _set_aside(self, rule: Rule, error: Exception) -> None:
        """One rule that breaks must not cost the others, nor make every row of a batch look poisonous."""
        with self._lock:
            known = rule.id in self.broken
            self.broken = {**self.broken, rule.id: str(error)}  # whoever reads it meanwhile sees a whole one
        if not known:
            self._report(rule, error)

    def _select(self, prepared: pl.DataFrame, source: LogSource) -> Selection:
        """The rules for this log source and, if all rows are of one kind, for that kind."""
        known = COLUMNS if source.product == "salesforce" else ()
        name = next((name for name in known if name in prepared.columns), "")
        kinds = prepared[name].unique() if name else pl.Series([], dtype=pl.String)
        kind = kinds[0] if len(kinds) == 1 else None
        key = (source, name, kind)
        selection = self._selections.get(key)
        if selection is None:
            # Two threads may both make the same selection: the second costs time and nothing else.
            if len(self._selections) >= SELECTIONS:
                self._selections.clear()
            only = Column(kinds, cells=True) if kind is not None else None
            self._selections[key] = selection = self._new_selection(source, name, only)
        return selection

    def _new_selection(self, source: LogSource, name: str, only: Column | None) -> Selection:
        """`only`: the one value that the column `name` has, if it has just one."""
        rules = [rule for rule in self._rules if rule.logsource.covers(source)]
        conditions = [reduced(rule.condition, name, only) if only else rule.condition for rule in rules]
        left = [(rule, condition) for rule, condition in zip(rules, conditions, strict=True) if condition != FALSE]
        nodes = tuple(condition for _, condition in left)
        return Selection(tuple(rule for rule, _ in left), nodes, Prefilter(nodes))


def row_numbers(mask: Mask, height: int) -> pl.Series:
    """The rows of a mask by number, of `height` rows: UInt32, ascending."""
    if isinstance(mask, bool):
        return pl.Series(range(height if mask else 0), dtype=pl.UInt32)
    return mask.arg_true()


def reduced(node: Node, name: str, only: Column) -> Node:
    """The condition where the field `name` has only this one value."""

    def judge(leaf: Match) -> Node:
        if leaf.field != name or isinstance(leaf.test, Reference):
            return leaf
        mask = passing_rows(only, leaf.test)
        return TRUE if (mask if isinstance(mask, bool) else mask.all()) else FALSE

    return substituted(node, judge)
