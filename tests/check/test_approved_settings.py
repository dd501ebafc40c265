"""A settings file that is not what counts is called that, by commands that read it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.check.notice.approved_settings import difference, examine_approved
from agent.config.settings import StateSettings
from agent.daemon.control.command import ControlCommand
from agent.daemon.control.server import ControlServer

DRIFT = {
    "kind": "settings-drift",
    "message": "leakline.yaml differs from the approved settings",
    "fix": "put them back",
}
OTHER = {"kind": "source-failed", "message": "a source could not be read", "fix": "-"}


@pytest.fixture
def problems() -> list[dict[str, str]]:
    return []


@pytest.fixture
def state(tmp_path: Path, problems: list[dict[str, str]]) -> Iterator[StateSettings]:
    """Where a daemon has these problems."""
    state = StateSettings(directory=tmp_path)
    server = ControlServer(
        state.socket(), [ControlCommand("status", lambda: {"problems": [OTHER, *problems]}, changes=False)]
    )
    yield state
    server.close()


def test_what_the_daemon_sees_is_a_warning(state: StateSettings, problems: list[dict[str, str]]) -> None:
    """Each way in which the file differs; other problems are not meant."""
    assert list(examine_approved(state)) == []
    assert difference(state) == ""
    problems.append(DRIFT)
    (finding,) = examine_approved(state)
    assert (finding.ok, finding.warning, finding.fix) == (False, True, DRIFT["fix"])
    assert DRIFT["message"] in finding.message
    assert difference(state) == DRIFT["message"]


def test_where_no_daemon_answers_nothing_is_said(tmp_path: Path) -> None:
    """The file is what the next start reads then."""
    assert difference(StateSettings(directory=tmp_path)) == ""
