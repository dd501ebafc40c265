"""One dead destination and a full spool: the others go on, or everybody hears why not."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from agent import metrics
from agent.config.settings import Settings
from agent.daemon.daemon import Daemon
from agent.delivery_settings import DeliverySettings
from agent.errors import DiskFull, Unavailable
from agent.model import Chunk, Outcome
from agent.own_event import own_event
from agent.pipeline.forward import Forward
from agent.store.accounts import Accounts
from agent.store.queue.backlog_limit import Quota
from tests.attack.four_places import assert_told_everywhere, status_of
from tests.config.test_settings import minimal
from tests.end_to_end.agent_process import AgentProcess
from tests.pipeline.fakes import NOW, ListSource, Loops, ScriptedDestination, batch_of, ids_of
from tests.pipeline.test_forward import balanced, raise_alert
from tests.store.one_shard import OneShard

pytestmark = pytest.mark.usefixtures("single_commits")

BATCHES, ROWS = 30, 20


@pytest.fixture
def loops(tmp_path: Path) -> Iterator[Loops]:
    loops = Loops(OneShard(tmp_path / "state"))
    yield loops
    loops.state.close()


class DeadDestination(ScriptedDestination):
    """Takes nothing while `down`."""

    down = True

    def send(self, chunk: Chunk) -> Outcome:
        if self.down:
            raise Unavailable("connection refused")
        return super().send(chunk)


def size(loops: Loops) -> int:
    """Bytes of one batch as these tests write them."""
    written = loops.spool.write("events", [batch_of(1, ids_of(0, ROWS)).frame])
    loops.spool.discard([written])
    return written.file.size


def quota(forward: Forward, spool: int, aside: int, *, sets_aside: bool = True, drops: bool = False) -> Quota:
    return Quota(forward.name, forward.shards[0].queue, spool, aside, sets_aside, drops, lambda: "connection refused")


def fill_up(loops: Loops, quotas: list[Quota], *healthy: Forward, limit: int) -> int:
    """Read batch after batch, each healthy destination at its heels, until reading would pause; batches read."""
    room, ingest = loops.room(limit, *quotas), loops.ingest()
    ingest.backpressure = room.enforce
    for number in range(BATCHES):
        if room.enforce():
            return number
        ids = ids_of(number * ROWS, (number + 1) * ROWS)
        ingest.read(ListSource([batch_of(number + 1, ids)]))
        for forward in healthy:
            loops.drain(forward)
    return BATCHES


def test_a_dead_destination_stops_nobody_else(loops: Loops) -> None:
    """Beyond its quota its oldest batches are set aside, which is told; when it is back everything arrives, once."""
    dead, siem = DeadDestination("dead"), ScriptedDestination("siem")
    forwards = [loops.forward(dead), loops.forward(siem)]
    batch = size(loops)
    quotas = [quota(forward, 5 * batch, 100 * batch) for forward in forwards]
    assert fill_up(loops, quotas, forwards[1], limit=100 * batch) == BATCHES
    assert siem.accepted == ids_of(0, BATCHES * ROWS)
    assert loops.spool.bytes_held() <= 6 * batch
    assert all(balanced(loops, forward) for forward in forwards)
    problem = next(p for p in loops.problems.open() if p.kind == "batches-set-aside")
    assert (problem.subject, problem.clears) == ("dead", "itself")
    assert problem.count == Accounts(loops.state).delivered("dead", "events").set_aside >= 20 * ROWS
    assert "batches-set-aside" in loops.event_actions()

    dead.down = False
    again = loops.restarted()
    forward = again.forward(dead)
    again.drain(forward)
    assert sorted(event_id for event_id in dead.accepted if event_id in set(siem.accepted)) == siem.accepted
    assert balanced(again, forward)
    assert again.event_actions()[-1] == "set-aside-delivered"
    assert not again.problems.open()
    assert [path for path in (loops.state.directory / "aside").iterdir() if path.is_file()] == []


def test_what_is_new_goes_before_what_was_set_aside(loops: Loops) -> None:
    """A destination that is back gets alerts first, then the events of now, then the old ones."""
    dead = DeadDestination("dead", max_rows=ROWS)
    forward = loops.forward(dead)
    loops.ingest().read(ListSource([batch_of(n + 1, ids_of(n * ROWS, (n + 1) * ROWS)) for n in range(4)]))
    forward.shards[0].queue.set_aside()
    forward.shards[0].queue.set_aside()
    raise_alert(loops, "a" * 32)
    dead.down = False
    loops.drain(forward)
    assert dead.accepted == ["a" * 32, *ids_of(2 * ROWS, 4 * ROWS), *ids_of(0, 2 * ROWS)]
    assert balanced(loops, forward)


def test_events_are_set_aside_before_alerts(loops: Loops) -> None:
    """Alerts leave their lane only when no events are left in theirs."""
    forward = loops.forward(DeadDestination("dead"))
    raise_alert(loops, "a" * 32)
    loops.ingest().read(ListSource([batch_of(1, ids_of(0, 3))]))
    assert forward.shards[0].queue.set_aside() == 3
    assert forward.shards[0].queue.set_aside() == 1
    assert forward.shards[0].queue.set_aside() == 0
    assert balanced(loops, forward)


def test_a_batch_that_is_set_aside_while_it_is_sent_counts_once(loops: Loops) -> None:
    """The rows in hand are settled where the batch is by then."""
    siem = ScriptedDestination(max_rows=2)
    forward = loops.forward(siem)

    def set_aside(_: Chunk) -> Outcome:
        assert forward.shards[0].queue.set_aside() > 0
        loops.spool.trim({"events": forward.shards[0].queue.position("events")})
        return Outcome()

    siem.script = [Outcome(), set_aside, Outcome(), set_aside]
    loops.ingest().read(
        ListSource([batch_of(1, ids_of(0, 9)), batch_of(2, ids_of(9, 14)), batch_of(3, ids_of(14, 16))])
    )
    loops.drain(forward)
    assert sorted(siem.accepted) == ids_of(0, 16)
    assert balanced(loops, forward)
    assert Accounts(loops.state).delivered("siem", "events").set_aside == 0


def test_a_full_store_of_what_is_set_aside_pauses_reading(loops: Loops) -> None:
    """By default nothing is dropped: the reason names the destination, what it holds and why."""
    dead, siem = DeadDestination("dead"), ScriptedDestination("siem")
    forwards = [loops.forward(dead), loops.forward(siem)]
    batch = size(loops)
    quotas = [quota(forward, 3 * batch, 4 * batch) for forward in forwards]
    assert fill_up(loops, quotas, forwards[1], limit=100 * batch) < BATCHES
    reason = loops.room(100 * batch, *quotas).enforce()
    assert reason.startswith("dead has")
    assert "set aside" in reason
    assert "connection refused" in reason
    assert not [p for p in loops.problems.open() if p.kind == "rows-dropped"]


def test_dropping_needs_a_setting_and_is_told(loops: Loops) -> None:
    """`when_aside_full: drop` lets go of the oldest rows, which are counted and stay a problem until acknowledged."""
    dead = DeadDestination("dead")
    forward = loops.forward(dead)
    batch = size(loops)
    assert fill_up(loops, [quota(forward, 3 * batch, 4 * batch, drops=True)], limit=100 * batch) == BATCHES
    dropped = Accounts(loops.state).delivered("dead", "events").dropped
    assert dropped >= 20 * ROWS
    (problem,) = [p for p in loops.problems.open() if p.kind == "rows-dropped"]
    assert (problem.subject, problem.count, problem.clears) == ("dead", dropped, "person")
    assert balanced(loops, forward)
    dead.down = False
    loops.drain(forward)
    assert sorted(dead.accepted) == ids_of(dropped, BATCHES * ROWS)
    assert balanced(loops, forward)


@pytest.mark.parametrize("drops", [False, True])
def test_all_that_waits_stays_within_the_limit(loops: Loops, drops: bool) -> None:
    """`state.spool_limit_mb` bounds the spool and what is set aside together."""
    forward = loops.forward(DeadDestination("dead"))
    batch = size(loops)
    quotas = [quota(forward, 4 * batch, 50 * batch, drops=drops)]
    read = fill_up(loops, quotas, limit=10 * batch)
    assert read == BATCHES if drops else read < BATCHES
    held = sum(path.stat().st_size for path in loops.state.directory.glob("[sa]*/*.arrow"))
    assert held <= 12 * batch


def test_a_single_destination_pauses_reading_and_that_is_a_problem(
    loops: Loops, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status says that reading is paused, by whom and why; it is over when there is room again."""
    monkeypatch.setattr("agent.pipeline.ingest.FULL_DISK_PAUSE", 0.01)
    dead = DeadDestination("dead")
    forward = loops.forward(dead)
    batch = size(loops)
    room = loops.room(100 * batch, quota(forward, 3 * batch, 0, sets_aside=False))
    ingest = loops.ingest()
    ingest.backpressure = room.enforce
    batches = [batch_of(n + 1, ids_of(n * ROWS, (n + 1) * ROWS)) for n in range(8)]
    reading = threading.Thread(target=lambda: ingest.read(ListSource(batches)))
    reading.start()
    try:
        while not loops.problems.is_open("ingest-paused", "ingest"):
            assert reading.is_alive()
        (problem,) = [p for p in loops.problems.open() if p.kind == "ingest-paused"]
        assert "dead has" in problem.message
        assert "connection refused" in problem.message
        dead.down = False
        while reading.is_alive():
            forward.forward()
        assert not loops.problems.is_open("ingest-paused", "ingest")
    finally:
        loops.stop.set()
        reading.join()
    assert {"ingest-paused", "ingest-resumed"} <= set(loops.event_actions())


