"""Dead letters while the daemon runs: read, sent again, dropped; and damaged ones."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

import agent.daemon.daemon
from agent.cli.output import dead_letters
from agent.config.settings import Settings
from agent.daemon.control.client import ask
from agent.daemon.control.dead_letters import dead_letter_requests
from agent.daemon.control.server import ControlServer, control_served
from agent.errors import LeaklineError
from agent.model import Outcome, Rejection
from agent.pipeline.forward import Forward
from agent.store import dead_letter_problem
from agent.store.accounts import Accounts
from agent.store.queue import dead_letter_commands
from agent.store.queue.dead_letter_commands import DeadLetterCommands
from agent.store.queue.dead_letter_files import DeadLetterFiles
from tests.config.test_settings import minimal
from tests.pipeline.fakes import NOW, ListSource, Loops, ScriptedDestination, batch_of, ids_of
from tests.pipeline.test_forward import balanced
from tests.store.one_shard import OneShard

BAD = Rejection("00D", "event_log_file", "Login", "login.csv", 7, "3 cells [red]instead[/] of 35 [/nothing]", b'"\xff')


class ServedLoops:
    """State and loops behind a control socket, as the daemon has them: two dead letters of siem, one of the source."""

    def __init__(self, folder: Path) -> None:
        self.loops = Loops(OneShard(folder / "state"))
        self.siem = ScriptedDestination(script=[Outcome(rejected=[(0, "bad ip"), (2, "[bold]bad ip")])])
        self.forward: Forward = self.loops.forward(self.siem)
        self.loops.ingest().read(ListSource([batch_of(1, ids_of(0, 4), rejections=(BAD,))]))
        self.loops.drain(self.forward)
        document = minimal() | {"state": {"directory": str(folder / "state")}}
        self.settings = Settings.model_validate(document)
        files = DeadLetterFiles({"acme": self.loops.stores}, {"siem": self.siem.lanes}, lambda *_: True, lambda: NOW)
        self.server: ControlServer | None = ControlServer(self.settings.state.socket(), dead_letter_requests(files))

    def end(self) -> None:
        if self.server:
            self.server.close()
            self.loops.state.close()
        self.server = None

    def say(
        self, what: str, *numbers: int, destination: str | None = None, everything: bool = False
    ) -> tuple[int, str]:
        out = io.StringIO()
        status = dead_letters.settle(
            self.settings,
            f"dead_letters_{what}",
            [str(number) for number in numbers],
            destination=destination,
            everything=everything,
            by="ada",
            console=Console(file=out, width=200),
        )
        return status, out.getvalue()

    def list(self) -> tuple[int, str]:
        out = io.StringIO()
        status = dead_letters.show_list(self.settings, Console(file=out, width=500), as_json=False)
        return status, out.getvalue()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[ServedLoops]:
    daemon = ServedLoops(tmp_path)
    yield daemon
    daemon.end()


def test_they_are_listed_while_the_daemon_runs(daemon: ServedLoops) -> None:
    """With numbers, places and reasons as they came, brackets included."""
    status, text = daemon.list()
    assert status == 1
    assert "reading acme/list" in text
    assert "refused by siem" in text
    assert "3 cells [red]instead[/] of 35 [/nothing]" in text


def test_they_are_shown_while_the_daemon_runs_page_by_page(
    daemon: ServedLoops, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row, whole, over as many answers as it takes."""
    monkeypatch.setattr(dead_letter_commands, "ROWS_A_PAGE", 1)
    assert dead_letters.show(daemon.settings, "0") == 0
    assert dead_letters.show(daemon.settings, "acme/1") == 0
    malformed, first, second = map(json.loads, capfdbinary.readouterr().out.splitlines())
    assert malformed["raw_base64"] == "Iv8="
    assert [first["event"]["event.id"], second["event"]["event.id"]] == [ids_of(0, 1)[0], ids_of(2, 3)[0]]
    assert first["time"] == NOW.isoformat()


def test_replay_sends_refused_rows_again(daemon: ServedLoops) -> None:
    """They arrive where they were refused; accounts and problem follow, and who did it is an event."""
    loops = daemon.loops
    assert daemon.say("replay", 1) == (0, "1: 2 rows of siem: to be sent again\n")
    waiting = Accounts(loops.state).delivered("siem", "events")
    assert (waiting.dead_lettered, waiting.set_aside) == (0, 2)
    assert balanced(loops, daemon.forward)
    loops.drain(daemon.forward)
    assert sorted(daemon.siem.accepted) == ids_of(0, 4)
    assert balanced(loops, daemon.forward)
    assert [(p.kind, p.subject) for p in loops.problems.open()] == [("dead-letters", "acme/list")]
    assert "dead-letters-replayed" in loops.event_actions()
    entry = loops.spool.entry("alerts", loops.spool.end("alerts").sequence - 2)
    assert entry is not None
    (event,) = loops.spool.read(entry).frames[0].to_dicts()
    assert (event["user.name"], event["leakline.rows"], event["leakline.destination"]) == ("ada", 2, "siem")


def test_rows_refused_again_are_dead_letters_again(daemon: ServedLoops) -> None:
    """With the new reason; the sum holds."""
    daemon.say("replay", 1)
    daemon.siem.script = [Outcome(rejected=[(1, "still bad")])]
    daemon.loops.drain(daemon.forward)
    assert "still bad" in daemon.list()[1]
    assert Accounts(daemon.loops.state).delivered("siem", "events").dead_lettered == 1
    assert balanced(daemon.loops, daemon.forward)


