"""Converted queries look at what arrived since they ran last, for rows come hours after what they tell of.

A query that is run every hour over the last hour of event times would miss each row that comes later than that. So a
query over single events takes those that arrived in a whole span of the clock, which the spans before and after it touch
without a gap. A correlation needs all events of its own window, whenever they came: it takes the windows into which an
event arrived in that span. One that goes on growing is found in each span in which it grew.

The arrival is `event.ingested` in Elastic and OpenSearch, and the indexer's own time in Splunk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sigma.conversion.base import Backend
from sigma.rule import SigmaRule

from agent.duration import written

SETTLE = 5
"""Minutes that what was sent may take until searches find it: a span ends at the latest so long before the run."""

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class IngestWindow:
    """When queries are run."""

    every: timedelta = timedelta(hours=1)
    """Between two runs of a query: whole minutes."""
    lookback: timedelta = timedelta(days=7)
    """Rows later than that are not found where the query must name a span of event times: whole days."""

    def problem(self) -> str:
        """What makes it unusable, in words for people; empty if nothing does."""
        if self.every < timedelta(minutes=1) or self.every % timedelta(minutes=1):
            return f"{written(self.every)} is not a number of whole minutes; write 15m, 1h or 1d"
        if self.lookback < DAY or self.lookback % DAY:
            return f"{written(self.lookback)} is not a number of whole days; write 2d or 7d"
        return ""

    @property
    def unit(self) -> str:
        """Spans begin and end at the full hour, or minute where runs are not whole hours apart."""
        return "m" if self.every % timedelta(hours=1) else "h"

    @property
    def size(self) -> str:
        """The span as both SIEMs write it: `1h`, `90m`."""
        return f"{self.every // timedelta(**{_LONG[self.unit] + 's': 1})}{self.unit}"

    def days(self, span: timedelta = timedelta()) -> int:
        """How far back event times are looked at, for correlations of this span: the whole span of the row that was as old
        as `lookback` allows when it arrived, at the beginning of what a run looks at.
        """
        # Rounded up to whole days, for the queries begin at midnight: `-(-x // DAY)` is the ceiling.
        return -(-(self.lookback + self.every + timedelta(minutes=SETTLE) + span) // DAY)

    @property
    def latest(self) -> str:
        """`lookback` in words."""
        days = self.lookback // DAY
        return f"{days} day{'' if days == 1 else 's'}"


_LONG = {"m": "minute", "h": "hour"}


def with_window(backend: Any, language: str, window: IngestWindow) -> type[Backend]:
    """The backend, with the window in each of its queries."""
    made: type[Backend] = {"splunk": _splunk, "esql": _esql, "lucene": _lucene}[language](backend, window)
    return made


def explained(window: IngestWindow, language: str) -> Iterator[str]:
    """What must be known to schedule the queries, line by line."""
    arrival = "_indextime" if language == "splunk" else "event.ingested"
    yield f"Run each query every {written(window.every)}. It finds what arrived ({arrival}) in the last whole span of that"
    yield f"length that ended at least {SETTLE} minutes ago, however old the event is: rows come hours late."
    if language == "splunk":
        yield "The query names its own times, which count more than those of the time range picker. Events that are"
        yield f"older than {window.latest} when they arrive are not found (--lookback)."
    else:
        yield "A rule that adds a time range of its own must make it wide, such as the last"
        yield f"{window.days()} days of @timestamp. Or convert with --no-window, and let the rule use event.ingested as its"
        yield f"time field (timestamp override) with an additional look-back of at least {SETTLE} minutes."
    if language == "esql":
        yield "ES|QL refuses a query that names a field which no document has had yet (a list that is not set, a kind of event"
        yield "that never came): map the field, or schedule the query once such an event is there."
    if language != "lucene":
        yield "A correlation counts all events of a window of event time into which an event arrived in that span:"
        yield "one that grows later is found again."


def _splunk(backend: Any, window: IngestWindow) -> Any:
    end = f"-{SETTLE}m@{window.unit}"
    begin = f"{end}-{window.size}"

    class SplunkWindowBackend(backend):  # type: ignore[misc]
        def finalize_query_default(self, rule: Any, query: str, index: int, state: Any) -> str:
            found: str = super().finalize_query_default(rule, query, index, state)
            if not isinstance(rule, SigmaRule):
                return found
            return f"earliest=-{window.days()}d@d latest=+1d _index_earliest={begin} _index_latest={end} {found}"

        def convert_correlation_search(self, rule: Any, **options: Any) -> str:
            # Of a subsearch only what stands in itself counts, so that each gets its times.
            days = window.days(timedelta(seconds=rule.timespan.seconds))
            times = f"earliest=-{days}d@d latest=+1d _index_latest={end} "
            for name in ("correlation_search_single_rule_expression", "correlation_search_multi_rule_query_expression"):
                setattr(self, name, getattr(backend, name).replace("{query}", times + "{query}"))
            found: str = super().convert_correlation_search(rule, **options)
            return found

    newest = "max(_indextime) as last_indexed"
    _extend(SplunkWindowBackend, newest + " ", f'\n\n| where last_indexed>=relative_time(now(), "{begin}")')
    return SplunkWindowBackend


def _esql(backend: Any, window: IngestWindow) -> Any:
    unit = _LONG[window.unit]
    end = f"date_trunc(1 {unit}, now() - {SETTLE} minutes)"
    begin = f"{end} - {window.size[:-1]} {unit}s"

    class EsqlWindowBackend(backend):  # type: ignore[misc]
        def finalize_query_default(self, rule: Any, query: str, index: int, state: Any) -> str:
            first = f"event.ingested >= {begin}"
            if not isinstance(rule, SigmaRule):
                days = window.days(timedelta(seconds=rule.timespan.seconds))
                first = f"@timestamp >= date_trunc(1 day, now() - {days} days)"
            head, where, rest = super().finalize_query_default(rule, query, index, state).partition(" | where ")
            return f"{head}{where}{first} and event.ingested < {end}{where}{rest}"

    _extend(EsqlWindowBackend, "last_ingested=max(event.ingested), ", f"\n| where last_ingested >= {begin}")
    return EsqlWindowBackend


def _lucene(backend: Any, window: IngestWindow) -> Any:
    end = f"now-{SETTLE}m/{window.unit}"

    class LuceneWindowBackend(backend):  # type: ignore[misc]
        def finalize_query_default(self, rule: Any, query: str, index: int, state: Any) -> str:
            found = super().finalize_query_default(rule, query, index, state)
            return f"event.ingested:[{end}-{window.size} TO {end}}} AND ({found})"

    return LuceneWindowBackend


def _extend(backend: Any, newest: str, condition: str) -> None:
    """Let each kind of correlation say when the newest event of a group arrived, and ask for that in the end."""
    for name in dir(backend):
        templates = getattr(backend, name)
        if not isinstance(templates, dict) or "stats" not in templates:
            continue
        if name.endswith("_aggregation_expression"):
            setattr(backend, name, {"stats": templates["stats"].replace("| stats ", f"| stats {newest}")})
        elif name.endswith("_condition_expression"):
            setattr(backend, name, {"stats": templates["stats"] + condition})
