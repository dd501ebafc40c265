"""An org of the test's own, a clock it moves, and a loop that commits what a source yields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.sources.event_log_file.source import EventLogFileSettings
from agent.sources.salesforce.org_settings import OrgSettings
from agent.sources.salesforce.session import Session
from tests.sources.org import Org, OrgServer
from tests.sources.reader import Clock, Reader


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrgServer]:
    server = OrgServer(tmp_path_factory.mktemp("org"), Clock())
    yield server
    server.close()


@pytest.fixture
def org(server: OrgServer, clock: Clock) -> Org:
    """As new."""
    fresh = Org(clock, url=server.org.url, ca=server.org.ca)
    server.org.__dict__.update(fresh.__dict__)
    return server.org


MakeSession = Callable[..., Session]


@pytest.fixture
def make_session(org: Org, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeSession]:
    monkeypatch.setenv("TEST_CLIENT_SECRET", "hunter2")
    sessions = []

    def make(rotated: Callable[[str], None] = lambda _: None, **settings: Any) -> Session:
        document = {
            "name": "acme",
            "url": org.url,
            "auth": {
                "type": "client_credentials",
                "client_id": "app",
                "client_secret": {"env": "TEST_CLIENT_SECRET"},
            },
            "tls": {"ca": org.ca},
            **settings,
        }
        sessions.append(Session(OrgSettings.model_validate(document), now=clock, rotated=rotated))
        return sessions[-1]

    yield make
    for session in sessions:
        session.close()


@pytest.fixture
def session(make_session: MakeSession) -> Session:
    return make_session()


@pytest.fixture
def reader(session: Session, clock: Clock, tmp_path: Path) -> Reader:
    directory = tmp_path / "downloads"
    directory.mkdir()
    return Reader(session, clock, directory, EventLogFileSettings())
