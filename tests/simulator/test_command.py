from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agent.simulator.command import main, simulate
from agent.simulator.scenarios import PLAYABLE
from agent.simulator.scenarios.campaigns import CAMPAIGNS
from agent.simulator.scenarios.configuration import CONFIGURATION
from agent.simulator.world.simulator_settings import SimulatorSettings, parse_duration


def test_the_command_tells_how_to_reach_the_org_and_ends_when_told(tmp_path: Path) -> None:
    """URL, authority, client id, where the secrets are; SIGTERM ends it with status 0."""
    arguments = [
        "--port",
        "0",
        "--pubsub-port",
        "0",
        "--history",
        "2h",
        "--rows-per-day",
        "500",
        "--folder",
        str(tmp_path / "org"),
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "agent.simulator", *arguments], stdout=subprocess.PIPE, text=True
    ) as org:
        assert org.stdout is not None
        lines: dict[str, str] = {}
        while "control" not in lines:
            line = org.stdout.readline()
            assert line, "the simulated org has ended"
            lines[line[:18].strip()] = line[18:].strip()
        org.send_signal(signal.SIGTERM)
        assert org.wait() == 0
    assert lines["url"].startswith("https://localhost:")
    for name in ("ca", "client secret in", "JWT key in", "refresh token in", "truth in"):
        assert Path(lines[name]).exists()
    secret = Path(lines["client secret in"]).read_text()
    assert secret not in "".join(lines.values())


def test_faults_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """`--fault help` ends at once."""
    assert main(["--fault", "help"]) == 0
    assert "limit_after" in capsys.readouterr().out


def test_scenarios_are_described(capsys: pytest.CaptureFixture[str]) -> None:
    """`--scenario help` says what happens in each, and which of them a day alone cannot show or are played by name only."""
    assert main(["--scenario", "help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(PLAYABLE)
    assert [line.split()[0] for line in lines if "by name only" in line] == [*CAMPAIGNS, *CONFIGURATION]
    assert [line.split()[0] for line in lines if "days of history" in line] == ["dormant_account_awakes", "slow_drip"]


@pytest.mark.parametrize("wrong", [{"history": "soon"}, {"scenarios": ["robbery"]}, {"faults": ["earthquake"]}])
def test_wrong_usage_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: dict[str, object]) -> None:
    """Status 2 and a line that names what is wrong."""
    given: dict[str, object] = {
        "port": 0, "scenarios": None, "seed": 7, "history": "1h", "rows": 100, "folder": tmp_path,
    }  # fmt: skip
    assert simulate(**(given | wrong)) == 2  # type: ignore[arg-type]
    assert str(next(iter(wrong.values()))).strip("[]'") in capsys.readouterr().err


def test_durations() -> None:
    """A number and a unit, nothing else."""
    assert parse_duration("36h").total_seconds() == 36 * 3600
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration("h")


def test_odd_cells_can_be_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--no-awkward`, for clients that break on them."""
    wanted: list[bool] = []

    def note(settings: SimulatorSettings) -> None:
        wanted.append(settings.awkward)
        raise OSError("not started")

    monkeypatch.setattr("agent.simulator.command.serve", note)
    for options in ([], ["--no-awkward"]):
        assert main(["--folder", str(tmp_path), *options]) == 2
    assert wanted == [True, False]
