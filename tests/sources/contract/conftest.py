"""The source under test, by its name among the members."""

from __future__ import annotations

import pytest

from tests.sources.contract.harness import SourceHarness
from tests.sources.contract.members import MEMBERS


@pytest.fixture
def harness(request: pytest.FixtureRequest) -> SourceHarness:
    return MEMBERS[request.param].make(request)
