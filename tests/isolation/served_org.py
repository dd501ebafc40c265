"""Orgs on the network whose every name is their own, so that one that turns up elsewhere is known by its bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.scripted_org.scripted_org import ScriptedFile, ScriptedOrg, csv_of
from tests.scripted_org.serving import RunningScriptedOrg

HOUR = dt.timedelta(hours=1)
COLUMNS = "TIMESTAMP,TIMESTAMP_DERIVED,USER_ID,CLIENT_IP,URI"
LEAK = "/leak/"
"""Part of the URI of each row that the rule is for."""

RULES = """title: A leak
id: 0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f101
name: a_leak
level: high
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {EVENT_TYPE: Login, URI|contains: /leak/}, condition: sel}
---
title: Many sign-ins from one address
id: 0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f102
name: many
level: medium
correlation: {type: event_count, rules: [any], group-by: [CLIENT_IP], timespan: 1h, condition: {gte: 3}}
---
title: Any sign-in
id: 0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f103
name: any
level: informational
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {EVENT_TYPE: Login}, condition: sel}
"""


class ServedOrg:
    """`name`: in the settings, in every user's name and every row. Answers until closed."""

    def __init__(self, folder: Path, name: str, number: int, clock: Callable[[], dt.datetime]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.clock = clock
        self._number = number
        self._files = 0
        self._server = RunningScriptedOrg(folder, clock, seed=100 + number)
        self.org.objects["User"] = [
            {"Id": self.user(person), "Username": f"person{person}@{name}.example", "Name": f"Person of {name}"}
            for person in range(9)
        ]

    @property
    def org(self) -> ScriptedOrg:
        return self._server.org

    @property
    def id(self) -> str:
        """The org's 18-character id."""
        return self.org.id

    @property
    def source(self) -> str:
        """Its source's name in the daemon."""
        return f"{self.name}/event_log_file"

    def user(self, person: int) -> str:
        """The id of one of nine."""
        return f"0058d{self._number:05d}{person:05d}"

    def show(self, uris: Sequence[str], *, person: int = 0, address: str = "203.0.113.7") -> None:
        """A further hourly file of sign-ins, there at once: a row with each of these URIs and the org's name behind it."""
        self._files += 1
        at = self.clock() - HOUR
        rows = [
            [f"{at:%Y%m%d%H%M%S}.000", f"{at:%Y-%m-%dT%H:%M:%S}.000Z", self.user(person), address, f"{uri}{self.name}"]
            for uri in uris
        ]
        created = self.clock() - dt.timedelta(minutes=30) + dt.timedelta(seconds=self._files)
        ident = f"0AT{self._number:05d}{self._files:010d}"
        self.org.files.append(ScriptedFile(ident, created, at, csv_of("Login", rows, COLUMNS)))

    def show_malformed(self) -> None:
        """A further file, whose one row is short."""
        self.show(["/cut off/"])
        file = self.org.files[-1]
        file.body = file.body[: file.body.rindex(b",")] + b"\n"

    def begin_anew(self) -> None:
        """Without files; those shown from now on have the ids that the first ones had."""
        self.org.files.clear()
        self._files = 0

    def settings(self) -> dict[str, Any]:
        """Of this org in a settings file; polled every second."""
        auth = {
            "type": "client_credentials",
            "client_id": self._server.client_id,
            "client_secret": {"file": str(self._server.client_secret_file)},
        }
        source = {"type": "event_log_file", "start": "48h", "settle": "0s", "every": "1s"}
        tls = {"ca": str(self._server.ca)}
        return {"name": self.name, "url": self._server.url, "auth": auth, "tls": tls, "sources": [source]}

    def names(self) -> set[bytes]:
        """What nobody may see who is not to see this org: its name (users and rows have it, too), ids and address."""
        ids = [self.id[:15], *(self.user(person) for person in range(9))]
        return {text.encode() for text in (self.name, *ids, self._server.url.removeprefix("https://"))}

    def close(self) -> None:
        self._server.close()


def document_for(folder: Path, orgs: Sequence[ServedOrg], destinations: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Settings of a daemon over these orgs, with `RULES` alone; `folder` is made if it is not there."""
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    (folder / "rules" / "rules.yml").write_text(RULES)
    return {
        "orgs": [org.settings() for org in orgs],
        "destinations": list(destinations),
        "rules": {"shipped": False, "folders": [str(folder / "rules")]},
        "state": {"directory": str(folder / "state")},
    }
