"""Settings of a daemon for a simulated org."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def document_for(org: dict[str, str], folder: Path) -> dict[str, Any]:
    """`org`: what a simulated org says of itself; a file destination writes to `folder`/out. To be changed by a test."""
    client = {
        "type": "client_credentials",
        "client_id": org["client id"],
        "client_secret": {"file": org["client secret in"]},
    }
    source = {"type": "event_log_file", "event_types": "all", "start": "48h", "settle": "0s", "every": "5s"}
    return {
        "orgs": [{"name": "acme", "url": org["url"], "auth": client, "tls": {"ca": org["ca"]}, "sources": [source]}],
        "destinations": [{"type": "file", "directory": str(folder / "out")}],
        "state": {"directory": str(folder / "state")},
    }
