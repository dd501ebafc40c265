"""A reload takes orgs from the files of a folder, and touches no org whose settings are the same."""

from __future__ import annotations

import gc
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import generate_latest

from agent import metrics
from agent.config.settings_files import read_files
from agent.daemon import running_orgs
from tests.isolation.observed_daemon import Changes, MovedClock, ObservedDaemon, ObservedHec, by_kind, running
from tests.isolation.served_org import LEAK, ServedOrg, document_for
from tests.isolation.troubles import Troubles

FIRST, SECOND = "larkspur", "clover"


@dataclass
class FolderOfOrgs:
    """Orgs that a test puts into a folder and takes out of it, and a daemon over those that are there at its start."""

    path: Path
    changes: Changes
    clock: MovedClock
    hec: ObservedHec
    stack: ExitStack
    served: dict[str, ServedOrg] = field(default_factory=dict)
    daemon: ObservedDaemon = field(init=False)

    def serve(self, name: str) -> ServedOrg:
        """An org on the network, which is in no file yet."""
        org = ServedOrg(self.path / name, name, len(self.served), self.clock)
        self.served[name] = org
        self.stack.callback(org.close)
        return org

    def put(self, name: str, **keys: Any) -> None:
        """The org's file, with these keys in place of others."""
        (self.path / "orgs.d").mkdir(exist_ok=True)
        self.file(name).write_text(yaml.safe_dump({**self.served[name].settings(), **keys}))

    def file(self, name: str) -> Path:
        return self.path / "orgs.d" / f"{name}.yaml"

    def start(self, **keys: Any) -> None:
        document = {**document_for(self.path, [], [self.hec.settings(self.path)]), **keys}
        settings = self.path / "leakline.yaml"
        settings.write_text(yaml.safe_dump(document))
        self.daemon = self.stack.enter_context(running(read_files(settings), self.changes, self.clock))

    def reload(self) -> dict[str, Any]:
        return self.daemon.daemon.commands.reload()

    def results(self, answer: dict[str, Any]) -> dict[str, str]:
        return {org["org"]: org["result"] for org in answer["orgs"]}

    def arrived(self, name: str) -> Counter[str]:
        """How often each row of an org arrived, by its event's id."""
        return Counter(row["event"]["id"] for row in by_kind(self.hec.documents(), self.served[name]).get("event", []))

    def wait_for_rows(self, name: str, rows: int) -> None:
        self.daemon.wait_for(lambda: len(self.arrived(name)) == rows)

    def problems(self) -> dict[str, str]:
        """Subjects of orgs that are not as their settings say, with what is said of each."""
        found = self.daemon.daemon.node.own_problems.open()
        return {Path(problem.subject).name: problem.message for problem in found if problem.kind == "org-not-loaded"}

    def actions(self) -> list[str]:
        """What Leakline's own events tell."""
        return [str(row["event"].get("action")) for row in self.hec.documents()]


@pytest.fixture
def orgs(tmp_path: Path, changes: Changes, clock: MovedClock, hec: ObservedHec) -> Iterator[FolderOfOrgs]:
    with ExitStack() as stack:
        folder = FolderOfOrgs(tmp_path, changes, clock, hec, stack)
        first = folder.serve(FIRST)
        first.show(["/home/", "/reports/"])
        folder.put(FIRST)
        yield folder


@pytest.fixture
def both(orgs: FolderOfOrgs) -> FolderOfOrgs:
    """A second one whose file comes with a reload."""
    second = orgs.serve(SECOND)
    second.show([f"{LEAK}1/"])
    orgs.start()
    orgs.wait_for_rows(FIRST, 2)
    return orgs


def test_an_org_that_is_added_is_read_and_no_other_is_touched(both: FolderOfOrgs) -> None:
    """The others keep shard, session, token and threads, and are polled on; the answer and an event say what was done."""
    node, readings = both.daemon.daemon.node, both.daemon.daemon.readings
    shard, session, reading = node.shards[FIRST], node.sessions[FIRST], readings.by_shard[FIRST]
    ingest, follower = shard.ingest, both.daemon.daemon.forwards[0].shards[1]
    tokens = both.served[FIRST].org.calls["token"]
    both.put(SECOND)
    answer = both.reload()
    assert both.results(answer) == {FIRST: "unchanged", SECOND: "added"}
    assert (answer["not_loaded"], answer["restart_for"]) == ([], [])
    both.wait_for_rows(SECOND, 1)
    assert node.shards[FIRST] is shard
    assert node.shards[FIRST].ingest is ingest
    assert node.sessions[FIRST] is session
    assert readings.by_shard[FIRST] is reading
    assert both.daemon.daemon.forwards[0].shards[1] is follower
    both.served[FIRST].show(["/later/"])
    both.wait_for_rows(FIRST, 3)
    assert both.served[FIRST].org.calls["token"] == tokens
    both.daemon.wait_for(lambda: "orgs-reloaded" in both.actions())
    both.daemon.wait_for(lambda: {org["name"] for org in both.daemon.status()["orgs"]} == {FIRST, SECOND})
    assert set(both.arrived(FIRST).values()) == {1}


