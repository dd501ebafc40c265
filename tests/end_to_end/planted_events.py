"""Events of which every text is a string that is found nowhere else: whoever shows one shows what an event brought."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.simulator.world.columns import layouts
from tests.scripted_org.scripted_org import ScriptedFile, csv_of
from tests.scripted_org.serving import RunningScriptedOrg

MARK = "pl4nt"
"""In each of the strings."""
NUMBER = 73_918_264_000
"""From which on numbers are planted: their first eight digits come in no id by chance."""
ADDRESS = "198.51.100."
"""Addresses begin so."""
_TIMES = {"TIMESTAMP": "%Y%m%d%H%M%S.000", "TIMESTAMP_DERIVED": "%Y-%m-%dT%H:%M:%S.000Z"}
TEXTS = frozenset({"String", "Id", "EscapedString", "Set"})


class PlantedOrg:
    """An org with a log file of each event type, a row each. Answers until closed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._server = RunningScriptedOrg(folder, lambda: dt.datetime.now(dt.UTC))
        self._numbers = itertools.count(1)
        self.types = sorted(name for name in layouts() if "@" not in name)
        now = dt.datetime.now(dt.UTC)
        for number, event_type in enumerate(self.types):
            at, created = now - dt.timedelta(hours=1), now - dt.timedelta(minutes=30) + dt.timedelta(seconds=number)
            body = self._file(event_type, at)
            self._server.org.files.append(ScriptedFile(f"0AT{number:015d}", created, at, body, event_type))

    def close(self) -> None:
        self._server.close()

    def settings(self, name: str) -> dict[str, Any]:
        """Of this org in a settings file."""
        secret = {"file": str(self._server.client_secret_file)}
        auth = {"type": "client_credentials", "client_id": self._server.client_id, "client_secret": secret}
        source = {"type": "event_log_file", "event_types": "all", "start": "48h", "settle": "0s", "every": "5s"}
        tls = {"ca": str(self._server.ca)}
        return {"name": name, "url": self._server.url, "auth": auth, "tls": tls, "sources": [source]}

    def _file(self, event_type: str, at: dt.datetime) -> bytes:
        layout = layouts()[event_type]
        pairs = [pair for pair in zip(layout.names, layout.types, strict=True) if pair[0] != "EVENT_TYPE"]
        row = [self._cell(name, kind, at) for name, kind in pairs]
        return csv_of(event_type, [row], ",".join(name for name, _ in pairs))

    def _cell(self, name: str, kind: str, at: dt.datetime) -> str:
        if name in _TIMES or kind == "DateTime":
            return f"{at:{_TIMES.get(name, _TIMES['TIMESTAMP_DERIVED'])}}"
        if kind == "Boolean":
            return "1"
        number = next(self._numbers)
        if kind == "Number":
            return str(NUMBER + number)
        return f"{ADDRESS}{number % 250}" if kind == "IP" else f"{MARK}-{number}-{name}"


def planted_report(number: int) -> dict[str, Any]:
    """All that a report of a failure can say, and a field that it cannot."""
    names = (
        "integration", "job", "run", "environment", "host", "version", "message", "user", "user_id", "object", "operation", "error_code",
        "error_message", "destination", "user_agent", "request_id", "trace_id", "request_body", "response_body", "another_field",
    )  # fmt: skip
    texts = {name: f"{MARK}-report-{number}-{name}" for name in names}
    url = f"https://{MARK}.example/{MARK}/path?{MARK}={MARK}-{number}"
    addresses = {"source_ip": f"{ADDRESS}{number}", "url": url, "record_ids": [f"{MARK}-record-{number}"]}
    counts = {"records": NUMBER, "records_failed": NUMBER + 1, "duration_ms": NUMBER + 2, "method": "PATCH"}
    return {**texts, **addresses, **counts, "attempt": 3, "max_attempts": 3, "status": 500}


def found_in(text: str) -> Iterator[str]:
    """What of it is planted, with some of what is around it."""
    for planted in (MARK, ADDRESS, str(NUMBER)[:8]):
        at = text.find(planted)
        if at >= 0:
            yield text[max(at - 60, 0) : at + 60]
