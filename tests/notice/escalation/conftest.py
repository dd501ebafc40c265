"""A life with people who are called."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notice.escalation.called import CalledLife, arranged


@pytest.fixture
def life(tmp_path: Path) -> Iterator[CalledLife]:
    """The policy of `called`, no law."""
    made = CalledLife(tmp_path / "state", arranged())
    yield made
    made.close()
