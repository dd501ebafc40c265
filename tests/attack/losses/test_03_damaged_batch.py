"""A batch file that is damaged or gone: its rows are fetched again, or kept as losses that somebody hears of."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from agent.config.settings import Settings
from agent.daemon.daemon import Daemon
from agent.errors import Gone, TransportError
from agent.model import Chunk, Outcome
from agent.status_document import decode
from agent.store.accounts import Accounts
from tests.attack.four_places import assert_told_everywhere, own_events
from tests.end_to_end.agent_process import AgentProcess
from tests.pipeline.fakes import NOW, Archive, ListSource, Loops, ScriptedDestination, ids_of
from tests.pipeline.test_forward import balanced
from tests.store.one_shard import OneShard


@pytest.fixture
def loops(tmp_path: Path) -> Any:
    loops = Loops(OneShard(tmp_path / "state"))
    yield loops
    loops.state.close()


def flip(path: Path) -> None:
    """One byte in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def spool_file(loops: Loops, sequence: int) -> Path:
    entry = loops.spool.entry("events", sequence)
    assert entry is not None
    return loops.state.directory / "spool" / entry.file.name


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for path in sorted(folder.glob(f"{name}*")) for line in path.read_bytes().splitlines()]


def event_ids(folder: Path) -> Counter[str]:
    return Counter(row["event"]["id"] for row in lines(folder, "events"))


def drain(daemon: Daemon) -> None:
    """Both loops and the repairs by hand, until nothing is left."""
    daemon.readings.send_problem_events()
    for forward in daemon.forwards:
        while forward.forward():
            pass


@pytest.mark.attack
def test_rows_of_damaged_files_are_fetched_again_from_the_org(document: dict[str, Any], tmp_path: Path) -> None:
    """One batch file damaged and one gone: the lost rows, and only they, arrive at the one destination that lacks them;
    both damages are told through the other.
    """
    document["orgs"][0]["sources"][0]["event_types"] = ["Login", "Report"]
    places = [tmp_path / "first", tmp_path / "second"]
    document["destinations"] = [{"type": "file", "name": folder.name, "directory": str(folder)} for folder in places]
    settings = Settings.model_validate(document)
    daemon = Daemon(settings)
    rows = daemon.read_once()
    first = daemon.forwards[0]
    while first.forward():
        pass
    expected = event_ids(places[0])
    assert len(expected) == rows
    largest = sorted(
        (tmp_path / "state" / "orgs" / "acme" / "spool").glob("events-*"), key=lambda path: path.stat().st_size
    )[-2:]
    daemon.close()
    flip(largest[0])
    largest[1].unlink()

    daemon = Daemon(settings)
    drain(daemon)
    document = daemon.commands.status()
    assert not decode(document).is_well
    assert document["balanced"]
    assert ("batch-damaged", "second") in {(problem["kind"], problem["subject"]) for problem in document["problems"]}
    lacking = expected - event_ids(places[1])
    assert lacking
    drain(daemon)
    assert "batch-damaged" in {row["event"]["action"] for row in lines(places[0], "alerts")}

    daemon.repair.attempt()
    drain(daemon)
    assert event_ids(places[0]) == event_ids(places[1]) == expected
    assert "batch-restored" in {row["event"]["action"] for row in lines(places[0], "alerts")}
    document = daemon.commands.status()
    assert decode(document).is_well, document["problems"]
    daemon.close()


def test_only_rows_that_are_lacking_arrive(loops: Loops) -> None:
    """Of a batch damaged halfway through its delivery the rest arrives, once, at each destination what it lacks."""
    archive = Archive()
    half, none = ScriptedDestination("half", max_rows=4), ScriptedDestination("none", max_rows=4)
    forwards = [loops.forward(half), loops.forward(none)]
    loops.ingest().read(ListSource([archive.batch(1, ids_of(0, 10)), archive.batch(2, ids_of(10, 15))]))

    def stop(_: Chunk) -> Outcome:
        loops.stop.set()
        return Outcome()

    half.script = [stop]
    loops.drain(forwards[0])
    loops.stop.clear()
    flip(spool_file(loops, 0))

    loops = loops.restarted()
    forwards = [loops.forward(half), loops.forward(none)]
    for forward in forwards:
        loops.drain(forward)
        assert balanced(loops, forward)
    assert half.accepted == [*ids_of(0, 4), *ids_of(10, 15)]
    assert none.accepted == ids_of(10, 15)
    loops.repair(archive).attempt()
    assert archive.fetched == ["input 1"]
    for forward in forwards:
        loops.drain(forward)
        assert balanced(loops, forward)
    assert sorted(half.accepted) == sorted(none.accepted) == ids_of(0, 15)
    assert not loops.problems.open()


def damaged(loops: Loops, archive: Archive) -> tuple[Loops, ScriptedDestination]:
    """Loops in which a batch of five rows was found to be damaged."""
    siem = ScriptedDestination()
    loops.forward(siem)
    loops.ingest().read(ListSource([archive.batch(1, ids_of(0, 5))]))
    flip(spool_file(loops, 0))
    loops = loops.restarted()
    loops.drain(loops.forward(siem))
    return loops, siem


