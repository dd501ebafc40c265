"""For all tests: none fails because the machine is slow, and none knows the secrets of another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from agent.redaction import redaction

settings.register_profile("leakline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("leakline")


@pytest.fixture(autouse=True)
def _no_secrets() -> Iterator[None]:
    """Some tests have a secret such as `a password`, which others want to read."""
    redaction.forget()
    yield
    redaction.forget()
