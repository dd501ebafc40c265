"""Certificates, and servers that are stopped after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.certificates import Certificates, make_certificates
from tests.destinations.http_server import Answering, HttpServer

StartHttp = Callable[..., HttpServer]


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

    def start(answer: Answering, *, tls: bool = False) -> HttpServer:
        server = HttpServer(answer, certificates.server_context() if tls else None)
        opened.callback(server.stop)
        return server

    return start


@pytest.fixture
def secret_file(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """A settings reference to a file that holds the text."""

    def write(text: str) -> dict[str, str]:
        path = tmp_path / f"secret-{abs(hash(text))}"
        path.write_text(text)
        return {"file": str(path)}

    return write
