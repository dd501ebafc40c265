"""What `leakline check` must see before a day is lost to it."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import prometheus_client
import pytest
import yaml
from rich.console import Console

from agent import metrics
from agent.check.doubtful_settings import doubts
from agent.check.examine import examine
from agent.check.findings_output import show
from agent.check.state_directory import file_system
from agent.config.settings import parse
from agent.daemon.control.server import ControlServer
from agent.model import Finding
from tests.certificates import Certificates, make_certificates
from tests.destinations.bulk_server import BulkServer
from tests.destinations.hec_server import TOKEN, HecServer
from tests.destinations.http_server import HttpServer
from tests.destinations.syslog_server import StreamReceiver

Examined = Callable[..., str]


@pytest.fixture
def local(tmp_path: Path) -> dict[str, Any]:
    """Settings that concern this machine alone."""
    secret = tmp_path / "secret"
    secret.write_text("a secret")
    secret.chmod(0o400)
    auth = {"type": "client_credentials", "client_id": "key", "client_secret": {"file": str(secret)}}
    return {
        "orgs": [{"name": "acme", "url": "https://localhost:1", "auth": auth}],
        "destinations": [{"type": "file", "directory": str(tmp_path / "out")}],
        "state": {"directory": str(tmp_path / "state")},
        "rules": {"shipped": False},
    }


@pytest.fixture
def examined(tmp_path: Path) -> Examined:
    """`FAIL` and `WARN` lines of a check of some settings."""

    def run(document: dict[str, Any], *, offline: bool = True, send_test_event: bool = False) -> str:
        path = tmp_path / "leakline.yaml"
        path.write_text(yaml.safe_dump(document))
        return lines(examine(path, offline=offline, send_test_event=send_test_event))

    return run


@pytest.fixture
def servers() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return make_certificates(tmp_path)


def lines(findings: Iterator[Finding] | list[Finding]) -> str:
    marks = {True: "WARN", False: "FAIL"}
    return "\n".join(f"{marks[f.warning]} {f.subject}: {f.message} -> {f.fix}" for f in findings if not f.ok)


def test_an_event_type_that_is_not_known_is_named_with_its_likes(local: dict[str, Any]) -> None:
    """`Logins` is doubted from the settings alone; case does not matter, and a known type is not doubted."""
    local["orgs"][0]["sources"] = [{"event_types": ["Logins", "reportexport", "WaveChange"]}]
    said = lines(doubts(parse(local)))
    assert "WARN settings, org acme: event_types: 'Logins' is not a known event type" in said
    assert "Login" in said.split("-> ")[1]
    assert len(said.splitlines()) == 1


def test_the_org_itself_says_which_event_types_there_are(document: dict[str, Any], examined: Examined) -> None:
    """Its own list counts: a type that it does not have is a failure, one that only we do not know is not."""
    document["orgs"][0]["sources"][0]["event_types"] = ["Login", "Logins"]
    said = examined(document, offline=False)
    assert "FAIL org acme, log files: the org has no event type 'Logins': nothing is read for it -> write Login" in said
    assert "'Login'" not in said


def test_alerts_without_a_destination_are_a_failure(local: dict[str, Any], examined: Examined) -> None:
    """With nobody for the lane `alerts` what rules find is lost; nobody for `events` is only doubted."""
    local["destinations"][0]["lanes"] = ["events"]
    assert "FAIL destinations: no destination takes the lane `alerts`" in examined(local)
    local["destinations"][0]["lanes"] = ["alerts"]
    assert "WARN destinations: no destination takes the lane `events`" in examined(local)


def test_one_receiver_twice_is_doubted(local: dict[str, Any]) -> None:
    """Two destinations that send the same to the same server and index say so, but not with lanes of their own."""
    splunk = {"type": "splunk", "url": "https://splunk:8088", "token": {"env": "TOKEN"}}
    local["destinations"] = [splunk, splunk | {"name": "b"}]
    assert "splunk and b send the same events to the same receiver" in lines(doubts(parse(local)))
    local["destinations"] = [splunk | {"lanes": ["alerts"]}, splunk | {"name": "b", "lanes": ["events"]}]
    assert lines(doubts(parse(local))) == ""


def test_polls_every_few_seconds_are_doubted(local: dict[str, Any]) -> None:
    """They use up the API calls of the org's day."""
    local["orgs"][0]["sources"] = [{"every": "5s"}]
    assert "every: 5s between polls uses up the org's API calls" in lines(doubts(parse(local)))


@pytest.mark.parametrize("directory", ["file", "file/below"])
def test_a_state_directory_that_is_a_file(
    directory: str, local: dict[str, Any], examined: Examined, tmp_path: Path
) -> None:
    """It is a failure with what to do, not a traceback."""
    (tmp_path / "file").write_text("")
    local["state"]["directory"] = str(tmp_path / directory)
    assert f"FAIL state: state.directory: {tmp_path}/file is a file, not a directory" in examined(local)