def test_what_the_org_no_longer_has_is_a_dead_letter_of_its_own_kind(loops: Loops) -> None:
    """Each lost row is kept with input, number and reason; a person is told and the sum holds."""
    archive = Archive(script=[Gone("the org has the file no more")])
    loops, siem = damaged(loops, archive)
    loops.repair(archive).attempt()
    ((_, letters),) = loops.dead_letters.read()
    assert letters["row"].to_list() == [1, 2, 3, 4, 5]
    assert set(letters["input"]) == {"input 1"}
    assert set(letters["destination"]) == {"siem"}
    assert letters["raw"].null_count() == 5
    assert all(reason.startswith("lost: ") and "no more" in reason for reason in letters["reason"])
    (problem,) = loops.problems.open()
    assert (problem.kind, problem.subject, problem.count, problem.clears) == ("rows-lost", "siem", 5, "person")
    assert balanced(loops, loops.forward(siem))
    assert {"batch-damaged", "rows-lost", "batch-restored"} <= set(loops.event_actions())


def test_a_file_with_other_rows_now_restores_nothing(loops: Loops) -> None:
    """What is fetched must have the ids of what was lost, all of them; anything else would be events under wrong names."""
    archive = Archive()
    loops, siem = damaged(loops, archive)
    archive.inputs["input 1"] = ids_of(100, 105)
    loops.repair(archive).attempt()
    loops.drain(loops.forward(siem))
    assert siem.accepted == []
    assert [problem.kind for problem in loops.problems.open()] == ["rows-lost"]


def test_an_org_that_cannot_be_asked_is_asked_again_with_growing_pauses(loops: Loops) -> None:
    """Nothing is given up while it may come back; after three days it is."""
    archive = Archive(script=[TransportError("no answer")] * 100)
    loops, siem = damaged(loops, archive)
    clock = {"monotonic": 0.0, "now": NOW}
    repair = loops.repair(archive, now=lambda: clock["now"], monotonic=lambda: clock["monotonic"])  # type: ignore[arg-type, return-value]
    for second in range(300):
        clock["monotonic"] = float(second)
        repair.attempt()
    assert len(archive.script) == 96  # asked at 0, 30, 90 and 210 s
    assert [problem.kind for problem in loops.problems.open()] == ["batch-damaged"]
    assert Accounts(loops.state).delivered("siem", "events").set_aside == 5
    clock |= {"now": NOW + timedelta(days=3, seconds=1), "monotonic": 10_000.0}
    repair.attempt()
    assert [problem.kind for problem in loops.problems.open()] == ["rows-lost"]
    assert balanced(loops, loops.forward(siem))


def test_a_damaged_alert_is_a_loss_that_is_told(loops: Loops) -> None:
    """Alerts cannot be fetched from anywhere."""
    siem = ScriptedDestination()
    loops.forward(siem)
    loops.problems.report("rows-lost", "elsewhere", "something is wrong")
    loops.event_actions()
    entry = loops.spool.entry("alerts", 0)
    assert entry is not None
    (loops.state.directory / "spool" / entry.file.name).unlink()
    loops = loops.restarted()
    loops.drain(loops.forward(siem))
    loops.repair(Archive()).attempt()
    assert ("rows-lost", "siem") in {(problem.kind, problem.subject) for problem in loops.problems.open()}
    assert balanced(loops, loops.forward(siem))


@pytest.mark.attack
def test_a_running_daemon_tells_of_damage(document: dict[str, Any], tmp_path: Path) -> None:
    """A damaged batch of events comes again from the org; an alert that nobody has any more is told in all four places."""
    document["orgs"][0]["sources"][0]["event_types"] = ["Login", "Report"]
    dead = {"type": "syslog", "name": "siem", "host": "127.0.0.1", "port": 1, "transport": "tcp", "format": "ecs"}
    document["destinations"].append(dead)
    agent = AgentProcess(tmp_path, document)
    agent.start()
    agent.wait_for(lambda: agent.status()["sources"][0]["last_success"])
    agent.wait_for(lambda: agent.status()["destinations"][0]["lanes"]["events"]["pending"] == 0)
    assert agent.stop() == 0
    for lane in ("events", "alerts"):
        flip(
            max(
                (tmp_path / "state" / "orgs" / "acme" / "spool").glob(f"{lane}-*"), key=lambda path: path.stat().st_size
            )
        )
    document["destinations"][1] = {"type": "file", "name": "siem", "directory": str(tmp_path / "siem")}
    agent = AgentProcess(tmp_path, document)
    agent.start()
    try:
        assert_told_everywhere(agent, "rows-lost", tmp_path / "out")
        agent.wait_for(lambda: own_events(tmp_path / "out", "batch-damaged"))
        agent.wait_for(lambda: own_events(tmp_path / "out", "batch-restored"))
        # The lost alerts end a problem of the same kind, maybe before the lost events are found: what arrives decides.
        agent.wait_for(lambda: event_ids(tmp_path / "siem") == event_ids(tmp_path / "out"))
        agent.wait_for(agent.drained)
    finally:
        agent.kill()
    assert event_ids(tmp_path / "siem") == event_ids(tmp_path / "out")
