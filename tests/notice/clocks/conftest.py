from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.notice.settings import NoticeSettings
from tests.notice.clocks.life import Life

Begin = Callable[..., Life]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """A life with these settings; several in one test have a state each."""
    lives: list[Life] = []

    def of(settings: NoticeSettings | None = None, **times: object) -> Life:
        lives.append(Life(tmp_path / f"state-{len(lives)}", settings, **times))  # type: ignore[arg-type]
        return lives[-1]

    yield of
    for life in lives:
        life.close()
