from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.demo.org import simulated_org

ROWS = 20_000


@pytest.fixture(scope="session")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A simulated org whose day of hourly files is all there at once: what it says of itself."""
    with simulated_org(tmp_path_factory.mktemp("org") / "org", seed=3, rows=ROWS) as facts:
        yield facts


@pytest.fixture
def document(org: dict[str, str], tmp_path: Path) -> dict[str, Any]:
    """Settings for that org and a file destination, to be changed by the test."""
    return document_for(org, tmp_path)


def document_for(org: dict[str, str], folder: Path) -> dict[str, Any]:
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
