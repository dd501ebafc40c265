"""The step `respond` of a shard: no alert is stored without its incident, and no incident without its alert.

It is decided under the commit lock, after the batch was detected, and stored in the batch's transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from agent import metrics
from agent.batch_steps import DetectionResult, ResponseRecord, ResponseResult
from agent.model import Batch
from agent.notice.incidents import incident_event
from agent.notice.incidents.book import IncidentBook
from agent.notice.incidents.grouping import Grouping
from agent.notice.incidents.growth import Thresholds, joined, opened
from agent.notice.incidents.incident import MOST_ALERT_IDS, Incident, State
from agent.notice.incidents.incident_alert import INCIDENT, IncidentAlert, incident_alerts
from agent.notice.incidents.incident_event import CLOSED, GREW, OPENED, RAISED
from agent.notice.incidents.triage import Triage, is_duplicate
from agent.notice.settings import NoticeSettings

HEAD = "leakline.trail.head"
"""The column, besides `INCIDENT`, that alerts get: how far the trail was when they were raised."""

OVER: frozenset[State] = frozenset({"contained", "notified"})
"""People took it that nothing more comes: every further alert is news."""

FIRST_NEWS = 4
"""Alerts with which an incident is news again; after that whenever they have doubled."""


class IncidentResponder:
    """`RespondStep` of one shard."""

    def __init__(
        self, book: IncidentBook, settings: NoticeSettings | None, head: Callable[[], str] = lambda: ""
    ) -> None:
        """`head`: the short head of the trail's newest checkpoint."""
        self._book = book
        given = settings or NoticeSettings()
        self._within = given.group_within
        self._thresholds = Thresholds.of(settings)
        self._triage = Triage(book, self._thresholds, given.close_candidates_after)
        self._head = head

    def __call__(self, _batch: Batch, detection: DetectionResult, now: datetime, /) -> ResponseResult:
        alerts = detection.alerts
        grouping = Grouping(self._book, self._within)
        grouping.change.outdated = self._book.outdated_places(now.date())
        ids: list[str] = [""] * alerts.height
        touched: dict[str, list[IncidentAlert]] = {}
        for alert in incident_alerts(alerts):
            before, incident = self._respond(grouping, alert, now)
            grouping.place(alert, incident)
            ids[alert.row] = incident.id
            if before is None or before.revision != incident.revision:
                touched.setdefault(incident.id, []).append(alert)
        for number in touched:
            grouping.settle(self._triage(grouping.change.incidents[number][1], now))
        news = [
            (action, after) for before, after in grouping.change.incidents.values() if (action := _news(before, after))
        ]
        columns = {INCIDENT: pl.Series(ids, dtype=pl.String)}
        if head := self._head():
            columns[HEAD] = pl.Series([head]).new_from_index(0, alerts.height)
        return IncidentResponse(
            self._book,
            grouping,
            alerts.with_columns(**columns),
            incident_event.frame(news, now),
            [_record(*grouping.change.incidents[number], of) for number, of in touched.items()],
        )

    def _respond(self, grouping: Grouping, alert: IncidentAlert, now: datetime) -> tuple[Incident | None, Incident]:
        """The alert's incident before and with it; the same for an alert that it has already."""
        before, related = grouping.found(alert, serious=self._thresholds.reaches(alert.level, alert.origin))
        if before is not None and alert.cells.get(INCIDENT) == before.id:
            # About an event of this incident: it is no evidence of a leak, and who acknowledged it is nobody it is about.
            after = replace(before, revisions=before.revisions + 1, revision=before.revision + 1)
            grouping.put(before, after)
            return before, after
        if before is None:
            after = opened(alert, now, self._thresholds, related)
            # The same alert may have opened an incident that has ended since: that one grows then, and stays as it is.
            before = grouping.readable(after.id)
            after = joined(before, alert, now, self._thresholds) if before else after
        else:
            after = joined(before, alert, now, self._thresholds)
        if before is None or before.revision != after.revision:
            earlier = before is not None and after.detected_at < before.detected_at
            begins = before is None or (after.has_clocks and not before.has_clocks)
            # A candidate has no clock, and is looked at too: it is closed in the end.
            grouping.put(before, after, reckon=begins or earlier)
        return before, after


@dataclass(slots=True)
class IncidentResponse:
    """What a batch's alerts lead to."""

    _book: IncidentBook
    _grouping: Grouping
    alerts: pl.DataFrame
    events: pl.DataFrame
    records: list[ResponseRecord]
    _undo: list[Callable[[], None]] = field(default_factory=list)

    @property
    def remember(self) -> dict[str, bytes | None]:
        change = self._grouping.change
        opened = [number for number, (before, _) in change.incidents.items() if before is None]
        return self._book.set_aside(opened) | change.remember()

    def advance(self) -> None:
        self._undo.append(self._book.advance(self._grouping.change))

    def commit(self) -> None:
        self._book.settle()
        # Drills are planted: metrics count what happened.
        changed = [change for change in self._grouping.change.incidents.values() if change[1].origin != "drill"]
        if closed := sum(_news(*change) == CLOSED for change in changed):
            metrics.INCIDENTS_DUPLICATE.inc(closed)
        self._undo.clear()
        for before, after in changed:
            if before is None:
                metrics.INCIDENTS_OPENED.labels(after.state).inc()

    def take_back(self) -> None:
        while self._undo:
            self._undo.pop()()


def _news(before: Incident | None, after: Incident) -> str:
    """What the SIEM is told of a change; empty for nothing: each alert names its incident anyway."""
    if is_duplicate(after) and (before is None or before.is_open):
        return CLOSED
    if before is None:
        return OPENED
    if before.level != after.level or before.state != after.state:
        return RAISED
    if before.state in OVER and after.alerts > before.alerts:
        return GREW
    told = FIRST_NEWS
    while told <= before.alerts:
        told *= 2
    return GREW if after.alerts >= told else ""


def _record(before: Incident | None, after: Incident, alerts: list[IncidentAlert]) -> ResponseRecord:
    data = {
        "state": after.state,
        "level": after.level,
        "origin": after.origin,
        "alerts": after.alerts,
        "revisions": after.revisions,
        "rules": sorted({alert.rule for alert in alerts})[:MOST_ALERT_IDS],
        "added": [alert.id for alert in alerts][:MOST_ALERT_IDS],
        "detected": after.detected_at.isoformat(),
        "clocks": after.has_clocks,
        "score": after.score.value,
    }
    personal = {"title": after.title, "actor": after.actor}
    if before is None or before.state != after.state:
        personal["reason"] = after.decisions[-1].reason
    action = _news(before, after)
    return ResponseRecord(action or GREW, after.id, data, personal)
