"""One set of data, and an enricher for each org over it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from agent.enrichment.address_database import write_mmdb
from agent.enrichment.enricher import Enricher
from agent.enrichment.enrichment_data import EnrichmentData
from agent.enrichment.leaver import LeaverColumns, Leavers
from agent.enrichment.lists import leaver_file
from agent.enrichment.lists.list_file import ListFiles
from agent.enrichment.settings import EnrichSettings
from tests.enrichment.geo_network import GeoNetwork

ORGS = ("acme", "globex")
BATCHES, ROWS = 12, 120


@pytest.fixture
def settings(tmp_path: Path) -> EnrichSettings:
    write_mmdb(
        tmp_path / "a.mmdb", [GeoNetwork("22.40.0.0/16"), GeoNetwork("29.31.0.0/16", "RO", "Romania", asn=64511)]
    )
    (tmp_path / "hosting.txt").write_text("AS64511\n22.40.1.0/24\n")
    (tmp_path / "leavers.csv").write_text(
        "username,last_day\nu7@acme.example,2026-06-30\nu9@globex.example,2026-06-30\n"
    )
    (tmp_path / "own.csv").write_text("value,kind,source,added\n29.31.0.64/26,network,us,2026-01-01\n")
    return EnrichSettings.model_validate(
        {
            "databases": [str(tmp_path / "a.mmdb")],
            "anonymizer_lists": [str(tmp_path / "hosting.txt")],
            "corporate_networks": ["22.40.2.0/24"],
            "expected_networks": {"u1@*": ["22.40.2.0/24"]},
            "approved_apps": ["App 3", "App 5 = 0H4000000000005"],
            "leavers": str(tmp_path / "leavers.csv"),
            "indicators": [str(tmp_path / "own.csv")],
            "time_zone": "America/Chicago",
        }
    )


def batch(org: str, number: int) -> pl.DataFrame:
    """`ROWS` rows of one org, of which some values come again in other batches and in the other org."""
    rows = range(number * 50, number * 50 + ROWS)
    return pl.DataFrame(
        {
            "source.ip": [f"{'22.40' if row % 2 else '29.31'}.{row % 5}.{row % 200}" for row in rows],
            "user.id": [f"005{row % 40:012}AAA" for row in rows],
            "CONNECTED_APP_ID": [f"0H4{row % 9:012}" for row in rows],
            "user_agent.original": [f"{org}-tool/{row % 30}" if row % 3 else "curl/8.1" for row in rows],
            "@timestamp": [datetime(2026, 7, 1 + row % 9, row % 24, tzinfo=UTC) for row in rows],
        },
        schema_overrides={"@timestamp": pl.Datetime("ms", "UTC")},
    )


def enricher(data: EnrichmentData, org: str) -> Enricher:
    def users(ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        return {user_id: {"Username": f"u{int(user_id[3:15])}@{org}.example"} for user_id in ids}

    def applications(ids: Sequence[str]) -> Mapping[str, str]:
        return {app_id: f"App {int(app_id[3:])}" for app_id in ids}

    return Enricher(data, users=users, applications=applications)


def test_orgs_at_once_have_what_they_have_one_after_the_other(settings: EnrichSettings) -> None:
    """From threads of their own, over data that is read once, each org's batches are as they are alone."""
    data, together = EnrichmentData(settings), threading.Barrier(len(ORGS))

    def enrich(org: str) -> Iterator[pl.DataFrame]:
        enriching = enricher(data, org)
        for number in range(BATCHES):
            together.wait(30)
            yield enriching.enrich(batch(org, number))

    with ThreadPoolExecutor(len(ORGS)) as threads:
        at_once = dict(zip(ORGS, threads.map(lambda org: list(enrich(org)), ORGS), strict=True))
    for org in ORGS:
        alone = enricher(EnrichmentData(settings), org)
        for number in range(BATCHES):
            assert at_once[org][number].equals(alone.enrich(batch(org, number))), f"{org}: batch {number}"
    assert {"source.geo.city_name", "leakline.app_approved", "leakline.user_leaving"} <= set(at_once["acme"][0].columns)


def test_a_replaced_list_is_read_once_for_all_orgs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every org has the new version, and the file was opened once for it."""
    read: list[Path] = []

    def count(path: Path, last_day: str | None) -> leaver_file.LeaverFile:
        read.append(path)
        return leaver_file.read_leavers(path, last_day)

    monkeypatch.setattr("agent.enrichment.leaver.read_leavers", count)
    path, new = tmp_path / "leavers.csv", tmp_path / "new.csv"
    path.write_text("username,last_day\nada,2026-06-30\n")
    leavers = Leavers(path, None)
    orgs = [LeaverColumns(leavers, EnrichSettings().leavers_before) for _ in range(3)]
    columns = {"user.name": pl.Series(["ben"]), "@timestamp": pl.Series([datetime(2026, 8, 1, tzinfo=UTC)])}
    assert [org.columns(columns)["leakline.user_left"].to_list() for org in orgs] == [[False]] * 3
    new.write_text("username,last_day\nada,2026-06-30\nben,2026-07-15\n")
    new.replace(path)
    assert [org.columns(columns)["leakline.user_left"].to_list() for org in orgs] == [[True]] * 3
    assert read == [path, path]


def test_nobody_waits_while_a_list_is_read(tmp_path: Path) -> None:
    """While one thread reads a new version from a slow disk, another org's batch goes by the version of before."""
    path = tmp_path / "leavers.csv"
    path.write_text("username,last_day\nada,2026-06-30\n")
    begun, disk_answers = threading.Event(), threading.Event()

    class SlowFiles(ListFiles):
        def read(self, *arguments: Any, **options: Any) -> Any:
            if begun.is_set():
                reading.set()
                assert disk_answers.wait(30)
            return super().read(*arguments, **options)

    reading = threading.Event()
    leavers = Leavers(path, None, SlowFiles())
    before = leavers.file()
    begun.set()
    (tmp_path / "new.csv").write_text("username,last_day\nben,2026-06-30\n")
    (tmp_path / "new.csv").replace(path)
    with ThreadPoolExecutor(1) as thread:
        new = thread.submit(leavers.file)
        assert reading.wait(30)
        assert leavers.file() is before
        disk_answers.set()
        assert new.result(30) is leavers.file() is not before
