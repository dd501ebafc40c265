"""The table of what log files and real-time events both tell of."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from agent.errors import MappingError
from agent.normalize.mapping.happenings import log_file_twins, read_twins, twins_of_event, twins_of_log_file
from agent.sources.real_time.catalogue import catalogue
from tests.normalize.batches import NORMALIZER


def test_every_name_is_known() -> None:
    """Each entry is a real-time event of the catalogue, and each log file a type with a mapping."""
    assert {twin.event for twin in log_file_twins()} <= catalogue().keys()
    mapped = {name for service, name in NORMALIZER.mappings.by_type if service == "event_log_file"}
    assert {twin.event_type.lower() for twin in log_file_twins()} <= mapped


def test_every_column_exists() -> None:
    """A condition asks for a column of the log file, or for a field that its mapping computes."""
    for twin in log_file_twins():
        mapping = NORMALIZER.mappings.get("event_log_file", twin.event_type)
        known = mapping.header | {derived.field for derived in mapping.derived}
        assert {name for name, _ in twin.rows.cases} <= known, twin.event_type


def test_rows_of_a_kind() -> None:
    """Of REST calls only the queries are of the kind of ApiEvent, and results of jobs are of another."""
    columns = {"leakline.resource": pl.Series(["query", "sobjects/Account", "jobs/query/7/results"])}
    held = {twin.event: twin.rows.holds(columns.get, 3).to_list() for twin in twins_of_log_file("restapi")}
    assert held == {"ApiEvent": [True, False, False], "BulkApiResultEvent": [False, False, True]}


def test_types_of_an_event() -> None:
    """An event can have several types of log files of its kind; one without any has none."""
    assert [twin.event_type for twin in twins_of_event("ReportEvent")] == ["Report", "AsyncReportRun", "ReportExport"]
    assert twins_of_event("LockoutEvent") == () == twins_of_log_file("Dashboard")


def test_a_mistake_has_its_line(tmp_path: Path) -> None:
    """What is not a table of happenings is refused at its line."""
    path = tmp_path / "happenings.yaml"
    path.write_text("LoginEvent:\n  why: both\n  apart: none\n  log_files:\n    Login: {when: {A: b}}\n")
    with pytest.raises(MappingError, match="when") as refused:
        read_twins(path)
    assert refused.value.line == 5