def test_a_state_directory_that_is_open_to_all(local: dict[str, Any], examined: Examined, tmp_path: Path) -> None:
    """Others could read what waits there, and change it."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o777)
    assert f"{tmp_path}/state (mode 0777)" in examined(local)


def test_the_file_system_of_the_state_is_told_by_the_kernels_list(tmp_path: Path) -> None:
    """The mount that is nearest counts, with blanks in its name; a later mount covers an earlier one."""
    (tmp_path / "a b" / "state").mkdir(parents=True)
    mounts = tmp_path / "mounts"
    point = str(tmp_path / "a b").replace(" ", "\\040")
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/x {point} xfs rw 0 0\nserver:/x {point} nfs4 rw 0 0\n")
    assert file_system(tmp_path / "a b" / "state", mounts) == "nfs4"
    assert file_system(tmp_path, mounts) == "ext4"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("no/control.sock", "no does not exist -> create it"),
        ("x" * 120, "a socket path may have 107"),
        ("", "is not a socket"),
    ],
)
def test_a_control_socket_that_cannot_be(
    path: str, words: str, local: dict[str, Any], examined: Examined, tmp_path: Path
) -> None:
    """A missing folder, a path that is too long and something else in its place are failures with what to write."""
    local["state"]["control_socket"] = str(tmp_path / path)
    said = examined(local)
    assert "FAIL control socket: state.control_socket: " in said
    assert words in said


def test_a_metrics_port_that_somebody_else_has(local: dict[str, Any], examined: Examined) -> None:
    """It is in use; unless our own daemon listens there."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        local["metrics"] = {"port": taken.getsockname()[1]}
        assert "FAIL metrics: nothing can listen at 127.0.0.1:" in examined(local)


def test_a_metrics_port_that_our_daemon_has(local: dict[str, Any], examined: Examined, tmp_path: Path) -> None:
    """With a daemon behind the control socket and its metrics at the port nothing is wrong."""
    (tmp_path / "state").mkdir(mode=0o700)
    listener, thread = prometheus_client.start_http_server(0, "127.0.0.1", registry=metrics.REGISTRY)
    local["metrics"] = {"port": listener.server_port}
    try:
        assert "FAIL metrics" in examined(local)
        control = ControlServer(tmp_path / "state" / "control.sock", [])
        try:
            assert "metrics" not in examined(local)
        finally:
            control.close()
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("mode", "content", "words"),
    [
        (0o644, "secret", "WARN secrets: orgs[0].auth.client_secret: others can read or change"),
        (0o400, "", "FAIL secrets: orgs[0].auth.client_secret: the secret in"),
        (0o400, "secret ", "begins or ends with a space"),
        (0o400, "secret\nand more", "has more than one line"),
    ],
)
def test_secrets_are_looked_at_without_a_connection(
    mode: int, content: str, words: str, local: dict[str, Any], examined: Examined, tmp_path: Path
) -> None:
    """Every secret that the settings name: readable by others, empty, with a blank at its end."""
    (tmp_path / "secret").chmod(0o600)
    (tmp_path / "secret").write_text(content)
    (tmp_path / "secret").chmod(mode)
    said = examined(local)
    assert words in said
    assert "and more" not in said


def test_a_secret_that_is_a_directory(local: dict[str, Any], examined: Examined, tmp_path: Path) -> None:
    """It is named with its key path."""
    local["orgs"][0]["auth"]["client_secret"]["file"] = str(tmp_path)
    assert f"FAIL secrets: orgs[0].auth.client_secret: {tmp_path} is a directory" in examined(local)


def test_a_plain_port_behind_https_and_tls(
    local: dict[str, Any], examined: Examined, servers: ExitStack, tmp_path: Path
) -> None:
    """Instead of WRONG_VERSION_NUMBER: it speaks without TLS, and what to write."""
    server = HttpServer(HecServer())
    servers.callback(server.stop)
    (tmp_path / "token").write_text(TOKEN)
    host = server.url.removeprefix("http://")
    name, port = host.split(":")
    local["destinations"] = [
        {"type": "splunk", "url": f"https://{host}", "token": {"file": str(tmp_path / "token")}},
        {"type": "syslog", "host": name, "port": int(port)},
    ]
    local["orgs"][0]["url"] = f"https://{host}"
    said = examined(local, offline=False)
    assert said.count("this port does not use TLS") == 3, said
    assert "WRONG_VERSION_NUMBER" not in said


def test_a_tls_port_behind_plain_http_and_tcp(
    local: dict[str, Any],
    examined: Examined,
    servers: ExitStack,
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server that closes without a word is asked whether it speaks TLS, and the fix says what to write."""
    monkeypatch.setattr("agent.check.destination_probe.PATIENCE", 120.0)
    monkeypatch.setattr("agent.check.tls_mismatch.PATIENCE", 120.0)
    server = HttpServer(BulkServer(), certificates.server_context())
    servers.callback(server.stop)
    receiver = StreamReceiver(certificates.server_context())
    servers.callback(receiver.stop)
    local["destinations"] = [
        {"type": "elastic", "url": server.url.replace("https:", "http:"), "timeout": "2m"},
        {"type": "syslog", "host": "localhost", "port": receiver.port, "transport": "tcp", "timeout": "2m"},
    ]
    said = examined(local, offline=False, send_test_event=True)
    assert "speaks TLS: write `url: https://" in said
    assert "speaks TLS: write `transport: tls`" in said


def test_the_last_line_counts_problems_and_warnings() -> None:
    """Plain words, and exit status 1 for problems alone."""
    bad = Finding("state", False, "bad", "do this")
    doubtful = Finding("rules", False, "doubtful", "do that", warning=True)
    good = Finding("settings", True, "good")
    assert printed([bad, bad, doubtful, good]) == (1, "2 problems, 1 warning")
    assert printed([doubtful]) == (0, "0 problems, 1 warning")
    assert printed([good]) == (0, "No problems.")


def printed(findings: list[Finding]) -> tuple[int, str]:
    text = io.StringIO()
    status = show(findings, Console(file=text), as_json=False)
    return status, text.getvalue().splitlines()[-1]