def test_replayed_rows_that_cannot_be_encoded_end_nothing(daemon: ServedLoops) -> None:
    """A row that was put aside because it broke the format is put aside again, and nobody's delivery ends."""
    loops = daemon.loops
    loops.ingest().read(ListSource([batch_of(2, ["poison", *ids_of(4, 6)])]))
    forward = loops.forward(daemon.siem)
    loops.drain(forward)
    assert daemon.siem.accepted[-2:] == ids_of(4, 6)
    number = loops.dead_letters.files()[-1][0]
    daemon.say("replay", number)
    loops.drain(forward)
    assert loops.dead_letters.files()[-1][0] == number + 1
    assert balanced(loops, forward)


def test_drop_lets_go_of_them(daemon: ServedLoops) -> None:
    """Dropped rows are counted as such; the problem is over, and who did it is an event."""
    loops = daemon.loops
    assert daemon.say("drop", everything=True)[0] == 0
    assert daemon.list() == (0, "No dead letters.\n")
    done = Accounts(loops.state).delivered("siem", "events")
    assert (done.dead_lettered, done.dropped) == (0, 2)
    assert balanced(loops, daemon.forward)
    assert not loops.problems.open()
    assert loops.event_actions().count("dead-letters-dropped") == 2
    assert [path for path in (loops.state.directory / "dead-letters").iterdir() if path.is_file()] == []


def test_what_cannot_be_sent_again_says_why(daemon: ServedLoops) -> None:
    """Malformed rows never became events; a destination may be gone from the settings; a number may be wrong."""
    status, text = daemon.say("replay", 0, 99)
    assert status == 1
    assert "never became events" in text
    assert "no file of dead letters with the number 99" in text
    office = DeadLetterCommands(daemon.loops.stores, {}, lambda: NOW)
    with pytest.raises(LeaklineError, match="no destination 'siem'"):
        office.replay(1, "ada")
    assert daemon.loops.dead_letters.count() == 3


def test_one_destination_is_chosen(daemon: ServedLoops) -> None:
    """`--destination` takes its files and leaves the others."""
    assert daemon.say("replay", destination="siem")[0] == 0
    assert "reading acme/list" in daemon.list()[1]
    assert daemon.loops.dead_letters.count() == 1


def test_a_damaged_file_is_said_to_be_damaged(daemon: ServedLoops) -> None:
    """The list does not crash over it, nothing else is kept from being seen, and it can be dropped."""
    path = next(daemon.loops.state.directory.glob(f"dead-letters/{daemon.loops.dead_letters.files()[1][1].name}"))
    path.write_bytes(path.read_bytes()[:-10])
    text = daemon.list()[1]
    assert "is damaged" in text
    assert "3 cells" in text
    assert "is missing" in daemon.say("replay", 1)[1]
    assert daemon.say("drop", 1)[0] == 0
    assert Accounts(daemon.loops.state).delivered("siem", "events").dropped == 2
    assert balanced(daemon.loops, daemon.forward)


def test_without_a_daemon_the_state_is_enough(daemon: ServedLoops) -> None:
    """The same commands work on the state alone, and what they decided holds when the daemon is back."""
    document = minimal() | {"state": {"directory": str(daemon.loops.state.whole.directory)}}
    document["destinations"] = [{"type": "file", "name": "siem", "directory": "out"}]
    daemon.settings = Settings.model_validate(document)
    daemon.end()
    assert daemon.say("replay", 1)[0] == 0
    assert daemon.list()[1].count("acme/list") == 1
    loops = Loops(OneShard(daemon.loops.state.whole.directory))
    forward = loops.forward(daemon.siem)
    loops.drain(forward)
    assert sorted(daemon.siem.accepted) == ids_of(0, 4)
    assert balanced(loops, forward)
    loops.state.close()


def test_dead_letters_that_a_recovery_took_in_are_understood(daemon: ServedLoops) -> None:
    """Files that were named without their destination say it themselves."""
    loops = daemon.loops
    with loops.state.transact() as transaction:
        transaction.delete("dead/about/0000000000000001")
    assert daemon.say("replay", 1)[0] == 0
    loops.drain(daemon.forward)
    assert sorted(daemon.siem.accepted) == ids_of(0, 4)


def test_dead_letters_that_a_recovery_took_in_are_a_problem(daemon: ServedLoops) -> None:
    """A recovery does not make them well; and their replay does not end what other rows are told of."""
    loops = daemon.loops
    with loops.state.transact() as transaction:
        transaction.delete("dead/about/0000000000000001")
    for problem in loops.problems.open():
        loops.problems.acknowledge(problem.id, "ada")
    for _ in range(2):  # once, not at every start
        dead_letter_problem.take_over(loops.problems, loops.dead_letters, loops.state)
    assert [(p.kind, p.subject, p.count) for p in loops.problems.open()] == [("dead-letters", "siem", 2)]
    assert daemon.say("replay", 1)[0] == 0
    assert loops.problems.open() == []


def test_the_daemon_answers_for_its_dead_letters(tmp_path: Path) -> None:
    """The commands are among those its socket knows."""
    document = minimal() | {"state": {"directory": str(tmp_path / "state")}}
    document["orgs"][0]["auth"]["client_secret"] = {"file": str(tmp_path / "secret")}
    (tmp_path / "secret").write_text("hunter2")
    running = agent.daemon.daemon.Daemon(Settings.model_validate(document))
    socket = tmp_path / "control.sock"
    with control_served(socket, running.commands.table(), running.changes.gate):
        assert ask(socket, "dead_letters_list") == {"files": [], "next": None}
    running.close()
