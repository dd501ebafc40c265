"""Compares what arrived of all sources with the org's three truth files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from agent.demo.verdict import judge
from agent.normalize.mapping.load import load_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped
from agent.simulator.log_files.truth import events as logical_events
from agent.simulator.log_files.truth import read_truth
from agent.sources.real_time.catalogue import SERVICE
from tests.end_to_end.broken_stream.stream_judge import expected_events
from tests.end_to_end.week.arrivals import LOG_FILE, Arrivals
from tests.end_to_end.week.record_judge import RecordJudge
from tests.end_to_end.week.simulated_week import SimulatedWeek


@dataclass(frozen=True, slots=True)
class WeekVerdict:
    """Over all sources."""

    lost: list[str]
    doubled: list[str]
    sent_again: int
    """Lines that the destination was sent a second time after a kill, with the same `event.id` and content."""
    services: Counter[str]
    """Events of each source."""
    differences: Counter[str]
    """Of snapshots, by what happened."""
    ties: int
    """The most rows of the audit trail with one time."""


class WeekJudge:
    """Of a week. `look` belongs behind each passing of hours, `lost` wherever one waits."""

    def __init__(self, week: SimulatedWeek) -> None:
        self._week = week
        self._org = week.org
        self.arrivals = Arrivals(week.folder)
        self._records = RecordJudge(week.org)
        self._streamed: dict[str, tuple[str, int]] = {}
        self._truth_read = -1
        """Bytes of the stream's truth."""
        self._files: Counter[str] = Counter()
        self._since = round(week.org.now().timestamp() * 1000)

    def look(self, hidden: set[str]) -> None:
        """Take in what the org has now."""
        self._records.look(hidden)
        self._files = Counter(dict(self._log_rows().group_by("event_type").len().iter_rows()))

    def lost(self) -> list[str]:
        """What has not arrived of what the org has."""
        self.arrivals.look()
        events = self.arrivals.events
        size = self._org.stream_truth.path.stat().st_size
        if size != self._truth_read:
            self._streamed = expected_events(self._org.id, self._org.stream_truth.path)
            self._truth_read = size
        streamed = [f"{event} {time}" for ident, (event, time) in self._streamed.items() if ident not in events]
        arrived = Counter(event.provider for event in events.values() if event.service == LOG_FILE)
        files = [f"{count} rows of {kind}" for kind, count in (self._files - arrived).items()]
        return [*streamed, *files, *self._records.lost(events)]

    def verdict(self, folder: Path) -> WeekVerdict:
        """`folder`: for a file with what arrived of log files."""
        self._records.look_at_all_logs()
        lost = self.lost()
        events, arrivals = self.arrivals.events, self.arrivals
        streamed = [
            ident for ident, event in events.items() if event.service == SERVICE and ident not in self._streamed
        ]
        written = folder / "log_files.ndjson"
        written.write_bytes(b"\n".join(arrivals.raw_lines(LOG_FILE)) + b"\n")
        mappings, _ = load_mappings([shipped("mappings")])
        files = judge(self._visible_truth(folder), [written], [], Normalizer(mappings))
        if files.lost:
            lost.append(f"{files.lost} rows of log files")
        doubled = [*arrivals.taken_twice, *streamed, *self._records.surplus(events)]
        if files.doubled or files.altered:
            doubled.append(f"{files.doubled} rows of log files twice, {files.altered} altered")
        return WeekVerdict(
            lost,
            doubled,
            arrivals.sent_again,
            Counter(event.service for event in events.values()),
            Counter(event.difference for event in events.values() if event.difference),
            max(Counter(event.time for event in events.values() if event.provider == "SetupAuditTrail").values()),
        )

    def _log_rows(self) -> pl.DataFrame:
        """The rows of all files that were there to be read, each once."""
        return logical_events(read_truth(self._org.truth, self._wanted_files()))

    def _visible_truth(self, folder: Path) -> Path:
        path = folder / "truth_of_files.ndjson"
        read_truth(self._org.truth, self._wanted_files()).write_ndjson(path)
        return path

    def _wanted_files(self) -> list[tuple[str, int]]:
        """Ids and versions. The file of a day that had begun when the agent came has nothing to be compared with: it is not
        read, and what it brings sooner comes with late increments.
        """
        return [
            (file.id, file.version)
            for file in self._org.log_files()
            if file.interval == "Hourly" or file.log_date >= self._since
        ]
