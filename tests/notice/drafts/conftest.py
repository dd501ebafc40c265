from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notice.drafts.notice_state import NoticeState, opened


@pytest.fixture
def state(tmp_path: Path) -> Iterator[NoticeState]:
    """An incident of which somebody is aware since an hour."""
    with opened(tmp_path) as made:
        yield made
