"""Tells a day of a source once it is compared, or should have been: an event, a metric, and a problem where it is not complete.

A day is told again when its figures change afterwards: a file may come again for days. Each telling and what is remembered
of it commit together, so that a kill neither loses nor repeats one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from hashlib import blake2b
from itertools import groupby

from agent import metrics
from agent.problem import Field
from agent.store import keys
from agent.store.completeness.day_books import DayBooks, by_source
from agent.store.completeness.feed_figures import FeedFigures, missing, share, total
from agent.store.problems import Problems
from agent.store.state import State
from agent.wording.phrase import listed

KIND, ACTION = "day-incomplete", "completeness"
LOOK_EVERY = timedelta(minutes=5)
"""Between two looks at the books: those of an org are some hundred values."""
NAMED = 10
"""Feeds that a sentence names."""


class DayReport:
    """Of one shard. For one thread at a time: whoever calls its tick."""

    def __init__(self, state: State, problems: Problems) -> None:
        self._state = state
        self._problems = problems
        self._books = DayBooks(state)
        self._looked: datetime | None = None

    def tick(self, now: datetime, org: str) -> None:
        """Tell what there is to tell. `org`: the organisation's id. Costs no write while there is nothing."""
        if self._looked is not None and self._looked <= now < self._looked + LOOK_EVERY:
            return
        self._looked = now
        self._books.forget(now)
        for (day, source), feed_days in groupby(sorted(self._books.days(), key=by_source), key=by_source):
            feeds = {feed_day.feed: self._books.figures(feed_day) for feed_day in feed_days}
            if all(figures.is_compared or figures.is_due(now) for figures in feeds.values()):
                self._tell(day, source, feeds, org)
        self._forget()

    def _tell(self, day: date, source: str, feeds: Mapping[str, FeedFigures], org: str) -> None:
        whole = total(feeds.values())
        metrics.COMPLETENESS.labels(source).set(share(whole.in_time + whole.late, whole.expected))
        key, digest = keys.COMPARED_TOLD.key(day.isoformat(), source), _digest(feeds)
        if self._state.data(key) == digest:
            return
        message, subject = _message(day, source, feeds), f"{source} {day.isoformat()}"
        with self._state.transact() as transaction:
            transaction.set(key, digest)
            self._problems.announce(ACTION, message, fields=_fields(day, source, feeds), org=org)
            if whole.never or missing(feeds):
                self._problems.report(KIND, subject, message, org=org, fields=_fields(day, source, feeds))
            else:
                self._problems.over(KIND, subject, message)

    def _forget(self) -> None:
        known = {(day, source) for day, _, source in self._books.days()}
        told = [keys.COMPARED_TOLD.rest(key).split("/", 1) for key in self._state.keys(keys.COMPARED_TOLD.prefix)]
        outdated = [(day, source) for day, source in told if (date.fromisoformat(day), source) not in known]
        if outdated:
            with self._state.transact() as transaction:
                for day, source in outdated:
                    transaction.delete(keys.COMPARED_TOLD.key(day, source))


def _message(day: date, source: str, feeds: Mapping[str, FeedFigures]) -> str:
    whole, unknown = total(feeds.values()), missing(feeds)
    in_time = share(whole.in_time, whole.expected)
    text = (
        f"{source}, {day.isoformat()}: {whole.in_time:,} of {whole.expected:,} rows came in time ({percent(in_time)}), "
        f"{whole.late:,} late, {whole.never:,} never"
    )
    if unknown:
        named = [f"{feed} ({why})" for feed, why in list(unknown.items())[:NAMED]]
        named += [f"{len(unknown) - NAMED} more"] if len(unknown) > NAMED else []
        text += f"; not compared: {listed(named, 'and')}"
    return text


def percent(part: float) -> str:
    """Never rounded up to a hundred."""
    return "100 %" if part >= 1 else f"{int(part * 10_000) / 100:.2f} %"


def _fields(day: date, source: str, feeds: Mapping[str, FeedFigures]) -> dict[str, Field]:
    whole = total(feeds.values())
    return {
        "event.provider": source,
        "leakline.completeness.day": day.isoformat(),
        "leakline.completeness.expected": whole.expected,
        "leakline.completeness.in_time": whole.in_time,
        "leakline.completeness.late": whole.late,
        "leakline.completeness.never": whole.never,
        "leakline.completeness.share": round(share(whole.in_time + whole.late, whole.expected), 6),
        "leakline.completeness.in_time_share": round(share(whole.in_time, whole.expected), 6),
        "leakline.completeness.feeds": len(feeds),
        "leakline.completeness.not_compared": len(missing(feeds)),
    }


def _digest(feeds: Mapping[str, FeedFigures]) -> bytes:
    parts = (feed.encode() + b"\0" + figures.encode() for feed, figures in sorted(feeds.items()))
    return blake2b(b"\n".join(parts), digest_size=16).digest()
