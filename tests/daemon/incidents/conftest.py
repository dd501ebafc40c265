"""What tests of incidents in the daemon have in common."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.incidents.incident_state import IncidentState, opened


@pytest.fixture
def state(tmp_path: Path) -> Iterator[IncidentState]:
    with opened(tmp_path) as found:
        yield found
