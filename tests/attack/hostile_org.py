"""An org that sends whatever a test wants, a source that reads it in this process, and settings for a daemon that does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.sources.event_log_file.source import EventLogFileSettings
from agent.sources.salesforce.org_settings import OrgSettings
from agent.sources.salesforce.session import Session
from tests.scripted_org.scripted_org import ScriptedFile, ScriptedOrg, csv_of
from tests.scripted_org.serving import RunningScriptedOrg
from tests.sources.reader import START, Clock, Reader

HOUR = dt.timedelta(hours=1)


def file_of(number: int, *names: str, at: dt.datetime = START, hours_ago: float = 2, **fields: Any) -> ScriptedFile:
    """An hourly Login file whose rows have these URIs."""
    rows = [["20260701090000.000", "005000000000001", name] for name in names]
    created = at - hours_ago * HOUR
    return ScriptedFile(f"0AT{number:015}", created, created - 3 * HOUR, csv_of("Login", rows), **fields)


@dataclass
class HostileOrg:
    """`server` runs on loopback over TLS; `clock` is the reader's."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    sessions: list[Session] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.server = RunningScriptedOrg(self.folder / "org", self.clock)
        self.secret = self.server.client_secret_file

    @property
    def org(self) -> ScriptedOrg:
        return self.server.org

    def settings(self, name: str = "acme", **keys: Any) -> dict[str, Any]:
        auth = {
            "type": "client_credentials",
            "client_id": self.server.client_id,
            "client_secret": {"file": str(self.secret)},
        }
        return {"name": name, "url": self.server.url, "auth": auth, "tls": {"ca": str(self.server.ca)}, **keys}

    def session(self, **keys: Any) -> Session:
        self.sessions.append(Session(OrgSettings.model_validate(self.settings(**keys)), now=self.clock))
        return self.sessions[-1]

    def reader(self, **settings: Any) -> Reader:
        directory = self.folder / "downloads"
        directory.mkdir(exist_ok=True)
        return Reader(self.session(), self.clock, directory, EventLogFileSettings(**settings))

    def close(self) -> None:
        for session in self.sessions:
            session.close()
        self.server.close()


def opened(folder: Path, clock: Callable[[], dt.datetime] | None = None) -> Iterator[HostileOrg]:
    org = HostileOrg(folder)
    if clock is not None:
        org.org.clock = clock
    yield org
    org.close()


def document_of(folder: Path, *orgs: dict[str, Any]) -> dict[str, Any]:
    """Settings of a daemon for these orgs, with a file destination in `folder/out`; each org polled every second."""
    source = {"type": "event_log_file", "start": "48h", "settle": "0s", "every": "1s", "sweep_every": "1s"}
    return {
        "orgs": [{"sources": [source], **org} for org in orgs],
        "destinations": [{"type": "file", "directory": str(folder / "out")}],
        "state": {"directory": str(folder / "state")},
        "rules": {"shipped": False},
    }
