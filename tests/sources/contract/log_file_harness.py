"""The log-file source before the scripted org, over real HTTPS."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.assembly.sources import build_source
from agent.model import Batch
from agent.source import PolledSource, Recall
from agent.sources.event_log_file import csv_file
from agent.sources.event_log_file.source import EventLogFileSettings
from tests.scripted_org.scripted_org import csv_of
from tests.sources.contract.scripted_org_harness import GivenMemory, ScriptedOrgHarness
from tests.sources.event_log_file.log_files import hourly, rows
from tests.sources.reader import left_behind

MIDDLE = 500
"""Numbers of files count up from here, and down from here for those that sort before the ones given."""


class LogFileHarness(ScriptedOrgHarness):
    """`SourceHarness` of `EventLogFile`. An input is a log file of the org."""

    settings = EventLogFileSettings(parallel=1)  # so that what fails in between is not there already

    def __init__(self, request: pytest.FixtureRequest, piece: int = 200) -> None:
        """`piece`: bytes of a file that make a batch, and what is left of the row."""
        super().__init__(request)
        self._directory: Path = request.getfixturevalue("tmp_path")
        request.getfixturevalue("monkeypatch").setattr(csv_file, "CHUNK_BYTES", piece)
        self.begin_anew()

    def source(self, recall: Recall) -> PolledSource:
        self._sessions.append(self._make_session())
        source = build_source(
            self.settings,
            self._sessions[-1],
            GivenMemory("acme/event_log_file", recall),
            now=self._clock,
            downloads=self._directory,
        )
        assert isinstance(source, PolledSource)
        return source

    def begin_anew(self) -> None:
        self._org.begin_anew(self._clock)
        self._first, self._last = MIDDLE, MIDDLE
        self.interrupt()

    def give(self, *inputs: Sequence[str]) -> None:
        for labels in inputs:
            self._last += 1
            self._org.files.append(hourly(self._last, *labels))

    def give_tied(self, *inputs: Sequence[str]) -> None:
        """All files here are created in one second; those have smaller ids."""
        for labels in inputs:
            self._first -= 1
            self._org.files.append(hourly(self._first, *labels))

    def give_malformed(self, *labels: str) -> bytes:
        self.give(labels[:1])
        record = b'"Login","20260701090000.000","005000000000001","a","one too many"'
        rest = csv_of("Login", rows(*labels[1:])).split(b"\n", 1)[1]
        self._org.files[-1].body += record + b"\n" + rest
        return record

    def labels(self, batch: Batch) -> list[str]:
        return batch.frame["URI"].to_list()

    def fail(self) -> None:
        refusal = (503, b"<html>maintenance</html>")
        self._org.status = {"query": refusal, "listing": refusal, **{file.id: refusal for file in self._org.files}}

    def hang(self) -> threading.Event:
        self._org.stuck |= {"listing", "log_file"}
        return self._org.is_stuck

    def left_behind(self) -> list[str]:
        return left_behind(self._directory)
