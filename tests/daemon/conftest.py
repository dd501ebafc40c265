"""What tests of the daemon take from those of its loops, and the shards of one daemon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.shards import Shards, opened
from tests.pipeline.conftest import loops

__all__ = ["loops"]


@pytest.fixture
def shards(tmp_path: Path) -> Iterator[Shards]:
    yield from opened(tmp_path)
