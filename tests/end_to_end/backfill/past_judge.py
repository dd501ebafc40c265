"""Compares what arrived of an org's past and present with its three truth files."""

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
from tests.end_to_end.backfill.past_pair import PastPair
from tests.end_to_end.broken_stream.stream_judge import expected_events
from tests.end_to_end.week.arrivals import LOG_FILE, Arrivals
from tests.end_to_end.week.record_judge import ROWS, RecordJudge, arrived_logs
from tests.end_to_end.week.simulated_week import INVOICE


@dataclass(frozen=True, slots=True)
class PastVerdict:
    """Over all sources."""

    lost: list[str]
    doubled: list[str]
    sent_again: int
    """Lines that the destination was sent a second time after a kill, with the same `event.id` and content."""
    services: Counter[str]


class PastJudge:
    """Of a pair whose org stands still when it looks."""

    def __init__(self, pair: PastPair) -> None:
        self._org = pair.org
        self._pair = pair
        self.arrivals = Arrivals(pair.folder)
        self._records = RecordJudge(pair.org)
        self._streamed: dict[str, tuple[str, int]] = {}
        self._files: Counter[str] = Counter()
        self._versions: set[str] = set()
        """`event.id`s of records at any look: of one that changed before it was read, only the last can be."""

    def look_at_records(self) -> None:
        """Take in which versions of records the org has now."""
        self._records.rows.clear()
        self._records.look()
        self._versions |= self._records.rows.keys()

    def look(self) -> None:
        """Take in what the org has now."""
        self._pair.store_all()
        self.look_at_records()
        self._records.look_at_all_logs()
        self._streamed = expected_events(self._org.id, self._org.stream_truth.path)
        self._files = Counter(dict(self._log_rows().group_by("event_type").len().iter_rows()))

    def lost(self) -> list[str]:
        """What has not arrived of what the org had at the last look."""
        self.arrivals.look()
        events = self.arrivals.events
        streamed = [f"{event} {time}" for ident, (event, time) in self._streamed.items() if ident not in events]
        arrived = Counter(event.provider for event in events.values() if event.service == LOG_FILE)
        files = [f"{count} rows of {kind}" for kind, count in (self._files - arrived).items()]
        rows = [f"{name} {key}" for ident, (name, key) in self._records.rows.items() if ident not in events]
        logged = self._records.logged - arrived_logs(events.values())
        return [*streamed, *files, *rows, *map(str, logged.elements())]

    def verdict(self, folder: Path) -> PastVerdict:
        """`folder`: for files with what arrived, and should have, of log files."""
        self.look()
        lost = self.lost()
        events = self.arrivals.events
        named = {INVOICE, *ROWS}
        doubled = [*self.arrivals.taken_twice]
        doubled += [
            f"{e.provider} {e.record}" for i, e in events.items() if e.provider in named and i not in self._versions
        ]
        doubled += [i for i, e in events.items() if e.service == SERVICE and i not in self._streamed]
        doubled += map(str, (arrived_logs(events.values()) - self._records.logged).elements())
        written, truth = folder / "log_files.ndjson", folder / "truth_of_files.ndjson"
        written.write_bytes(b"\n".join(self.arrivals.raw_lines(LOG_FILE)) + b"\n")
        read_truth(self._org.truth, self._wanted_files()).write_ndjson(truth)
        mappings, _ = load_mappings([shipped("mappings")])
        files = judge(truth, [written], [], Normalizer(mappings))
        if files.lost:
            lost.append(f"{files.lost} rows of log files")
        if files.doubled or files.altered:
            doubled.append(f"{files.doubled} rows of log files twice, {files.altered} altered")
        services = Counter(event.service for event in events.values())
        return PastVerdict(lost, doubled, self.arrivals.sent_again, services)

    def _log_rows(self) -> pl.DataFrame:
        return logical_events(read_truth(self._org.truth, self._wanted_files()))

    def _wanted_files(self) -> list[tuple[str, int]]:
        """Ids and versions of the files that can be read now."""
        return [(file.id, file.version) for file in self._org.log_files()]
