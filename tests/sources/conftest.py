"""An org of the test's own, a clock it moves, and a loop that commits what a source yields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.sources.event_log_file.source import EventLogFileSettings
from agent.sources.salesforce.org_settings import OrgSettings
from agent.sources.salesforce.session import Session
from tests.scripted_org.scripted_org import ScriptedOrg
from tests.scripted_org.serving import RunningScriptedOrg, shared_keys
from tests.scripted_pubsub.scripted_pubsub import ScriptedPubSub
from tests.sources.reader import Clock, Reader


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningScriptedOrg]:
    """One for all tests; each gets it as new by `server` or `org`."""
    with RunningScriptedOrg(tmp_path_factory.mktemp("org"), Clock()) as running:
        yield running


@pytest.fixture
def server(shared_server: RunningScriptedOrg, clock: Clock) -> RunningScriptedOrg:
    """As new, and by the test's clock."""
    shared_server.org.begin_anew(clock)
    shared_server.tokens.revoke_all()
    return shared_server


@pytest.fixture
def org(server: RunningScriptedOrg) -> ScriptedOrg:
    return server.org


@pytest.fixture(scope="session")
def shared_pubsub() -> Iterator[ScriptedPubSub]:
    """One for all tests; each gets it as new by `pubsub`."""
    with ScriptedPubSub(shared_keys()) as running:
        yield running


@pytest.fixture
def pubsub(shared_pubsub: ScriptedPubSub) -> Iterator[ScriptedPubSub]:
    """As new, and taking any token."""
    shared_pubsub.begin_anew()
    shared_pubsub.is_valid = lambda _: True
    yield shared_pubsub
    shared_pubsub.change(silent=False)


MakeSession = Callable[..., Session]


@pytest.fixture
def make_session(server: RunningScriptedOrg, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeSession]:
    monkeypatch.setenv("TEST_CLIENT_SECRET", server.client_secret_file.read_text())
    sessions = []

    def make(rotated: Callable[[str], None] = lambda _: None, **settings: Any) -> Session:
        document = {
            "name": "acme",
            "url": server.url,
            "auth": {
                "type": "client_credentials",
                "client_id": server.client_id,
                "client_secret": {"env": "TEST_CLIENT_SECRET"},
            },
            "tls": {"ca": server.ca},
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
