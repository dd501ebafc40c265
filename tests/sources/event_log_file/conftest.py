"""How log files are sent, and how small their pieces are."""

from __future__ import annotations

import pytest

from agent.sources.event_log_file import csv_file
from tests.scripted_org.scripted_org import ScriptedOrg


@pytest.fixture(params=["gzip", "plain"])
def transfer(request: pytest.FixtureRequest, org: ScriptedOrg) -> str:
    org.gzip = request.param == "gzip"
    return str(request.param)


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of about 1,000 bytes, so that small files have several."""
    monkeypatch.setattr(csv_file, "CHUNK_BYTES", 1000)
