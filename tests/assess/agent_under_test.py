"""The real mapping, enrichment and detection, set up as an administrator of the simulated org would set them up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from agent.assembly.batch_processing import build_processing
from agent.config.settings import Settings, parse
from agent.demo.enrichment import enrichment
from agent.model import OWN_EVENT_TYPE, Batch
from agent.normalize.row_identity import Occurrences, identify
from agent.simulator.org.user_record import user_record
from agent.simulator.world.record_id import long_id
from agent.simulator.world.staff import Staff
from agent.sources.event_log_file.csv_file import read_log_file
from tests.assess.log_file_texts import LogFileText
from tests.assess.object_batches import ObjectBatch

TICK = 3_600_000
"""Milliseconds of the org's time between two empty batches, which let detection say what only time can tell."""


Memory = Mapping[str, bytes]
"""Keys and bytes of what detection remembers."""


class Agent:
    """Takes files, gives alerts. What it remembers are the bytes that a state directory would hold.

    `memory`: what another has remembered; it is copied.
    """

    def __init__(
        self,
        org: str,
        staff: Staff,
        folder: Path,
        today: date,
        rules: Sequence[Path] = (),
        memory: Memory | None = None,
    ) -> None:
        self._org = org
        self._directory = _Directory(staff)
        self._settings = _settings(folder, enrichment(folder, staff, today), rules)
        self.memory: dict[str, bytes] = dict(memory or {})
        self._ticked = 0
        self.rows = 0
        self.restart()

    def restart(self) -> None:
        """Nothing but the remembered bytes is carried over."""
        self._processing = build_processing(self._settings)
        self._steps = self._processing.steps(self._directory, self.memory.get)  # type: ignore[arg-type]
        if self._processing.problems:
            raise ValueError("\n".join(map(str, self._processing.problems)))

    @property
    def rules(self) -> Any:
        return self._processing.rules

    def take(self, file: LogFileText) -> tuple[pl.DataFrame, pl.DataFrame]:
        """A file's alerts, and its events of planted leaks (`event.id`, `scenario`, `time`)."""
        alerts, planted, occurrences, done = [self.tick(file.created)], [], Occurrences(), 0
        for piece in read_log_file(BytesIO(file.content), name=file.event_type):
            if piece.bad:
                raise ValueError(f"{file.event_type}: {piece.bad[0].reason}")
            ids, _ = occurrences.number(identify(piece.frame, self._org, file.event_type))
            frame = piece.frame.with_columns(ids.alias("event.id"))
            batch = Batch(self._org, "event_log_file", file.event_type, frame)
            prepared, found = self._through(batch, file.created)
            alerts.append(found)
            labels = file.scenarios[done : done + frame.height].alias("scenario")
            done += frame.height
            events = prepared.select("event.id", labels, pl.col("@timestamp").alias("time"))
            planted.append(events.filter(pl.col("scenario").is_not_null()))
        return pl.concat(alerts, how="diagonal_relaxed"), pl.concat(planted)

    def take_object(self, read: ObjectBatch) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The same of rows of an object."""
        ticked = self.tick(read.created)
        batch = Batch(self._org, read.service, read.object, read.frame)
        prepared, found = self._through(batch, read.created)
        events = prepared.select("event.id", read.scenarios.alias("scenario"), pl.col("@timestamp").alias("time"))
        return pl.concat([ticked, found], how="diagonal_relaxed"), events.filter(pl.col("scenario").is_not_null())

    def tick(self, moment: int) -> pl.DataFrame:
        """What has to be said by this time without a further event."""
        if moment - self._ticked < TICK:
            return pl.DataFrame()
        self._ticked = moment
        return self._through(Batch("", "agent", OWN_EVENT_TYPE, pl.DataFrame()), moment)[1]

    def _through(self, batch: Batch, moment: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        now = datetime.fromtimestamp(moment / 1000, UTC)
        steps = self._steps
        prepared = steps.prepare(batch)
        detection = steps.detect(batch, prepared, steps.match(batch, prepared), now)
        for key, value in detection.remember.items():
            if value is None:
                self.memory.pop(key, None)
            else:
                self.memory[key] = bytes(value)
        detection.commit()
        self.rows += batch.frame.height
        return prepared, detection.alerts


class _Directory:
    """The org's users and apps, looked up as `agent.sources.salesforce.directory` looks them up."""

    def __init__(self, staff: Staff) -> None:
        self._users = {long_id(user.id): user_record(user, "") for user in staff.users}
        self._apps = {app.id: app.name for app in staff.applications.values()}

    def users(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        known = {ident: self._users.get(ident) or self._users.get(long_id(ident[:15])) for ident in ids}
        return {ident: record for ident, record in known.items() if record is not None}

    def applications(self, ids: Sequence[str]) -> Mapping[str, str]:
        return {ident: self._apps[ident[:15]] for ident in ids if ident[:15] in self._apps}


def _settings(folder: Path, enrich: dict[str, Any], rules: Sequence[Path]) -> Settings:
    auth = {"type": "client_credentials", "client_id": "none", "client_secret": {"env": "NONE"}}
    return parse(
        {
            "orgs": [{"name": "assess", "url": "https://assess.my.salesforce.com", "auth": auth}],
            "destinations": [{"type": "file", "directory": str(folder / "out")}],
            "rules": {"shipped": not rules, "folders": list(map(str, rules))},
            "enrich": enrich,
            "state": {"directory": str(folder / "state")},
        }
    )
