from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.demo.org_process import DAY, simulated_org
from tests.end_to_end.org_settings import document_for

ROWS = 30_000
HALF_A_DAY = (*DAY, "--history=12h")
"""All event types and planted leaks in half the files: what takes time is the number of files."""


@pytest.fixture(scope="session")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A simulated org whose half day of hourly files is all there at once: what it says of itself."""
    with simulated_org(tmp_path_factory.mktemp("org") / "org", seed=3, rows=ROWS, options=HALF_A_DAY) as facts:
        yield facts


@pytest.fixture
def document(org: dict[str, str], tmp_path: Path) -> dict[str, Any]:
    """Settings for that org and a file destination, to be changed by the test."""
    return document_for(org, tmp_path)
