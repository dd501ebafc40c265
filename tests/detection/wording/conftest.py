"""What the tests of wording share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For rule files."""
    return tmp_path_factory.mktemp("rules")
