"""Which rows of a batch each rule matches; nothing is remembered of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import compress

import polars as pl

from agent.columns.small import SMALL
from agent.detection.condition.evaluation import Evaluation
from agent.detection.condition.event_type import COLUMNS
from agent.detection.condition.mask import Mask, any_of
from agent.detection.rule_set import RuleSet
from agent.detection.selection import Selection, SourceRules
from agent.detection.sigma.log_source import LogSource
from agent.detection.sigma.rule import Rule

SELECTIONS = 300
"""Kinds of rows for which the rules are kept sorted out; there are about a hundred."""


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
        self._by_source: dict[tuple[LogSource, str], SourceRules] = {}
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
                mask = evaluation.rows(selection.conditions[number])
            except pl.exceptions.PolarsError as error:
                self._set_aside(rule, error)
                continue
            if any_of(mask):
                yield rule, row_numbers(mask, prepared.height)

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
        field = next((name for name in known if name in prepared.columns), "")
        kinds = prepared[field] if field else pl.Series([None])
        kind = kinds[0] if kinds.n_unique() == 1 else None
        key = (source, field, kind)
        selection = self._selections.get(key)
        if selection is None:
            # Two threads may both make the same selection: the second costs time and nothing else.
            if len(self._selections) >= SELECTIONS:
                self._selections.clear()
            rules = self._rules_for(source, field)
            self._selections[key] = selection = rules.all() if kind is None else rules.of(kinds[:1])
        return selection

    def _rules_for(self, source: LogSource, field: str) -> SourceRules:
        key = (source, field)
        rules = self._by_source.get(key)
        if rules is None:
            if len(self._by_source) >= SELECTIONS:
                self._by_source.clear()
            covering = (rule for rule in self._rules if rule.logsource.covers(source))
            self._by_source[key] = rules = SourceRules(covering, field)
        return rules


def row_numbers(mask: Mask, height: int) -> pl.Series:
    """The rows of a mask by number, of `height` rows: UInt32, ascending."""
    if isinstance(mask, bool):
        return pl.int_range(height if mask else 0, dtype=pl.UInt32, eager=True)
    if height <= SMALL:
        return pl.Series(list(compress(range(height), mask.to_list())), dtype=pl.UInt32)
    return mask.arg_true()
