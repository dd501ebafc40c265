"""The source against the simulated org, which was written by the protocol alone, and judged by its truth file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from agent.errors import LimitExceeded, TransportError
from agent.model import OWN_EVENT_TYPE, Finding
from agent.simulator.log_files.truth import content_hash, events, read_truth
from agent.simulator.running import RunningOrg, serve
from agent.simulator.world.simulator_settings import SimulatorSettings
from agent.sources.event_log_file.probe import probe
from agent.sources.event_log_file.source import EventLogFileSettings
from agent.sources.salesforce.directory import Directory
from agent.sources.salesforce.org_settings import OrgSettings
from agent.sources.salesforce.session import Session
from tests.sources.reader import Reader
from tests.sources.salesforce.look_up_threads import patient

NOW = datetime(2026, 7, 2, 12, 0, 30, tzinfo=UTC)
TYPES = ["Login", "Report", "RestApi", "URI", "ApiTotalUsage", "LoginAs"]

Running = Callable[..., RunningOrg]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Running]:
    running: list[RunningOrg] = []

    def start(**settings: Any) -> RunningOrg:
        wanted = {"rows_per_day": 1500, "people": 20, "event_types": TYPES, "scenarios": [], **settings}
        running.append(serve(SimulatorSettings(folder=tmp_path / "org", now=lambda: NOW, **wanted)))
        return running[-1]

    yield start
    for org in running:
        org.close()


def session_of(running: RunningOrg, flow: str = "jwt_bearer", **settings: Any) -> Session:
    auth: dict[str, dict[str, Any]] = {
        "jwt_bearer": {"username": running.username, "key": {"file": str(running.jwt_key_file)}},
        "client_credentials": {"client_secret": {"file": str(running.client_secret_file)}},
        "refresh_token": {
            "refresh_token": {"file": str(running.refresh_token_file)},
            "client_secret": {"file": str(running.client_secret_file)},
        },
    }
    document = {
        "name": "acme",
        "url": running.url,
        "auth": {"type": flow, "client_id": running.client_id, **auth[flow]},
        "tls": {"ca": running.ca},
        **settings,
    }
    return Session(OrgSettings.model_validate(document), now=running.org.now)


@pytest.fixture
def reader_of(tmp_path: Path) -> Iterator[Callable[..., Reader]]:
    readers: list[Reader] = []
    (tmp_path / "downloads").mkdir()

    def make(running: RunningOrg, **settings: Any) -> Reader:
        wanted = EventLogFileSettings.model_validate({"event_types": "all", "start": "10d", **settings})
        reader = Reader(session_of(running), running.org.now, tmp_path / "downloads", wanted)  # type: ignore[arg-type]
        readers.append(reader)
        return reader

    yield make
    for reader in readers:
        reader.session.close()


def taken(reader: Reader) -> list[str]:
    """Content hashes of the rows taken, as the truth file has them."""
    hashes: list[str] = []
    for batch in reader.batches:
        if batch.event_type != OWN_EVENT_TYPE and batch.frame.height:
            hashes += content_hash(batch.frame, [c for c in batch.frame.columns if c != "event.id"]).to_list()
    return sorted(hashes)


def true(running: RunningOrg, interval: str = "Hourly") -> list[str]:
    """Content hashes of the logical events in the files that have settled."""
    settled = int((running.org.now() - timedelta(minutes=5)).timestamp() * 1000)
    files = {(file.id, file.version) for file in running.org.all_files() if file.created <= settled}
    truth = read_truth(running.truth, files)
    return sorted(events(truth.filter(pl.col("interval") == interval))["sha256"])


@pytest.mark.parametrize("flow", ["jwt_bearer", "client_credentials", "refresh_token"])
def test_every_flow_signs_in(run: Running, flow: str) -> None:
    """Each of the three OAuth flows yields a session that can ask."""
    session = session_of(run(history=timedelta(hours=1)), flow)
    assert session.org_id.startswith("00D")
    assert session.limits()["DailyApiRequests"]["Max"] > 0
    assert session.usage.used > 0
    session.close()


def test_days_of_late_and_repeating_files_equal_the_truth(run: Running, reader_of: Callable[..., Reader]) -> None:
    """Over five days of polling, with late increments, awkward cells and drifting headers, each event comes once."""
    running = run(
        history=timedelta(hours=12), late_share=0.5, login_header="mixed", unknown_column=True, unknown_type=True
    )
    reader = reader_of(running, reconcile_daily=True)
    for step in range(40):
        if step % 7 == 3:
            # more often than four downloads at once can use a token between a refusal and the second try
            running.org.change_faults(unauthorized_after=12)
        elif step % 7 == 5:
            running.org.change_faults(cut_log_file_at=700, times=1)
        else:
            running.org.change_faults(unauthorized_after=0, cut_log_file_at=0, times=0)
        with suppress(TransportError):
            reader.read()
        if step % 9 == 0:
            reader.restart()
        running.org.advance(hours=3)
    running.org.change_faults(unauthorized_after=0, cut_log_file_at=0)
    for _ in range(3):
        reader.read()
    assert taken(reader) == true(running)
    assert not [rejection for batch in reader.batches for rejection in batch.rejections]


def test_daily_files_alone_equal_the_truth(run: Running, reader_of: Callable[..., Reader]) -> None:
    """An org without hourly files is read by its daily ones, replaced ones included, and says so once."""
    running = run(history=timedelta(hours=30), late_share=0.5)
    running.org.change_faults(no_hourly=True)
    reader = reader_of(running)
    for _ in range(20):
        reader.read()
        running.org.advance(hours=6)
    reader.read()
    assert [e["event.action"] for e in reader.own()] == ["hourly-files-missing"]
    assert taken(reader) == true(running, "Daily")


def test_files_that_show_up_late_equal_the_truth(run: Running, reader_of: Callable[..., Reader]) -> None:
    """Every second file becomes visible two hours after its creation; none is missed."""
    running = run(history=timedelta(hours=10))
    running.org.change_faults(visible_late_seconds=7200)
    reader = reader_of(running)
    for _ in range(40):
        reader.read()
        running.org.advance(minutes=25)
    running.org.change_faults(visible_late_seconds=0)
    running.org.advance(hours=2)
    reader.read()
    assert taken(reader) == true(running)


def test_a_limit_in_mid_poll_loses_nothing(run: Running, reader_of: Callable[..., Reader]) -> None:
    """REQUEST_LIMIT_EXCEEDED ends the poll; after the pause the rest comes."""
    running = run(history=timedelta(hours=8), delay=(timedelta(0), timedelta(0)))
    reader = reader_of(running)
    running.org.change_faults(limit_after=12)
    with pytest.raises(LimitExceeded):
        reader.read()
    assert 0 < len(taken(reader)) < len(true(running))
    running.org.change_faults(limit_after=0)
    running.org.advance(hours=1)
    reader.read()
    assert taken(reader) == true(running)


def complaints(running: RunningOrg, **settings: Any) -> list[Finding]:
    session = session_of(running, **settings)
    try:
        return [finding for finding in probe(session, now=running.org.now) if not finding.ok]
    finally:
        session.close()


@pytest.mark.parametrize(
    ("faults", "words", "warning"),
    [
        ({"missing_permission": "invalid_type"}, "View Event Log Files", False),
        ({"missing_permission": "empty"}, "View Event Log Files", False),
        ({"api_disabled": True}, "API", False),
        ({"no_hourly": True}, "daily ones", True),
        ({"free_only": True}, "Event Monitoring", True),
    ],
)
def test_check_tells_the_troubles_of_an_org_apart(
    run: Running, faults: dict[str, Any], words: str, warning: bool
) -> None:
    """Permission, API, hourly files and licence: each has its own finding."""
    running = run(history=timedelta(hours=80))
    assert complaints(running) == []
    running.org.change_faults(**faults)
    found = complaints(running)
    assert found
    assert any(words in finding.fix for finding in found)
    assert all(finding.warning == warning for finding in found)


def test_check_tells_the_troubles_of_a_sign_in_apart(run: Running, tmp_path: Path) -> None:
    """A wrong secret, a foreign key, a wrong user, a stranger's certificate: each in its own words."""
    running = run(history=timedelta(hours=1))
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong")
    client_id = running.client_id
    secret = {"type": "client_credentials", "client_id": client_id, "client_secret": {"file": str(wrong)}}
    stranger = {
        "type": "jwt_bearer",
        "client_id": client_id,
        "username": "stranger@example.org",
        "key": {"file": str(running.jwt_key_file)},
    }
    other = {**secret, "client_id": "other"}
    seen = {
        "secret": complaints(running, auth=secret),
        "user": complaints(running, auth=stranger),
        "app": complaints(running, auth=other),
        "certificate": complaints(running, tls={}),
    }
    assert all(len(found) == 1 for found in seen.values())
    assert "secret" in seen["secret"][0].fix
    assert "ten minutes" in seen["app"][0].fix
    assert "not trusted" in seen["certificate"][0].message
    assert len({found[0].message for found in seen.values()}) == 4


def test_an_expired_key_is_told(run: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the app's certificate or our clock is out of date, both are named."""
    running = run(history=timedelta(hours=1))
    session = session_of(running)
    monkeypatch.setattr(session._sign_in, "_now", lambda: NOW - timedelta(hours=1))
    (finding,) = [finding for finding in probe(session, now=running.org.now) if not finding.ok]
    assert "clock" in finding.fix
    session.close()


def test_users_and_apps_are_looked_up(run: Running) -> None:
    """Ids from the log lead to names."""
    running = run(history=timedelta(hours=1))
    session = session_of(running)
    ids = [str(record["Id"]) for record in session.query("SELECT Id FROM User")]
    store: dict[str, bytes] = {}
    directory = Directory(session, org="acme", get=store.get, put=store.update, now=running.org.now, queue=patient)
    found = directory.users(ids)
    assert set(found) == set(ids)
    assert all("@" in record["Username"] for record in found.values())
    assert any("Profile.Name" in record for record in found.values())
    apps = {str(r["Id"]): str(r["Name"]) for r in session.query("SELECT Id, Name FROM ConnectedApplication")}
    assert directory.applications([ident[:15] for ident in apps]) == {i[:15]: name for i, name in apps.items()}
    assert directory.problem == ""
    session.close()
