"""The alerts for what rules match in a batch, repeats folded into those that are open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import polars as pl

from agent.columns.picked_rows import picked
from agent.columns.timestamp import TIME
from agent.detection.alert import alert
from agent.detection.alert.actor import actors, fold_by
from agent.detection.alert.fold import AlertFold, OpenAlert
from agent.detection.sigma.rule import Rule

ABOUT = ("organization.id", "user.id", "user.name", "user.full_name", "source.ip", "leakline.problem.kind")
"""What is kept of whom or what an alert is about for a count that comes later."""


class MatchedEvents:
    """The rows of a batch that rules match, shaped once, however many rules match them."""

    def __init__(
        self,
        found: Sequence[tuple[Rule, pl.Series]],
        prepared: pl.DataFrame,
        shape: Callable[[pl.DataFrame], pl.DataFrame],
        now: datetime,
    ) -> None:
        """`found`: at least one rule, each with the numbers of its rows (UInt32, ascending); `shape`: prepared rows to shaped ones, row for row."""
        self._hits = {rule.id: rows.to_list() for rule, rows in found}
        rows = sorted(set[int]().union(*self._hits.values()))
        self._places = {row: place for place, row in enumerate(rows)}
        """Number of a row to its place among those matched, here called its place."""
        self._matched = picked(prepared, pl.Series(rows, dtype=pl.UInt32))
        self._evidence = shape(self._matched)
        self._ids: list[str] = self._evidence["event.id"].to_list()
        self._times = _times(self._matched, now)
        self._now = now
        self._actors: dict[tuple[str, ...], list[str]] = {}

    def alerts(self, rule: Rule, folding: AlertFold) -> pl.DataFrame | None:
        """Shaped; None if all that the rule matches is folded into its open alerts (`folding`, which learns of these)."""
        rows = list(self._rows(rule, folding))
        if not rows:
            return None
        firsts = picked(self._evidence, pl.Series([place for place, _ in rows], dtype=pl.UInt32))
        return alert.frame(rule, firsts, [row for _, row in rows], self._now)

    def _rows(self, rule: Rule, folding: AlertFold) -> Iterator[tuple[int, dict[str, object]]]:
        """Of each alert the place of its first match, and what it says of the matches that it stands for."""
        for actor, places in self._by_actor(rule).items():
            times = [self._times[place] for place in places]
            for raised in folding.take(actor, times):
                first, last = raised.first, raised.end - 1  # matches of the actor from `first` up to, without, `end`
                place = places[first]
                identity = alert.alert_id(rule, self._ids[place])
                opened = OpenAlert(identity, times[first], self._now, times[last], about=self._about(place))
                folding.open(actor, opened)
                yield (
                    place,
                    {
                        "id": identity,
                        "start": times[first],
                        "end": times[last],
                        "count": raised.end - first,
                        "folded": raised.folded,
                        "event_ids": [self._ids[place] for place in places[first : min(raised.end, first + alert.IDS)]],
                        "actor": actor,
                    },
                )

    def _by_actor(self, rule: Rule) -> Mapping[str, Sequence[int]]:
        """The rule's matches in the order of their times, by place; the actor of the first one first."""
        names = fold_by(rule.custom)
        if names not in self._actors:
            self._actors[names] = actors(self._matched, names).to_list()
        places = sorted((self._places[row] for row in self._hits[rule.id]), key=self._times.__getitem__)
        found: dict[str, list[int]] = {}
        for place in places:
            found.setdefault(self._actors[names][place], []).append(place)
        return found

    def _about(self, place: int) -> dict[str, str]:
        """Of those of `ABOUT` that the row has: whom it is about."""
        names = [name for name in ABOUT if name in self._evidence.columns]
        return {name: str(value) for name in names if (value := self._evidence[name][place]) is not None}


def late_counts(rule: Rule, folding: AlertFold, now: datetime) -> pl.DataFrame | None:
    """Alerts that tell only how much was folded into open ones whose window is over; None if there is nothing to tell."""
    rows = [_late_row(rule, actor, window) for actor, window in folding.due(now)]
    return alert.late_count(rule, rows, now) if rows else None


def _late_row(rule: Rule, actor: str, window: OpenAlert) -> dict[str, object]:
    return {
        "id": alert.alert_id(rule, f"{window.alert}\n{window.folded}\n{window.last.isoformat()}"),
        "start": window.start,
        "end": window.last,
        "folded": window.folded,
        "actor": actor,
        "about": {**window.about, "leakline.alert.id": window.alert},
    }


def _times(matched: pl.DataFrame, now: datetime) -> list[datetime]:
    """Event time of each row, to the millisecond; of a row without one, now: nothing better is there to fold it by."""
    if "@timestamp" not in matched.columns:
        return pl.Series([now], dtype=TIME).to_list() * matched.height
    times = matched["@timestamp"].cast(TIME)
    return (times.fill_null(now) if times.null_count() else times).to_list()
