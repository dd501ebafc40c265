"""Certificates, destinations that are closed and servers that are stopped after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from agent.destinations.splunk.splunk import Splunk, SplunkSettings
from agent.destinations.syslog.syslog import Syslog, SyslogSettings
from tests.certificates import Certificates, make_certificates
from tests.destinations.hec_server import TOKEN
from tests.destinations.http_server import HttpServer, Responder
from tests.destinations.rows import as_json, sending_time
from tests.destinations.syslog_server import StreamReceiver

StartHttp = Callable[..., HttpServer]
SecretFile = Callable[[str], dict[str, str]]
OpenSplunk = Callable[..., Splunk]
OpenSyslog = Callable[..., Syslog]
Receive = Callable[..., StreamReceiver]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    """Whatever a test starts; ended in reverse order."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def http(opened: ExitStack, certificates: Certificates) -> StartHttp:
    """Starts a scripted server: `http(answer, tls=True)`."""

    def start(answer: Responder, *, tls: bool = False) -> HttpServer:
        server = HttpServer(answer, certificates.server_context() if tls else None)
        opened.callback(server.stop)
        return server

    return start


@pytest.fixture
def receive(opened: ExitStack) -> Receive:
    """Starts a syslog receiver; arguments as those of `StreamReceiver`."""

    def start(*arguments: Any, **named: Any) -> StreamReceiver:
        receiver = StreamReceiver(*arguments, **named)
        opened.callback(receiver.stop)
        return receiver

    return start


@pytest.fixture
def secret_file(tmp_path: Path) -> SecretFile:
    """A settings reference to a file that holds the text."""

    def write(text: str) -> dict[str, str]:
        path = tmp_path / f"secret-{abs(hash(text))}"
        path.write_text(text)
        return {"file": str(path)}

    return write


@pytest.fixture
def open_splunk(opened: ExitStack, secret_file: SecretFile) -> OpenSplunk:
    """A Splunk destination at a server: `open_splunk(server, gzip=False)`."""

    def build(
        server: HttpServer, token: str = TOKEN, wait: Callable[[float], bool] = lambda _: False, **changes: Any
    ) -> Splunk:
        document = {"type": "splunk", "url": server.url, "token": secret_file(token), "index": "main", **changes}
        splunk = Splunk(SplunkSettings.model_validate(document), as_json, wait=wait)
        opened.callback(splunk.close)
        return splunk

    return build


@pytest.fixture
def open_syslog(opened: ExitStack) -> OpenSyslog:
    """A syslog destination at a port, over TCP unless changed: `open_syslog(port, transport="udp")`."""

    def build(
        port: int,
        monotonic: Callable[[], float] = lambda: 0.0,
        wait: Callable[[float], bool] = lambda _: False,
        **changes: Any,
    ) -> Syslog:
        document = {"type": "syslog", "host": "127.0.0.1", "port": port, "transport": "tcp", "format": "ecs"}
        settings = SyslogSettings.model_validate(document | changes)
        syslog = Syslog(settings, as_json, wait=wait, now=sending_time, monotonic=monotonic)
        opened.callback(syslog.close)
        return syslog

    return build
