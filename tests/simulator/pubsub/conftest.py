from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.simulator.org.simulated_org import SimulatedOrg
from agent.simulator.running import Keys, RunningOrg
from agent.simulator.world.simulator_settings import SimulatorSettings
from tests.simulator.conftest import WEDNESDAY
from tests.simulator.pubsub.generated_client import GeneratedClient

LOGIN = "LoginEventStream"


@pytest.fixture(scope="session")
def pubsub_keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Of all orgs here: making them takes longer than making an org."""
    return Keys.made(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def pubsub_orgs(tmp_path: Path, pubsub_keys: Keys) -> Iterator[Callable[..., RunningOrg]]:
    """Makes orgs that have nothing but their event buses, at half past twelve on a Wednesday."""
    started: list[RunningOrg] = []

    def start(**values: Any) -> RunningOrg:
        started.append(RunningOrg(SimulatedOrg(_small(tmp_path / f"pubsub{len(started)}", **values)), pubsub_keys))
        return started[-1]

    yield start
    for running in started:
        running.close()


@pytest.fixture
def pubsub_org(pubsub_orgs: Callable[..., RunningOrg]) -> RunningOrg:
    return pubsub_orgs()


@pytest.fixture(scope="module")
def calm_org(tmp_path_factory: pytest.TempPathFactory, pubsub_keys: Keys) -> Iterator[RunningOrg]:
    """For tests that leave an org as it was."""
    with RunningOrg(SimulatedOrg(_small(tmp_path_factory.mktemp("calm"))), pubsub_keys) as running:
        yield running


@pytest.fixture
def calm_client(calm_org: RunningOrg, sign_in: Callable[..., GeneratedClient]) -> GeneratedClient:
    return sign_in(calm_org)


def _small(folder: Path, **values: Any) -> SimulatorSettings:
    small: dict[str, Any] = {
        "history": timedelta(hours=1), "rows_per_day": 24, "people": 5, "scenarios": [], "now": lambda: WEDNESDAY,
        "event_types": [], "daily_files": False,
    }  # fmt: skip
    return SimulatorSettings(folder=folder, **(small | values))


@pytest.fixture
def sign_in() -> Iterator[Callable[..., GeneratedClient]]:
    """Makes clients of an org; each has an access token of its own."""
    clients: list[GeneratedClient] = []

    def open_client(running: RunningOrg, **headers: str) -> GeneratedClient:
        clients.append(GeneratedClient(running, access_token(running), **headers))
        return clients[-1]

    yield open_client
    for client in clients:
        client.close()


@pytest.fixture
def client(pubsub_org: RunningOrg, sign_in: Callable[..., GeneratedClient]) -> GeneratedClient:
    return sign_in(pubsub_org)


def access_token(running: RunningOrg) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": running.client_id,
        "client_secret": running.client_secret_file.read_text(),
    }
    return running.tokens.grant(form, "", running.url, running.org.faults)


def publish(running: RunningOrg, count: int, channel: str = LOGIN, first: int = 0) -> list[bytes]:
    """So many events with the identifiers `e0`, `e1`, … or from `first` on, a millisecond apart; their replay ids."""
    start = int(running.org.now().timestamp() * 1000)
    return [
        running.org.bus.publish(channel, start + number, {"EventIdentifier": f"e{number}", "UserId": "005xx0000012345"})
        for number in range(first, first + count)
    ]
