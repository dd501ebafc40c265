"""What becomes of the alerts of an assessment: the incidents that the real responder makes of them, in one shard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl

from agent.notice.incidents.incident import Incident
from agent.notice.incidents.triage import is_duplicate
from agent.notice.settings import NoticeSettings
from tests.notice.incidents.answering import SETTINGS, Answering

JUDGED_DAYS = 7
"""At the end of each of which a person ends what is open, in a second play."""


@dataclass(frozen=True, slots=True)
class LeakIncidents:
    """What one planted leak came to."""

    alerts: int
    incidents: Sequence[Incident]
    """Those that have its alerts, the one with most of them first."""
    shares: Sequence[int]
    """How many of its alerts each of them has."""


@dataclass(frozen=True, slots=True)
class IncidentSummary:
    """Of the innocent days, and of each leak."""

    days: int
    alerts: int
    incidents: int
    candidates: int
    clocks: int
    """Incidents with clocks."""
    duplicates: int
    largest: int
    """Alerts of the largest."""
    longest: timedelta
    """Between the first and the last event of the one that lasted longest."""
    scores: Sequence[int]
    leaks: dict[str, LeakIncidents]


class IncidentTally:
    """Fed with the alerts of one file after another. `judged`: days from the first on, at the end of each of which a person
    ends everything that is open as not a breach.
    """

    def __init__(self, first: date, until: date, judged: int = 0, settings: NoticeSettings = SETTINGS) -> None:
        self._first, self._until = first, until
        self._judged_until = first + timedelta(days=judged)
        self.answering = Answering(settings)
        self._book = self.answering.book
        self._scenario_of: dict[str, str] = {}
        self._of_leak: dict[str, Counter[str]] = {}
        self._alerts: Counter[str] = Counter()
        self._day = first

    def take(self, alerts: pl.DataFrame, planted: pl.DataFrame) -> None:
        """Parameters: see `Tally.take`."""
        self._scenario_of.update(planted.select("event.id", "scenario").iter_rows())
        if alerts.is_empty():
            return
        now: datetime = alerts["@timestamp"].max()  # type: ignore[assignment]
        self._judge(now)
        response = self.answering.take(alerts, now)
        for row in response.alerts.iter_rows(named=True):
            if row["event.action"] == "alert-raised":
                self._count(row["leakline.incident.id"], row["leakline.alert.event_ids"] or ())

    def summary(self) -> IncidentSummary:
        incidents = self.answering.incidents()
        of_leaks = {number for counts in self._of_leak.values() for number in counts}
        innocent = [
            incident
            for incident in incidents
            if incident.id not in of_leaks and self._first <= incident.first_event.date() < self._until
        ]
        return IncidentSummary(
            days=(self._until - self._first).days,
            alerts=sum(self._alerts[incident.id] for incident in innocent),
            incidents=len(innocent),
            candidates=sum(not incident.has_clocks for incident in innocent),
            clocks=sum(incident.has_clocks for incident in innocent),
            duplicates=sum(map(is_duplicate, innocent)),
            largest=max((incident.alerts for incident in innocent), default=0),
            longest=max((incident.last_event - incident.first_event for incident in innocent), default=timedelta()),
            scores=sorted(incident.score.value for incident in innocent),
            leaks={name: self._leak(counts) for name, counts in sorted(self._of_leak.items())},
        )

    def _count(self, incident: str, events: Sequence[str]) -> None:
        scenarios = {self._scenario_of[event] for event in events if event in self._scenario_of}
        for scenario in scenarios:
            self._of_leak.setdefault(scenario, Counter())[incident] += 1
        self._alerts[incident] += 1

    def _leak(self, counts: Counter[str]) -> LeakIncidents:
        found = [(self._book.incident(number), share) for number, share in counts.most_common()]
        return LeakIncidents(
            counts.total(), [known for known, _ in found if known], [share for known, share in found if known]
        )

    def _judge(self, now: datetime) -> None:
        while self._day < min(now.date(), self._judged_until):
            self._day += timedelta(days=1)
            at = datetime(self._day.year, self._day.month, self._day.day, tzinfo=UTC)
            for number in self._book.open_ids():
                if (incident := self._book.incident(number)) is not None:
                    self.answering.end(incident, at)