def test_an_org_that_is_removed_ends_and_is_delivered(both: FolderOfOrgs) -> None:
    """Nothing of it is asked any more; what was read arrives, it is in `status`, and its metrics are gone."""
    both.put(SECOND)
    both.reload()
    both.wait_for_rows(SECOND, 1)
    both.file(SECOND).unlink()
    assert both.results(both.reload())[SECOND] == "removed"
    calls = sum(both.served[SECOND].org.calls.values())
    both.served[FIRST].show(["/later/"])
    both.wait_for_rows(FIRST, 3)
    both.served[SECOND].show(["/unread/"])
    assert sum(both.served[SECOND].org.calls.values()) == calls
    status = both.daemon.status()
    assert [org["name"] for org in status["orgs"]] == [FIRST, SECOND]
    assert [source["name"] for source in status["sources"]] == [both.served[FIRST].source]
    both.daemon.wait_for(lambda: SECOND not in generate_latest(metrics.REGISTRY).decode())
    both.put(SECOND)
    assert both.results(both.reload())[SECOND] == "added"
    both.wait_for_rows(SECOND, 2)
    assert set(both.arrived(SECOND).values()) == {1}


def test_commands_of_the_socket_know_an_org_that_came_later(both: FolderOfOrgs) -> None:
    """Its dead letters are listed and its problems, by a daemon that listens since before."""
    table = {command.name: command for command in both.daemon.daemon.commands.table()}
    both.served[SECOND].show_malformed()
    both.put(SECOND)
    both.reload()
    both.daemon.wait_for(lambda: any(org["dead_letters"] for org in both.daemon.status()["orgs"]))
    (file,) = table["dead_letters_list"].run()["files"]
    assert file["org"] == SECOND
    assert SECOND in {problem["org"] for problem in both.daemon.status()["problems"]}


def test_an_org_with_other_settings_begins_anew_where_it_was(both: FolderOfOrgs) -> None:
    """With another session, from its cursor on: no row comes twice."""
    session = both.daemon.daemon.node.sessions[FIRST]
    both.put(FIRST, timeout="7s")
    assert both.results(both.reload()) == {FIRST: "changed"}
    assert session.closed
    assert both.daemon.daemon.node.sessions[FIRST].settings.timeout.total_seconds() == 7
    both.served[FIRST].show(["/later/"])
    both.wait_for_rows(FIRST, 3)
    assert set(both.arrived(FIRST).values()) == {1}
    assert both.daemon.status()["balanced"]


def test_a_file_that_breaks_stops_nothing_and_is_told(both: FolderOfOrgs) -> None:
    """At the reload the org goes on as it was; the problem is over when the file is right again."""
    session = both.daemon.daemon.node.sessions[FIRST]
    both.file(FIRST).write_text("name: [\n")
    answer = both.reload()
    assert both.results(answer) == {FIRST: "unchanged"}
    assert "larkspur.yaml is not YAML" in answer["not_loaded"][0]
    assert list(both.problems()) == ["larkspur.yaml"]
    assert not both.daemon.daemon.commands.document().is_well
    both.daemon.wait_for(lambda: "org-not-loaded" in both.actions())
    both.served[FIRST].show(["/later/"])
    both.wait_for_rows(FIRST, 3)
    both.put(FIRST)
    assert both.results(both.reload()) == {FIRST: "unchanged"}
    assert both.problems() == {}
    assert both.daemon.daemon.node.sessions[FIRST] is session


def test_a_file_that_is_broken_at_the_start_stops_no_other_org(orgs: FolderOfOrgs) -> None:
    """It is told from the start on, and its org begins with the reload."""
    orgs.serve(SECOND).show(["/home/"])
    orgs.put(SECOND, url="http://plain.example.com")
    orgs.start()
    orgs.wait_for_rows(FIRST, 2)
    assert "clover.yaml:" in orgs.problems()["clover.yaml"]
    orgs.put(SECOND)
    assert orgs.results(orgs.reload()) == {FIRST: "unchanged", SECOND: "added"}
    orgs.wait_for_rows(SECOND, 1)


