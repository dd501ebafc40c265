"""`leakline status` when it cannot tell: own words and exit status 3."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agent.cli.app import main
from agent.daemon import status
from agent.daemon.control import client
from agent.daemon.control.client import ask
from agent.errors import LeaklineError
from tests.attack.four_places import status_of
from tests.end_to_end.agent_process import AgentProcess
from tests.store.one_shard import OneShard

UNPRIVILEGED = 65534
"""`nobody`."""


@contextmanager
def behind(path: Path, serve: Callable[[socket.socket], None]) -> Iterator[None]:
    """Something that accepts connections behind the socket, and does with each what the test wants."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen(8)

    def run() -> None:
        try:
            while True:
                connection, _ = server.accept()
                serve(connection)
        except OSError:
            pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(60)


def run_status(settings: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and error of `leakline status`."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.argv", ["leakline", "status", "-c", str(settings), *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


HELD: list[socket.socket] = []


def never(connection: socket.socket) -> None:
    HELD.append(connection)  # neither answered nor closed


def saying(answer: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        with closing(connection):
            connection.recv(1 << 16)
            connection.sendall(answer)

    return serve


FOREIGN = {
    "never answers": (never, "did not answer within"),
    "hangs up": (lambda connection: connection.close(), "ended before it answered"),
    "hangs up after reading": (saying(b""), "ended before it answered"),
    "half an answer": (saying(b'{"result": {"ver'), "is not of this version"),
    "garbage": (saying(b"\x00\xff\xfe\n"), "is not of this version"),
    "a list": (saying(b"[]\n"), "is not of this version"),
    "neither result nor error": (saying(b"{}\n"), "is not of this version"),
    "an error that is no text": (saying(b'{"error": {"a": 1}}\n'), "{'a': 1}"),
}


@pytest.mark.parametrize(("serve", "words"), FOREIGN.values(), ids=FOREIGN.keys())
def test_a_daemon_that_does_not_answer_is_exit_status_3(
    settings: Path,
    tmp_path: Path,
    serve: Callable[[socket.socket], None],
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Own words and no traceback; `--json` prints a document with the error."""
    monkeypatch.setattr(status, "ANSWER_WITHIN", 0.5)
    with behind(tmp_path / "s", serve):
        code, _, err = run_status(settings, capsys)
        assert (code, "Traceback" in err) == (3, False)
        assert words in err.replace("\n", " ")
        code, out, _ = run_status(settings, capsys, "--json")
        assert code == 3
        assert words in json.loads(out)["error"]
    while HELD:
        HELD.pop().close()


def test_a_daemon_that_takes_no_connection_is_not_waited_for(tmp_path: Path) -> None:
    """Its queue is full: nobody accepts any more."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "s"))
    server.listen(0)
    with closing(server):
        waiting = []
        for _ in range(4):
            connection = socket.socket(socket.AF_UNIX)
            connection.setblocking(False)
            waiting.append(connection)
            connection.connect_ex(str(tmp_path / "s"))
        with pytest.raises(LeaklineError, match="does not accept connections"):
            ask(tmp_path / "s", "status", timeout=0.5)
        for connection in waiting:
            connection.close()


def test_a_drip_of_an_answer_does_not_hold_status_for_ever(tmp_path: Path) -> None:
    """The time is for the whole answer, not for each byte of it."""
    ended = threading.Event()

    def drip(connection: socket.socket) -> None:
        with closing(connection):
            while not ended.wait(0.05):
                connection.sendall(b" ")

    with behind(tmp_path / "s", drip), pytest.raises(LeaklineError, match="did not answer within"):
        try:
            ask(tmp_path / "s", "status", timeout=0.5)
        finally:
            ended.set()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without permission")
def test_somebody_without_permission_is_told_whom_to_ask(tmp_path: Path) -> None:
    """Not a traceback, and not the words of a daemon that does not run."""
    path = tmp_path / "s"
    with behind(path, never):
        path.chmod(0o660)
        child = os.fork()
        if child == 0:
            for folder in path.parents:
                if folder != Path("/tmp") and "/tmp" in str(folder):
                    folder.chmod(0o755)
            os.setgroups([])
            os.setgid(UNPRIVILEGED)
            os.setuid(UNPRIVILEGED)
            try:
                ask(path, "status")
            except LeaklineError as error:
                os._exit(7 if "may not connect to the daemon" in str(error) and "sudo" in str(error) else 8)
            os._exit(9)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_path_no_socket_can_have_is_told(tmp_path: Path) -> None:
    """Too long for a socket's name, or below a file: the settings' key is named."""
    (tmp_path / "file").write_text("")
    for path in (tmp_path / ("x" * 200), tmp_path / "file" / "s"):
        with pytest.raises(LeaklineError, match=r"state\.control_socket"):
            ask(path, "status")


def test_a_locked_state_without_a_daemon_to_ask_is_exit_status_3(
    settings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A process holds the state and does not listen: nobody can tell how it goes."""
    state = OneShard(tmp_path / "state")
    code, _, err = run_status(settings, capsys)
    assert (code, "Traceback" in err) == (3, False)
    assert "is held by process" in err
    assert json.loads(run_status(settings, capsys, "--json")[1])["problems"] is None
    state.close()


def test_the_exit_statuses_are_documented(settings: Path) -> None:
    """`status --help` says what 0, 1, 3 and 78 mean."""
    from agent.cli.app import app

    text = CliRunner().invoke(app, ["status", "--help"]).output
    assert all(f"{number}:" in text for number in (0, 1, 3, 78))


def test_how_long_an_answer_may_take_is_bounded() -> None:
    """A person does not wait for minutes."""
    assert status.ANSWER_WITHIN <= 30
    assert client.TIMEOUT <= 60


@pytest.mark.attack
def test_a_running_daemon_that_stands_still_is_exit_status_3(document: dict[str, Any], tmp_path: Path) -> None:
    """Stopped by a debugger, say: status says that it cannot tell, and afterwards all goes on."""
    document["orgs"][0]["sources"][0]["event_types"] = ["Login"]
    agent = AgentProcess(tmp_path, document)
    agent.start()
    agent.tell(signal.SIGSTOP)
    still = status_of(agent.settings)
    agent.tell(signal.SIGCONT)
    assert still.returncode == 3, still.stdout + still.stderr
    assert "did not answer within" in still.stderr
    agent.wait_for(lambda: agent.status()["sources"][0]["last_success"])
    assert agent.stop() == 0
