"""Whatever an exchange waits for, its deadline and a cut from another thread end it, and only it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import httpx
import pytest

from agent.network.connection import MOST_COOKIES, Connection, Overdue
from agent.network.tls import TlsSettings

DEADLINE = 0.2
"""Seconds; what is overdue ends after about this."""
TIMEOUT = 20.0
"""Seconds httpx would wait for a single read: whatever ends well before it was ended by the deadline."""
SOON = 5.0

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class RawServer:
    """Runs `serve` with each connection in a thread of its own, and counts them."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self.connections: list[socket.socket] = []
        self.released = threading.Event()
        self._serve = serve
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):  # closed by `stop`
            while True:
                connection, _ = self._listening.accept()
                self.connections.append(connection)
                threading.Thread(target=self._run, args=[connection], daemon=True).start()

    def _run(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:  # the other side may end it
            self._serve(connection)

    def stop(self) -> None:
        self.released.set()
        self._listening.close()


StartServer = Callable[[Callable[[socket.socket], None]], RawServer]
OpenConnection = Callable[[str], Connection]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def serve(stack: ExitStack) -> StartServer:
    def start(answer: Callable[[socket.socket], None]) -> RawServer:
        server = RawServer(answer)
        stack.callback(server.stop)
        return server

    return start


@pytest.fixture
def connect(stack: ExitStack) -> OpenConnection:
    def make(url: str) -> Connection:
        connection = Connection(url, TlsSettings(), None, TIMEOUT)
        stack.callback(connection.close)
        return connection

    return make


def body_of(connection: Connection, url: str, deadline: float = DEADLINE) -> bytes:
    """One exchange, read to its end."""
    with connection.exchange("GET", url, deadline=deadline) as response:
        return b"".join(response.iter_raw())


def assert_overdue_soon(connection: Connection, url: str, deadline: float = DEADLINE) -> None:
    started = time.monotonic()
    with pytest.raises(Overdue):
        body_of(connection, url, deadline)
    assert time.monotonic() - started < SOON


def answer_each(connection: socket.socket) -> None:
    """The whole answer to each request on one connection."""
    while connection.recv(65_536):
        connection.sendall(WHOLE)


def read_to_the_end(connection: socket.socket) -> None:
    """Says nothing, until the other side has ended."""
    while connection.recv(65_536):
        pass


def drip(head: bytes) -> Callable[[socket.socket], None]:
    """`head`, then a byte every 20 ms for as long as somebody listens."""

    def answer(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(head)
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)

    return answer


class LateTimer:
    """A timer that has fired when it is cancelled, and whose work is done when the test says so."""

    made: list[LateTimer]

    def __init__(self, _seconds: float, work: Callable[..., None], arguments: list[Any]) -> None:
        self.daemon = False
        self.fire: Callable[[], None] = lambda: work(*arguments)
        self.made.append(self)

    def start(self) -> None: ...

    def cancel(self) -> None: ...


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> list[LateTimer]:
    LateTimer.made = []
    monkeypatch.setattr(threading, "Timer", LateTimer)
    return LateTimer.made


def test_a_deadline_while_connecting(connect: OpenConnection) -> None:
    """A connection that comes about after the deadline is ended before a byte of the request is sent."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening, ExitStack() as stack:
        fillers = [stack.enter_context(socket.socket()) for _ in range(2)]
        for filler in fillers:  # then the queue is full: who asks to connect is dropped, and asks again after a second
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        known = [filler.getsockname() for filler in fillers]
        received: list[bytes] = []

        def accept() -> None:
            while not received:
                accepted, peer = listening.accept()
                stack.push(accepted)
                if peer not in known:
                    received.append(accepted.recv(65_536))

        acceptor = threading.Timer(2 * DEADLINE, accept)
        acceptor.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        assert_overdue_soon(connect(url), url)
        acceptor.join(SOON)
    assert received == [b""]


@pytest.mark.parametrize("by", ["deadline", "cut"])
def test_an_end_during_the_handshake(serve: StartServer, connect: OpenConnection, by: str) -> None:
    """A server that accepts and then never says its part of the handshake is left in time."""
    server = serve(read_to_the_end)
    url = server.url.replace("http:", "https:")
    connection = connect(url)
    if by == "cut":
        threading.Timer(DEADLINE, connection.cut).start()
    assert_overdue_soon(connection, url, DEADLINE if by == "deadline" else TIMEOUT)


@pytest.mark.parametrize("by", ["deadline", "cut"])
@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\n"],
    ids=["head", "body", "body without a length"],
)
def test_an_end_while_the_answer_drips(serve: StartServer, connect: OpenConnection, head: bytes, by: str) -> None:
    """Each byte comes in time, all of them would not; a body without a length is not taken for a whole one."""
    server = serve(drip(head))
    connection = connect(server.url)
    if by == "cut":
        threading.Timer(DEADLINE, connection.cut).start()
    assert_overdue_soon(connection, server.url, DEADLINE if by == "deadline" else TIMEOUT)


def test_a_deadline_after_the_answer(serve: StartServer, connect: OpenConnection) -> None:
    """An exchange that ended in time is over: its deadline does nothing to the connection, which serves the next one."""
    server = serve(answer_each)
    connection = connect(server.url)
    assert body_of(connection, server.url) == b"ok"
    time.sleep(2 * DEADLINE)
    assert body_of(connection, server.url) == b"ok"
    assert len(server.connections) == 1


def test_a_deadline_between_the_answer_and_its_end(serve: StartServer, connect: OpenConnection) -> None:
    """An answer that was whole, but not dealt with in time, is overdue all the same; the next exchange is not."""
    server = serve(answer_each)
    connection = connect(server.url)
    with pytest.raises(Overdue), connection.exchange("GET", server.url, deadline=DEADLINE) as response:
        assert b"".join(response.iter_raw()) == b"ok"
        time.sleep(2 * DEADLINE)
    assert body_of(connection, server.url) == b"ok"


def test_a_timer_that_fires_during_the_next_exchange(
    serve: StartServer, connect: OpenConnection, timers: list[LateTimer]
) -> None:
    """A timer that could not be cancelled any more ends its own exchange or none."""
    fired = threading.Event()

    def answer_in_two(connection: socket.socket) -> None:
        while connection.recv(65_536):
            connection.sendall(WHOLE[:-1])
            if len(timers) == 2:
                fired.wait(SOON)
            connection.sendall(WHOLE[-1:])

    server = serve(answer_in_two)
    connection = connect(server.url)
    assert body_of(connection, server.url) == b"ok"
    with connection.exchange("GET", server.url, deadline=DEADLINE) as response:
        timers[0].fire()
        fired.set()
        assert b"".join(response.iter_raw()) == b"ok"
    assert len(server.connections) == 1
    assert len(timers) == 2


def test_a_timer_that_fires_after_close(serve: StartServer, connect: OpenConnection, timers: list[LateTimer]) -> None:
    """It finds nothing to end, and says nothing."""
    server = serve(answer_each)
    connection = connect(server.url)
    assert body_of(connection, server.url) == b"ok"
    connection.close()
    timers[0].fire()


def test_a_cut_before_the_exchange(serve: StartServer, connect: OpenConnection) -> None:
    """Whoever was given a connection just before it was cut does not begin: nobody would end what it waits for."""
    server = serve(answer_each)
    connection = connect(server.url)
    connection.cut()
    assert_overdue_soon(connection, server.url, TIMEOUT)
    assert server.connections == []


def test_no_thread_for_the_deadline(
    serve: StartServer, connect: OpenConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a deadline nothing is asked; the next exchange goes on as ever."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    server = serve(answer_each)
    connection = connect(server.url)
    assert body_of(connection, server.url) == b"ok"
    with monkeypatch.context() as patched:
        patched.setattr(threading.Timer, "start", refuse)
        with pytest.raises(httpx.ConnectError, match="no thread"):
            body_of(connection, server.url)
    assert body_of(connection, server.url) == b"ok"


def test_cookies_are_bounded(serve: StartServer, connect: OpenConnection) -> None:
    """A server that gives a new cookie each time is not sent all of them back for ever."""
    requests: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        while request := connection.recv(65_536):
            requests.append(request)
            cookie = b"\r\nSet-Cookie: n%d=1\r\n\r\n" % len(requests)
            connection.sendall(WHOLE.replace(b"\r\n\r\n", cookie))

    server = serve(answer)
    connection = connect(server.url)
    for _ in range(2 * MOST_COOKIES + 5):
        body_of(connection, server.url, TIMEOUT)
    assert 1 < max(request.count(b"=1") for request in requests) <= MOST_COOKIES
