"""Turns traffic into log files on disk, hour by hour and day by day, and writes down the truth about each row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from agent.simulator.log_files.drift import Drift
from agent.simulator.log_files.increments import hour_files
from agent.simulator.log_files.log_file import LogFile, MakingTimes
from agent.simulator.log_files.traffic import Traffic
from agent.simulator.log_files.truth import content_hash, write_truth
from agent.simulator.world.activity import busiest_hour
from agent.simulator.world.columns import Layout
from agent.simulator.world.random_columns import key_of
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.sessions import DAY, HOUR, day_of, midnight
from agent.simulator.world.simulator_settings import SimulatorSettings

BIG_EVENT_TYPE = "RestApi"
PIECE = 10_000
"""Rows of a big file made at a time."""

_MISSING_AT_FIRST = 0.03
"""Of a day's rows, the share that a daily file lacks before it is replaced."""


@dataclass(frozen=True, slots=True)
class _FileVersion:
    """Which record a file is a version of."""

    event_type: str
    interval: str
    log_date: int
    sequence: int
    version: int = 1

    @property
    def id(self) -> str:
        number = key_of(self.event_type, self.interval, self.log_date, self.sequence)
        return long_id(short_id("EventLogFile", number % 62**8))


class LogFileStore:
    """All files made so far. Not safe for threads: the org locks."""

    def __init__(self, settings: SimulatorSettings, traffic: Traffic, begin: int, truth: Path) -> None:
        self._settings = settings
        self._traffic = traffic
        self._drift = Drift(settings, traffic)
        self._times = MakingTimes(settings)
        self._begin = begin
        self._made_until = begin
        self._days_made: set[tuple[str, int, int]] = set()
        self._folder = settings.folder / "files"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._truth = truth
        self._truth.write_bytes(b"")
        self.files: list[LogFile] = []

    def make_until(self, now: int) -> None:
        """Make what is due: the files of every hour that is over, and the daily files whose time has come."""
        until = now - now % HOUR
        while self._made_until < until:
            end = min(until, midnight(day_of(self._made_until)) + DAY)
            for event_type in self._drift.event_types():
                self._make_hours(event_type, (self._made_until, end))
            self._made_until = end
        if self._settings.daily_files:
            self._make_days(now)

    def add_big_file(self, megabytes: int) -> None:
        """One further increment of an hour, as large as asked for; never held in memory as a whole."""
        hour = busiest_hour((self._begin, self._made_until))
        sequence = 1 + sum(
            file.log_date == hour and file.event_type == BIG_EVENT_TYPE and file.interval == "Hourly"
            for file in self.files
        )
        file_version = _FileVersion(BIG_EVENT_TYPE, "Hourly", hour, sequence)
        path, rows = self._path(file_version), 0
        with path.open("wb") as file:
            while file.tell() < megabytes * 1_000_000:
                frame = self._traffic.stretch(BIG_EVENT_TYPE, (hour, hour + HOUR), rows, PIECE)
                frame = self._hashed(BIG_EVENT_TYPE, self._drift.as_told(BIG_EVENT_TYPE, frame))
                names = self._drift.layout(BIG_EVENT_TYPE, hour).names
                file.write(frame.select(names).write_csv(quote_style="always", include_header=rows == 0).encode())
                self._tell(file_version, frame, rows)
                rows += len(frame)
        self._list(file_version, self._times.hourly(BIG_EVENT_TYPE, hour), rows)

    def _make_hours(self, event_type: str, window: tuple[int, int]) -> None:
        rows = self._drift.rows(event_type, window)
        if rows.is_empty():
            return
        rows = self._hashed(event_type, rows).with_columns(_hour=pl.col("_time") // HOUR * HOUR)
        for frame in rows.partition_by("_hour", maintain_order=True):
            self._make_hour(event_type, int(frame["_hour"][0]), frame)

    def _make_hour(self, event_type: str, hour: int, rows: pl.DataFrame) -> None:
        """The files of one hour (its first millisecond); `rows` as `Drift.rows` gives them, with `sha256`."""
        for sequence, created, frame in hour_files(self._times, event_type, hour, rows):
            self._write(_FileVersion(event_type, "Hourly", hour, sequence), created, frame)

    def _make_days(self, now: int) -> None:
        day = midnight(day_of(self._begin))
        while day + DAY <= now:
            for event_type in self._drift.event_types():
                times = self._times.daily(event_type, day)
                for version, created in enumerate(times, start=1):
                    if created <= now and (event_type, day, version) not in self._days_made:
                        self._days_made.add((event_type, day, version))
                        self._make_day(event_type, day, version, created, final=version == len(times))
            day += DAY

    def _make_day(self, event_type: str, day: int, version: int, created: int, *, final: bool) -> None:
        rows = self._drift.rows(event_type, (max(day, self._begin), day + DAY))
        if not final:
            rows = rows.filter(pl.col("_late") >= _MISSING_AT_FIRST)
        if not rows.is_empty():
            self._write(_FileVersion(event_type, "Daily", day, 0, version), created, self._hashed(event_type, rows))

    def _hashed(self, event_type: str, rows: pl.DataFrame) -> pl.DataFrame:
        """`rows` with the column `sha256` (`String`), over the cells that files of the type have."""
        return rows.with_columns(content_hash(rows, self._drift.layout(event_type).names))

    def _write(self, file_version: _FileVersion, created: int, rows: pl.DataFrame) -> None:
        """One file on disk, in the truth and in the list. `created`: ms; `rows`: cells as text, the hidden columns, `sha256`."""
        rows.select(self._layout(file_version).names).write_csv(self._path(file_version), quote_style="always")
        self._tell(file_version, rows, 0)
        self._list(file_version, created, len(rows))

    def _list(self, file_version: _FileVersion, created: int, rows: int) -> None:
        path = self._path(file_version)
        self.files.append(
            LogFile(
                file_version.id, file_version.event_type, file_version.interval, file_version.log_date, file_version.sequence, created,
                self._times.visible(file_version.id, created), file_version.version, path, path.stat().st_size, rows,
                self._layout(file_version),
            )
        )  # fmt: skip

    def _layout(self, file_version: _FileVersion) -> Layout:
        return self._drift.layout(
            file_version.event_type, file_version.log_date if file_version.interval == "Hourly" else None
        )

    def _path(self, file_version: _FileVersion) -> Path:
        return self._folder / f"{file_version.id}.{file_version.version}.csv"

    def _tell(self, file_version: _FileVersion, rows: pl.DataFrame, before: int) -> None:
        """Write down which events stand in a file's rows; `before` rows of it were told already."""
        log_date = datetime.fromtimestamp(file_version.log_date / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        write_truth(
            self._truth,
            rows.select(
                pl.col("_id").alias("id"),
                pl.lit(file_version.event_type).alias("event_type"),
                pl.lit(file_version.id).alias("file"),
                pl.lit(file_version.version, dtype=pl.Int64).alias("version"),
                pl.lit(file_version.interval).alias("interval"),
                pl.lit(log_date).alias("log_date"),
                pl.lit(file_version.sequence, dtype=pl.Int64).alias("sequence"),
                (pl.int_range(pl.len(), dtype=pl.Int64) + 1 + before).alias("row"),
                pl.col("_scenario").alias("scenario"),
                "sha256",
                (pl.int_range(pl.len(), dtype=pl.Int64).over("sha256") + 1).alias("occurrence"),
                pl.col("REQUEST_ID").alias("request_id"),
                pl.col("TIMESTAMP_DERIVED").alias("timestamp_derived"),
            ),
        )
