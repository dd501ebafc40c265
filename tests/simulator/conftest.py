from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.simulator.org.simulated_org import SimulatedOrg
from agent.simulator.running import RunningOrg, serve
from agent.simulator.world.simulator_settings import SimulatorSettings
from tests.simulator.evidence import Evidence

WEDNESDAY = datetime(2026, 11, 18, 12, 30, tzinfo=UTC)
SOME_TYPES = (
    "Login",
    "RestApi",
    "ApiTotalUsage",
    "Report",
    "ReportExport",
    "AuraRequest",
    "DatabaseSave",
    "ApexUnexpectedException",
)
AT_ONCE = (timedelta(0), timedelta(0))


def settings(folder: Path, **values: Any) -> SimulatorSettings:
    """A small org at half past twelve on a Wednesday."""
    small: dict[str, Any] = {
        "history": timedelta(hours=6), "rows_per_day": 4000, "people": 30, "scenarios": [], "now": lambda: WEDNESDAY,
        "event_types": SOME_TYPES,
    }  # fmt: skip
    return SimulatorSettings(folder=folder, **(small | values))


@pytest.fixture
def make_org(tmp_path: Path) -> Callable[..., SimulatedOrg]:
    return lambda **values: SimulatedOrg(settings(tmp_path / values.pop("name", "org"), **values))


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """The scenarios' rows in a day's hourly files."""
    folder = tmp_path_factory.mktemp("evidence")
    return Evidence(
        SimulatedOrg(
            settings(
                folder, event_types=None, scenarios=None, delay=AT_ONCE, history=timedelta(hours=24), daily_files=False,
                late_share=0, rows_per_day=3000, people=80,
            )
        )
    )  # fmt: skip


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunningOrg]]:
    running: list[RunningOrg] = []

    def begin(**values: Any) -> RunningOrg:
        running.append(serve(settings(tmp_path / f"org{len(running)}", **values)))
        return running[-1]

    yield begin
    for org in running:
        org.close()


class ApiClient:
    """A client of the org's REST API that follows no rule but the ones it is told."""

    def __init__(self, running: RunningOrg) -> None:
        self.running = running
        context = ssl.create_default_context(cafile=str(running.ca))
        self.http = httpx.Client(verify=context, base_url=running.url, timeout=20)

    def token(self, **form: str) -> httpx.Response:
        return self.http.post("/services/oauth2/token", data=form)

    def sign_in(self) -> ApiClient:
        answer = self.token(
            grant_type="client_credentials",
            client_id=self.running.client_id,
            client_secret=self.running.client_secret_file.read_text(),
        )
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return self

    def query(self, text: str, version: str = "62.0", **headers: str) -> httpx.Response:
        return self.http.get(f"/services/data/v{version}/query", params={"q": text}, headers=headers)

    def records(self, text: str) -> list[dict[str, Any]]:
        answer = self.query(text).json()
        found: list[dict[str, Any]] = answer["records"]
        while not answer["done"]:
            answer = self.http.get(answer["nextRecordsUrl"]).json()
            found += answer["records"]
        return found

    def hourly(self, where: str = "") -> list[dict[str, Any]]:
        fields = "Id, EventType, LogDate, CreatedDate, Sequence, LogFile, LogFileLength"
        return self.records(
            f"SELECT {fields} FROM EventLogFile WHERE Interval = 'Hourly' {where} ORDER BY CreatedDate, Id"  # noqa: S608
        )


@pytest.fixture
def connect() -> Iterator[Callable[[RunningOrg], ApiClient]]:
    clients: list[ApiClient] = []

    def open_client(running: RunningOrg) -> ApiClient:
        clients.append(ApiClient(running))
        return clients[-1]

    yield open_client
    for client in clients:
        client.http.close()
