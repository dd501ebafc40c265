"""`leakline hunt --fold`: repeats in one alert, as the service counts them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from agent.cli.app import app
from agent.cli.output.hunt import write_alerts
from agent.columns import record_id
from agent.config.settings import Settings, parse
from agent.detection.detector import Detector
from agent.detection.load import load
from agent.detection.sigma.log_source import LogSource
from agent.hunt.log_files import batches
from agent.normalize.mapping.load import load_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped

RULE = """
title: many rows
id: 0e4b5b1e-7b1f-4b63-bb0c-000000000001
logsource: {product: salesforce, service: event_log_file}
detection:
  sel: {ROWS_PROCESSED|gte: 1000}
  condition: sel
"""
HEADER = '"EVENT_TYPE","TIMESTAMP_DERIVED","ORGANIZATION_ID","USER_ID","ROWS_PROCESSED","QUERY"\n'
START = datetime(2026, 7, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def line(user: str, minutes: float | None, note: str = "") -> str:
    when = "" if minutes is None else (START + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return f'"RestApi","{when}","00D5f000005XrT2","0055f000008{user}","5000","{note}"\n'


def write(path: Path, *lines: str) -> Path:
    path.write_text(HEADER + "".join(lines))
    return path


def installation(**rules: Any) -> Settings:
    client = {"type": "client_credentials", "client_id": "key", "client_secret": {"env": "SECRET"}}
    return parse(
        {
            "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": client, "sources": [{"type": "event_log_file"}]}],
            "destinations": [{"type": "file", "directory": "/tmp/out"}],
            "rules": rules,
        }
    )  # fmt: skip


def run(
    *files: Path, rules: Path, settings: Settings | None = None, fold: bool = True
) -> tuple[list[dict[str, Any]], str]:
    """Alerts, and what was told."""
    out, told = io.BytesIO(), io.StringIO()
    console = Console(file=told, width=10_000)
    status = write_alerts(files, [rules], raw=False, fold=fold, out=out, err=console, settings=settings)
    alerts = [orjson.loads(text) for text in out.getvalue().splitlines()]
    assert status == bool(alerts)
    return alerts, told.getvalue()


def facts(alerts: Sequence[dict[str, Any]]) -> list[tuple[str, str, int]]:
    return [
        (
            alert["leakline"]["alert"]["actor"][11:15],
            alert["event"]["start"][11:16],
            alert["leakline"]["alert"]["count"],
        )
        for alert in alerts
    ]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rule.yml"
    path.write_text(RULE)
    return path


def test_a_thousand_repeats_are_one_alert(tmp_path: Path, rules: Path) -> None:
    """It has the count, the span and the place of its first event; without the option each match is a line."""
    path = write(tmp_path / "log.csv", *(line("aaaa", number / 20, str(number)) for number in range(1000)))
    ((alert,), told) = run(path, rules=rules)
    assert alert["leakline"]["alert"]["count"] == 1000
    assert alert["leakline"]["alert"]["folded"] == 0
    assert alert["@timestamp"] == alert["event"]["start"] == "2026-07-01T08:00:00.000Z"
    assert alert["event"]["end"] == "2026-07-01T08:49:57.000Z"
    assert alert["leakline"]["input"] == {"file": str(path), "line": 2}
    assert len(alert["leakline"]["alert"]["event_ids"]) == 100
    assert told.startswith("1 alert; 1,000 events")
    assert "1,000 matches folded" in told
    assert len(run(path, rules=rules, fold=False)[0]) == 1000


def test_actors_and_spans_are_folded_apart(tmp_path: Path, rules: Path) -> None:
    """A span begins with an actor's first event; the order of files and lines makes no difference."""
    early = write(tmp_path / "early.csv", line("aaaa", 30), line("aaaa", 0), line("bbbb", 10))
    late = write(tmp_path / "late.csv", line("aaaa", 60), line("aaaa", 59), line("aaaa", 125))
    expected = [("aaaa", "08:00", 3), ("bbbb", "08:10", 1), ("aaaa", "09:00", 1), ("aaaa", "10:05", 1)]
    assert facts(run(early, late, rules=rules)[0]) == expected
    assert facts(run(late, early, rules=rules)[0]) == expected


def test_the_span_is_that_of_the_settings(tmp_path: Path, rules: Path) -> None:
    """`rules.fold`, where a settings file is named."""
    path = write(tmp_path / "log.csv", line("aaaa", 0), line("aaaa", 90), line("aaaa", 300))
    settings = installation(fold="2h", shipped=False, folders=[str(tmp_path)])
    assert facts(run(path, rules=rules, settings=settings)[0]) == [("aaaa", "08:00", 2), ("aaaa", "13:00", 1)]


def test_events_without_a_time_are_not_lost(tmp_path: Path, rules: Path) -> None:
    """An actor's are one alert, after all others, which says no time."""
    path = write(tmp_path / "log.csv", line("aaaa", None), line("aaaa", 0), line("aaaa", None, "again"))
    (timed, untimed), _ = run(path, rules=rules)
    assert timed["leakline"]["alert"]["count"] == 1
    assert untimed["leakline"]["alert"]["count"] == 2
    assert "@timestamp" not in untimed
    assert "start" not in untimed["event"]


def test_raw_events_are_not_folded(tmp_path: Path) -> None:
    """The command says why, with the exit status of a wrong usage."""
    path = tmp_path / "log.ndjson"
    path.write_text("{}\n")
    done = CliRunner().invoke(app, ["hunt", "--raw", "--fold", str(path)])
    assert done.exit_code == 2


@given(st.lists(st.tuples(st.sampled_from(["aaaa", "bbbb"]), st.integers(0, 400)), min_size=1, max_size=40))
def test_a_hunt_says_what_the_service_would(tmp_path_factory: pytest.TempPathFactory, moments: list[Any]) -> None:
    """Over the same rows, read in the order of their hours: the same alerts, by id, and the same counts in all."""
    folder = tmp_path_factory.mktemp("same")
    (rules := folder / "rule.yml").write_text(RULE)
    moments.sort(key=lambda moment: moment[1] // 60)
    hours = sorted({minute // 60 for _, minute in moments})
    files = [
        write(folder / f"{hour}.csv", *(line(user, at, str(n)) for n, (user, at) in enumerate(moments) if at // 60 == hour))
        for hour in hours
    ]  # fmt: skip
    hunted, _ = run(*files, rules=rules)
    ran = service(files, rules)
    raised = {alert["event.id"]: alert["event.start"] for alert in ran if alert["event.action"] == "alert-raised"}
    assert {alert["event"]["id"]: datetime.fromisoformat(alert["event"]["start"]) for alert in hunted} == raised
    told = sum(alert["leakline.alert.count"] + alert["leakline.alert.folded"] for alert in ran)
    assert sum(alert["leakline"]["alert"]["count"] for alert in hunted) == told == len(moments)


def service(files: Sequence[Path], rules: Path) -> list[dict[str, Any]]:
    """Everything that the detector says of the files, a batch each, and of what it still holds a day later."""
    normalizer = Normalizer(load_mappings([shipped("mappings")])[0])
    detector = Detector(load([rules]), long_ids=record_id.to_long)
    now, found = START + timedelta(days=1), []
    for path in files:
        for batch in batches(path):
            found.append(detector.detect(normalizer.prepare(batch), LogSource("salesforce", batch.source), now))
            found[-1].commit()
    found.append(detector.detect(pl.DataFrame(), LogSource(), now + timedelta(days=1)))
    return [alert for detection in found for alert in detection.alerts.to_dicts()]
