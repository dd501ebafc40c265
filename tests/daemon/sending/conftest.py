"""A life whose messages are sent."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.sending.scripted_channel import SendingLife
from tests.notice.escalation.called import arranged


@pytest.fixture
def life(tmp_path: Path) -> Iterator[SendingLife]:
    made = SendingLife(tmp_path / "state", arranged())
    yield made
    made.close()
