from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.attack.hostile_org import HostileOrg, opened


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[HostileOrg]:
    """An org for a reader in this process, at the tests' own time."""
    yield from opened(tmp_path / "hostile")


@pytest.fixture
def orgs(tmp_path: Path) -> Iterator[tuple[HostileOrg, HostileOrg]]:
    """Two orgs for a daemon, at the real time: one to be hostile, one to be well."""
    first, second = (opened(tmp_path / name, lambda: datetime.now(UTC)) for name in ("bad", "good"))
    pair = next(first), next(second)
    pair[1].org.token_extra = {"id": "https://login.salesforce.com/id/00D000000000002EAA/005000000000001AAA"}
    yield pair
    for org in pair:
        org.close()
