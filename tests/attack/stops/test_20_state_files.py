"""The state directory is one process's and its owner's alone."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.check.examine import examine
from agent.errors import StateError
from agent.model import Outcome
from tests.end_to_end.agent_process import AgentProcess
from tests.pipeline.fakes import ListSource, Loops, ScriptedDestination, batch_of, ids_of
from tests.store.one_shard import OneShard

OPENING = (
    "import sys; from pathlib import Path; "
    "from agent.store.directory.state_directory import StateDirectory; StateDirectory(Path(sys.argv[1]))"
)


@pytest.fixture
def lax_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def live(directory: Path) -> None:
    """Reading, delivering, a dead letter: everything that makes files."""
    loops, destination = Loops(OneShard(directory)), ScriptedDestination(script=[Outcome(rejected=[(0, "no")])])
    loops.begin()
    loops.ingest().read(ListSource([batch_of(1, ids_of(0, 5))]))
    forward = loops.forward(destination)
    loops.ingest().read(ListSource([batch_of(2, ids_of(5, 9))]))
    loops.drain(forward)
    loops.state.close()


def modes(directory: Path) -> dict[str, str]:
    """What is open to others below the directory, and itself."""
    paths = [directory, *directory.rglob("*")]
    wrong = [path for path in paths if stat.S_IMODE(path.stat().st_mode) != (0o700 if path.is_dir() else 0o600)]
    return {str(path.relative_to(directory)): f"{stat.S_IMODE(path.stat().st_mode):04o}" for path in wrong}


def test_deleting_the_lock_file_lets_nobody_in(tmp_path: Path) -> None:
    """A second process is refused although `lock` is gone, or is another file."""
    state = OneShard(tmp_path)
    command = [sys.executable, "-c", OPENING, str(tmp_path)]
    for replace in (False, True):
        (tmp_path / "lock").unlink(missing_ok=True)
        if replace:
            (tmp_path / "lock").write_text("")
        second = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert second.returncode != 0
        assert "is held by" in second.stderr
    state.close()
    assert subprocess.run(command, capture_output=True, timeout=300, check=False).returncode == 0


def test_the_holder_is_let_go_after_a_failed_start(tmp_path: Path) -> None:
    """A start that fails leaves no lock behind in its process."""
    (tmp_path / "process" / "spool").mkdir(parents=True)
    (tmp_path / "process" / "spool" / "events-x.arrow").write_bytes(b"")
    for _ in range(2):
        with pytest.raises(StateError, match="batch files beside it"):
            OneShard(tmp_path)


@pytest.mark.usefixtures("lax_umask")
def test_all_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    """With umask 0 every file of the state has mode 0600 and every folder 0700."""
    live(tmp_path / "state")
    assert modes(tmp_path / "state") == {}


@pytest.mark.usefixtures("lax_umask")
def test_what_was_open_is_closed_at_the_next_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A state that an older version, or somebody, left open is tightened, with a warning in the log."""
    directory = tmp_path / "state"
    live(directory)
    for path in (directory, *directory.rglob("*")):
        path.chmod(0o777)
    live(directory)
    assert modes(directory) == {}
    assert "has mode 0777" in capsys.readouterr().out


def test_check_mentions_an_open_state_directory(document: dict[str, Any], tmp_path: Path) -> None:
    """Mode 0777 or 0755 is something to know about; 0700 is not."""
    directory = Path(document["state"]["directory"])
    directory.mkdir()
    settings = tmp_path / "leakline.yaml"
    settings.write_text(yaml.safe_dump(document))

    def mentioned() -> list[str]:
        return [finding.fix for finding in examine(settings, offline=True) if f"chmod 0700 {directory}" in finding.fix]

    for mode, times in ((0o777, 1), (0o755, 1), (0o700, 0)):
        directory.chmod(mode)
        assert len(mentioned()) == times


def test_what_is_not_ours_is_not_touched(tmp_path: Path) -> None:
    """An output folder that somebody put into the state directory keeps its mode."""
    (tmp_path / "out").mkdir(mode=0o755)
    (tmp_path / "out").chmod(0o755)
    OneShard(tmp_path).close()
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o755


@pytest.mark.attack
def test_a_second_daemon_is_refused_although_the_lock_file_is_gone(document: dict[str, Any], tmp_path: Path) -> None:
    """With real daemons: the second ends, the first goes on."""
    agent = AgentProcess(tmp_path, document)
    agent.start()
    (Path(document["state"]["directory"]) / "lock").unlink()
    command = [sys.executable, "-m", "agent", "run", "-c", str(agent.settings)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert second.returncode == 3
    assert "is held by" in second.stderr
    assert agent.status()["running"]
    assert agent.stop() == 0
