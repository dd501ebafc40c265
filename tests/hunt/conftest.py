"""What the tests of hunts share as fixtures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hunt.hunting import write_rules


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return write_rules(tmp_path / "rules", {"much": ("ROWS_PROCESSED|gte: 10000", "sel")})