def test_other_settings_are_named_and_stay(both: FolderOfOrgs) -> None:
    """The answer says which keys need a restart."""
    path = both.path / "leakline.yaml"
    document = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**document, "log": {"level": "debug"}}))
    assert both.reload()["restart_for"] == ["log.level"]


def test_an_org_that_hangs_holds_up_no_reload(
    both: FolderOfOrgs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The reload returns, says where the org is and takes the others; the org begins anew once it has ended."""
    troubles = Troubles(both.changes)
    monkeypatch.setattr(running_orgs, "CUT_AFTER", 0.1)
    monkeypatch.setattr(running_orgs, "END_WITHIN", 0.1)
    troubles.hold_reader(monkeypatch, both.served[FIRST])
    for number in range(3):
        both.served[FIRST].show([f"/long/{number}/"])
    both.daemon.wait_for(lambda: troubles.held_readers)
    try:
        both.put(SECOND)
        both.put(FIRST, timeout="7s")
        answer = both.reload()
        assert both.results(answer) == {FIRST: "waits", SECOND: "added"}
        both.wait_for_rows(SECOND, 1)
        assert "has not ended yet" in both.problems()[FIRST]
        assert both.results(both.reload()) == {FIRST: "waits", SECOND: "unchanged"}
    finally:
        troubles.released.set()
    both.daemon.wait_for(lambda: not both.problems())
    both.wait_for_rows(FIRST, 5)
    assert set(both.arrived(FIRST).values()) == {1}


def test_reloads_at_once_take_turns(both: FolderOfOrgs) -> None:
    """Each gets the answer of a whole reload, and an org is added once."""
    both.put(SECOND)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: both.results(both.reload())[SECOND], range(4)))
    assert sorted(answers) == ["added", "unchanged", "unchanged", "unchanged"]
    both.wait_for_rows(SECOND, 1)


def test_orgs_that_come_and_go_leave_nothing_behind(both: FolderOfOrgs) -> None:
    """After fifty times there are as many threads, open files and jobs as after the first ones."""
    counted: list[tuple[int, int]] = []
    for number in range(50):
        both.put(SECOND)
        both.reload()
        both.daemon.wait_for(lambda: both.daemon.daemon.readings.has_read(SECOND))
        both.file(SECOND).unlink()
        assert both.results(both.reload())[SECOND] == "removed"
        if number in (4, 49):
            counted.append(settled(both.daemon))
    (threads, files), (threads_later, files_later) = counted
    assert threads_later - threads < 45 // 4, "pools fill up over time, but not by one for each time"
    assert files_later - files < 45 // 4, "connections are kept for a while, but not one for each time"
    assert len(both.daemon.daemon.forwards[0].shards) == 3
    assert set(both.arrived(SECOND).values()) == {1}


def settled(daemon: ObservedDaemon) -> tuple[int, int]:
    """Threads and open files of this process, once what is about to end has ended."""
    previous = (0, 0)
    for _ in range(50):
        gc.collect()
        current = threading.active_count(), sum(1 for _ in Path("/proc/self/fd").iterdir())
        if current == previous:
            break
        previous = current
        time.sleep(0.1)
    return previous


def test_the_past_of_an_org_that_came_or_changed_is_read(both: FolderOfOrgs) -> None:
    """A backfill is of the orgs as they are now; that of one that is changed, or removed and added again, continues."""
    commands = {command.name: command.run for command in both.daemon.daemon.commands.table()}
    since = (both.clock() - timedelta(days=3)).isoformat()

    def begin(name: str) -> None:
        cost = commands["backfill_cost"](org=name, since=since)
        commands["backfill_start"](org=name, since=cost["since"], until=cost["until"])

    def states() -> dict[str, str]:
        return {status["org"]: status["state"] for status in commands["backfill_status"]()}

    both.put(SECOND)
    both.reload()
    both.wait_for_rows(SECOND, 1)
    begin(SECOND)
    both.daemon.wait_for(lambda: states() == {SECOND: "finished"})
    begin(FIRST)
    both.put(FIRST, api_budget={"share": 0.7})
    assert both.results(both.reload())[FIRST] == "changed"
    both.daemon.wait_for(lambda: states() == {FIRST: "finished", SECOND: "finished"})
    begin(SECOND)
    both.file(SECOND).unlink()
    assert both.results(both.reload())[SECOND] == "removed"
    assert states() == {FIRST: "finished"}
    both.put(SECOND)
    both.reload()
    both.daemon.wait_for(lambda: states() == {FIRST: "finished", SECOND: "finished"})
