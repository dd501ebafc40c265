"""`leakline dead-letters`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from agent.cli.output import dead_letters
from agent.config.settings import Settings
from agent.errors import LeaklineError
from agent.model import Outcome, Rejection
from tests.config.test_settings import minimal
from tests.pipeline.fakes import ListSource, Loops, ScriptedDestination, batch_of, ids_of
from tests.store.one_shard import OneShard


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings over a state with one malformed record and one refused event."""
    loops = Loops(OneShard(tmp_path / "state"))
    forward = loops.forward(ScriptedDestination(script=[Outcome(rejected=[(0, "bad ip")])]))
    bad = Rejection("00D", "event_log_file", "Login", "login.csv", 7, "3 cells instead of 35", b'"a","b"\xff')
    loops.ingest().read(ListSource([batch_of(1, ids_of(0, 2), rejections=(bad,))]))
    loops.drain(forward)
    loops.state.close()
    return Settings.model_validate(minimal() | {"state": {"directory": str(tmp_path / "state")}})


def test_the_list_says_where_and_why(settings: Settings) -> None:
    """One line for each file of dead letters, and exit status 1 because there are some."""
    out = io.StringIO()
    assert dead_letters.show_list(settings, Console(file=out, width=120), as_json=False) == 1
    assert "refused by siem" in out.getvalue()
    assert "3 cells instead of 35" in out.getvalue()


def test_one_is_shown_as_it_was(settings: Settings, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """A malformed record comes back byte for byte, a refused event as its fields."""
    assert dead_letters.show(settings, "0") == 0
    assert dead_letters.show(settings, "1") == 0
    malformed, refused = map(json.loads, capfdbinary.readouterr().out.splitlines())
    assert (malformed["row"], malformed["raw_base64"]) == (7, "ImEiLCJiIv8=")
    assert refused["event"]["event.id"] == ids_of(0, 1)[0]


def test_a_number_that_is_not_there_is_told(settings: Settings) -> None:
    """With a word on where to look."""
    with pytest.raises(LeaklineError, match="dead-letters list"):
        dead_letters.show(settings, "99")
