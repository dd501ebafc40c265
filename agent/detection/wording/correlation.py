"""What an alert of a correlation says happened.

    event_count        "Login refused" 13 times within 10 minutes
    value_count        24 different login names in "Login refused" within 15 minutes
    value_sum          row count adding up to 855,073 in "Report exported" within 1 day
    value_avg          duration averaging 3.5 in "Query" within 1 hour
    value_median       duration with a median of 3 in "Query" within 1 hour
    value_percentile   duration with a 95th percentile of 9 in "Query" within 1 hour
    temporal           "Objects listed" and "Limits read" within 1 day
    temporal_ordered   "Job complete", then "Job deleted" within 7 days
    with not           "Login" without "Logout" within 1 hour

Of a correlation of correlations each of these is told by its condition: "Login refused" at least 10 times within 10
minutes, then "Login accepted", all within 30 minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent.detection.correlation.batch_changes import AlertChange
from agent.detection.correlation.definition.correlation import ConditionBound, ConditionTerm, Correlation
from agent.wording.number import number_text, plural
from agent.wording.phrase import field_text, listed, quoted
from agent.wording.span import span_text

LONGEST_PART = 200
"""Characters of what is said of a correlation that another one is made of; a longer one is called by its title."""

MOST_ALTERNATIVES = 3
"""Ways for a condition to hold that are told; of more its text is."""

_BOUNDS = {
    "gte": "at least",
    "gt": "more than",
    "lte": "at most",
    "lt": "less than",
    "eq": "exactly",
    "neq": "other than",
}
_TEMPORAL = ("temporal", "temporal_ordered")


class CorrelationWording:
    """`titles`: of every rule, correlation and baseline by id; `correlations`: those that run, or feed others."""

    def __init__(self, titles: Mapping[str, str], correlations: Sequence[Correlation]) -> None:
        self._titles = titles
        self._correlations = {correlation.rule.id: correlation for correlation in correlations}

    def __call__(self, change: AlertChange) -> str:
        """What happened, for a change of an alert."""
        correlation, measured = change.correlation, change.alert.measured
        if correlation.kind in _TEMPORAL:
            return self._within(correlation, self._together(correlation, measured))
        if measured is None:
            return self._by_condition(correlation)
        return self._within(correlation, self._counted(correlation, number_text(measured), single=measured == 1))

    def _by_condition(self, correlation: Correlation) -> str:
        if correlation.kind in _TEMPORAL:
            least = next((bound.number for bound in correlation.bounds if bound.operator in ("gte", "eq")), None)
            return self._within(correlation, self._together(correlation, least))
        amount = listed([_bound_text(bound) for bound in correlation.bounds], "and") if correlation.bounds else "any"
        single = bool(correlation.bounds) and correlation.bounds[-1].number == 1
        return self._within(correlation, self._counted(correlation, amount, single=single))

    def _counted(self, correlation: Correlation, amount: str, *, single: bool) -> str:
        """`amount`: a number, or a condition; `single`: whether its noun is in the singular."""
        events = listed([self._title(base) for base in correlation.steps], "or")
        labels = [field_text(name) for name in correlation.fields]
        label = listed(labels, "and") if labels else "value"
        match correlation.kind:
            case "event_count":
                times = f"{amount} time{'' if single else 's'}"
                return f"{events} {times.replace('1 time', 'once') if single else times}"
            case "value_count":
                several = f"combinations of {label}" if len(labels) > 1 else plural(label)
                return f"{amount} different {label if single else several} in {events}"
            case "value_sum":
                return f"{label} adding up to {amount} in {events}"
            case "value_avg":
                return f"{label} averaging {amount} in {events}"
            case "value_median":
                return f"{label} with a median of {amount} in {events}"
        return f"{label} with a {_ordinal(correlation.percentile)} percentile of {amount} in {events}"

    def _together(self, correlation: Correlation, found: float | None) -> str:
        """`found`: how many different rules were there; None: all that the condition asks for."""
        ordered = correlation.kind == "temporal_ordered"
        if correlation.terms:
            if len(correlation.terms) > MOST_ALTERNATIVES:
                return f"the condition {quoted(correlation.expression)} held"
            return ", or ".join(self._term(term, ordered=ordered) for term in correlation.terms)
        parts = [self._part(base) for base in (correlation.bases if ordered else correlation.steps)]
        if found is not None and found < len(parts):
            return f"{number_text(found)} of {listed(parts, 'or')}"
        return ", then ".join(parts) if ordered else listed(parts, "and")

    def _term(self, term: ConditionTerm, *, ordered: bool) -> str:
        wanted, absent = ([self._part(base) for base in bases] for bases in (term.wanted, term.absent))
        there = ", then ".join(wanted) if ordered else listed(wanted, "and") if wanted else ""
        return f"{there} without {listed(absent, 'or')}".strip() if absent else there

    def _part(self, base: str) -> str:
        """A step: what it asks for where it is a correlation over rules, else its title."""
        correlation = self._correlations.get(base)
        if correlation is None or any(below in self._correlations for below in correlation.bases):
            return self._title(base)
        said = self._by_condition(correlation)
        return said if len(said) <= LONGEST_PART else self._title(base)

    def _title(self, base: str) -> str:
        return quoted(self._titles.get(base, base))

    def _within(self, correlation: Correlation, what: str) -> str:
        inner = " within " in what
        return f"{what}{', all' if inner else ''} within {span_text(correlation.span)}"


def _bound_text(bound: ConditionBound) -> str:
    return f"{_BOUNDS[bound.operator]} {number_text(bound.number)}"


def _ordinal(number: float) -> str:
    """`95th`, `1st`, `99.9th`."""
    whole = int(number)
    ends = {1: "st", 2: "nd", 3: "rd"}
    end = "th" if whole != number or whole % 100 in (11, 12, 13) else ends.get(whole % 10, "th")
    return f"{number_text(number)}{end}"
