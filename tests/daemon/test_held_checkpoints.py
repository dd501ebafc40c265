"""A trail that was put back with all that belongs to it is found by what a destination holds."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.daemon.trail.trail_damage import DAMAGED
from agent.destinations.file.file import File, FileSettings
from agent.destinations.splunk.splunk import Splunk, SplunkSettings
from agent.formats import SENT
from agent.model import Destination
from agent.store.directory.state_directory import StateDirectory
from agent.trail.shard_trail import ShardTrail
from tests.daemon.trail_loops import NOW, LoopOfThree


@pytest.fixture
def file(tmp_path: Path) -> Iterator[File]:
    settings = FileSettings(type="file", directory=tmp_path / "out")
    opened = File(settings, SENT["ecs"], now=lambda: NOW)
    yield opened
    opened.close()


def put_back(folder: Path, destination: Destination, *, turns: int, asks: bool = True) -> LoopOfThree:
    """Two checkpoints arrive, then the state of the first is put back and goes on for so many turns without being seen."""
    state, copy = folder / "state", folder / "copy"
    directory = StateDirectory(state)
    before = LoopOfThree(directory, [destination])
    before.add("acme", 2)
    before.loop.turn()
    directory.close()
    shutil.copytree(state, copy)
    directory = StateDirectory(state)
    after = LoopOfThree(directory, [destination], before.signer)
    after.add("acme")
    after.loop.turn()
    after.loop.turn()
    before.deliver(destination)
    after.deliver(destination)
    directory.close()
    shutil.rmtree(state)
    shutil.copytree(copy, state)
    again = LoopOfThree(StateDirectory(state), [destination] if asks else [], before.signer)
    for _ in range(turns):
        again.loop.turn()
    return again


@pytest.mark.parametrize(("turns", "finding"), [(0, "the end was taken away"), (4, "are not those that were signed")])
def test_an_old_copy_of_the_whole_state_is_found(tmp_path: Path, file: File, turns: int, finding: str) -> None:
    """Also where the chain has become longer since than it had been: it is reported as damage, and stays as it is."""
    three = put_back(tmp_path, file, turns=turns)
    lines = list(ShardTrail(three.process).lines())
    (found,) = three.verified().findings
    assert finding in found.message
    assert "(file holds that checkpoint)" in three.problems.open()[0].message
    assert three.kinds() == [(DAMAGED, "leakline")]
    assert list(ShardTrail(three.process).lines())[: len(lines)] == lines
    assert three.inquiry.answers["file"].inquiry == "asked"
    assert three.inquiry.answers["file"].size == 3


def test_nobody_sees_it_without_the_destination(tmp_path: Path, file: File) -> None:
    """Which is why it is asked."""
    three = put_back(tmp_path, file, turns=0, asks=False)
    assert three.verified().whole


def test_a_trail_that_is_as_it_was_fits_what_the_destination_holds(tmp_path: Path, file: File) -> None:
    """Whatever was sent since."""
    three = LoopOfThree(StateDirectory(tmp_path / "state"), [file])
    for _ in range(3):
        three.add("acme")
        three.loop.turn()
    three.deliver(file)
    assert three.verified().whole
    assert three.inquiry.answers["file"].size == 3


def test_a_destination_that_cannot_be_asked_is_named_and_stops_nothing(tmp_path: Path, file: File) -> None:
    """One whose protocol only takes events, one whose files cannot be read, one that gets no checkpoints, one that breaks."""
    (tmp_path / "token").write_text("t")
    given: Any = {"type": "splunk", "url": "https://127.0.0.1:9", "token": {"file": str(tmp_path / "token")}}
    splunk = Splunk(SplunkSettings.model_validate(given), SENT["ecs"], wait=lambda _: False)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "alerts.ndjson").mkdir()

    class Broken(File):
        def newest_checkpoint(self, origin: str, within: float) -> str | None:
            raise RuntimeError(f"{origin} {within}")

    settings = FileSettings(type="file", directory=tmp_path / "other")
    broken = Broken(settings.model_copy(update={"name": "broken"}), SENT["ecs"], now=lambda: NOW)
    events = File(settings.model_copy(update={"name": "events"}), SENT["ecs"], now=lambda: NOW)
    three = LoopOfThree(StateDirectory(tmp_path / "state"), [splunk, file, broken, events], without=["events"])
    three.loop.turn()
    assert three.verified().whole
    answers = three.inquiry.answers
    assert {name: answer.inquiry for name, answer in answers.items()} == {
        "splunk": "not_askable",
        "file": "unavailable",
        "broken": "unavailable",
        "events": "not_askable",
    }
    assert "cannot be read" in answers["file"].reason
    assert "only takes events" in answers["splunk"].reason


def test_a_stop_does_not_wait_for_an_answer(tmp_path: Path) -> None:
    """The destination answers nothing for as long as it may."""
    asked, let_go = threading.Event(), threading.Event()

    class Hanging(File):
        def newest_checkpoint(self, origin: str, within: float) -> str | None:
            asked.set()
            let_go.wait(60)
            return None

    hanging = Hanging(FileSettings(type="file", directory=tmp_path / "out"), SENT["ecs"], now=lambda: NOW)
    three = LoopOfThree(StateDirectory(tmp_path / "state"), [hanging])
    thread = threading.Thread(target=three.loop.run)
    thread.start()
    try:
        assert asked.wait(60)
        three.stop.set()
        thread.join(5)
        assert not thread.is_alive()
    finally:
        let_go.set()
        thread.join()
    assert three.inquiry.answers["file"].reason == "the daemon stops"