@pytest.mark.parametrize(
    ("when_full", "alone", "sets_aside"),
    [(None, True, False), (None, False, True), ("pause", False, False), ("set_aside", True, True)],
)
def test_who_sets_aside(loops: Loops, when_full: str | None, alone: bool, sets_aside: bool) -> None:
    """By default a single destination pauses and several set aside; the setting decides otherwise."""
    settings = DeliverySettings.model_validate({"when_full": when_full})
    forward = loops.forward(ScriptedDestination(), settings)
    assert forward.quota(forward.shards[0], 1 << 30, alone=alone).sets_aside is sets_aside


@pytest.mark.attack
def test_a_running_daemon_with_a_dead_siem(document: dict[str, Any], tmp_path: Path) -> None:
    """Beside a SIEM that refuses connections a file gets every event; status exits with 1 and its first lines say why;
    the event about it arrives in the file; after a kill the SIEM, back again, gets every event.
    """
    dead = {"type": "syslog", "name": "siem", "host": "127.0.0.1", "port": 1, "transport": "tcp", "format": "ecs"}
    document["destinations"].append(dead | {"quota_mb": 1, "longest_pause": "1s"})
    agent = AgentProcess(tmp_path, document)
    agent.start()
    try:
        agent.wait_for(lambda: lanes(agent, "siem")["events"]["set_aside"] > 0)
        agent.wait_for(lambda: lanes(agent, "file")["events"]["pending"] == 0)
        assert_told_everywhere(agent, "batches-set-aside", tmp_path / "out")
        assert "destination-unavailable" in status_of(agent.settings).stdout
        agent.kill()
        document["destinations"][1] = {"type": "file", "name": "siem", "directory": str(tmp_path / "siem")}
        agent = AgentProcess(tmp_path, document)
        agent.start()
        agent.wait_for(lambda: lanes(agent, "siem")["events"]["set_aside"] == 0 and agent.drained())
    finally:
        agent.kill()
    assert ids(tmp_path / "siem") == ids(tmp_path / "out")


