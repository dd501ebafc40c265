"""For all tests: none fails because the machine is slow, and none knows the secrets of another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from agent.redaction import redaction

TESTS = Path(__file__).parent

settings.register_profile("leakline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("leakline")

LONG = frozenset({"end_to_end", "bench", "documents", "hunt", "isolation"})
"""Folders whose tests start real processes, tens of seconds each."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests come first: at the end one worker would be left alone with them."""
    items.sort(key=lambda item: item.path.relative_to(TESTS).parts[0] not in LONG)


@pytest.fixture(autouse=True)
def _no_secrets() -> Iterator[None]:
    """Some tests have a secret such as `a password`, which others want to read."""
    redaction.forget()
    yield
    redaction.forget()