def lanes(agent: AgentProcess, destination: str) -> dict[str, dict[str, int]]:
    document = agent.status()
    assert document["balanced"]
    return next(status["lanes"] for status in document["destinations"] if status["name"] == destination)


def ids(folder: Path) -> set[str]:
    return {orjson.loads(line)["event"]["id"] for line in (folder / "events.ndjson").read_bytes().splitlines()}


def test_what_waits_for_a_dead_destination_is_measured(tmp_path: Path) -> None:
    """The metrics grow with what waits although nothing is settled, which is when somebody looks at them."""
    document = minimal() | {"state": {"directory": str(tmp_path / "state")}}
    document["orgs"][0]["auth"]["client_secret"] = {"file": str(tmp_path / "secret")}
    (tmp_path / "secret").write_text("hunter2")
    daemon = Daemon(Settings.model_validate(document))
    (forward,) = daemon.forwards
    for number in range(3):
        daemon.node.shards[""].ingest.take("agent", own_event("", "test", f"event {number}", NOW))
    forward.shards[0].queue.set_aside()
    daemon.trim()
    value = metrics.REGISTRY.get_sample_value
    assert value("leakline_events_pending", {"destination": forward.name, "lane": "alerts"}) == 2
    assert value("leakline_rows_aside", {"destination": forward.name}) == 1
    daemon.close()


def test_a_copy_that_finds_no_room_leaves_nothing(loops: Loops, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file system has no second names, setting aside on a full disk does not fill it further with each try."""

    def no_link(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    def half(_: Path, place: Path) -> None:
        place.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.link", no_link)
    monkeypatch.setattr("shutil.copy2", half)
    forward = loops.forward(DeadDestination("dead"))
    loops.ingest().read(ListSource([batch_of(1, ids_of(0, 3))]))
    with pytest.raises(DiskFull):
        forward.shards[0].queue.set_aside()
    assert list((loops.state.directory / "aside").iterdir()) == []
    assert balanced(loops, forward)
