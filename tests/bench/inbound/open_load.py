"""A load that does not slow down because the server does: each request is due at its time, whatever became of those before.

`python -m tests.bench.inbound.open_load` reads what to send from its standard input (`Load` as JSON) and writes what became of
each request to standard output, a JSON array a line: the fields of `Outcome`.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, astuple, dataclass
from typing import IO

import orjson

from tests.bench.inbound.report_requests import ReportRequests

OF_ONE_ADDRESS = 240
"""Connections; then the next address of 127.0.0.0/8 is used, for the listener bounds those of one address."""
CUT, UNSENT = 0, -1
"""In place of a status: the connection ended before the answer, or was refused; none was free until the end."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent: `count` requests, `rate` of them a second."""

    port: int
    requests: ReportRequests
    rate: float
    count: int
    first: int = 0
    """The number of the first one."""
    connections: int = 480
    """At most; each has one request at a time."""
    again_after: float = 0.0
    """Seconds after which what was not answered with 2xx is sent again, as often as it takes; 0: never."""
    patience: float = 60.0
    """Seconds after the last is due; then the load ends."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one attempt at a request."""

    number: int
    status: int
    """Of the answer, `CUT` or `UNSENT`."""
    late: float
    """Seconds from when it was due to when it was sent."""
    took: float
    """Seconds from when it was due to the last byte of the answer."""
    due: float
    """When that was, in seconds since 1970."""


class OpenLoad:
    """Sends a load."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.outcomes: list[Outcome] = []
        self._waiting = deque[tuple[int, float]]()
        """Number and when it was due."""
        self._idle: list[_Line] = []
        self._lines = set[_Line]()
        self._connecting = 0
        self._connected = 0
        self._open = load.count
        """Requests for which there is no answer yet, or none with 2xx where they are sent again."""
        self._done = asyncio.Event()
        self._epoch = time.time() - time.monotonic()
        """What the loop's clock lacks to the time since 1970."""

    async def run(self) -> list[Outcome]:
        loop, load = asyncio.get_running_loop(), self._load
        began = loop.time()
        for place in range(load.count):
            due = began + place / load.rate
            if (ahead := due - loop.time()) > 0 or place % 20 == 0:
                await asyncio.sleep(max(0.0, ahead))
            self.send(load.first + place, due)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._done.wait(), load.patience)
        now = loop.time()
        self.outcomes += [
            Outcome(number, UNSENT, now - due, now - due, due + self._epoch) for number, due in self._waiting
        ]
        for line in self._lines:
            line.give_up()
        return self.outcomes

    def send(self, number: int, due: float) -> None:
        """Over an idle connection, over a new one, or over the next that becomes idle."""
        if self._idle:
            self._idle.pop().send(number, due)
            return
        self._waiting.append((number, due))
        self._connect_one()

    def _connect_one(self) -> None:
        if len(self._lines) + self._connecting < self._load.connections:
            self._connecting += 1
            asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        addresses = -(-self._load.connections // OF_ONE_ADDRESS)
        self._connected += 1
        address = f"127.0.0.{1 + self._connected % addresses}"
        try:
            await loop.create_connection(lambda: _Line(self), "127.0.0.1", self._load.port, local_addr=(address, 0))
        except OSError:
            self._connecting -= 1
            if self._waiting:
                number, due = self._waiting.popleft()
                self.note(number, CUT, loop.time() - due, due)
            if self._waiting:
                self._connect_one()

    def opened(self, line: _Line) -> None:
        self._connecting -= 1
        self._lines.add(line)
        self.became_idle(line)

    def became_idle(self, line: _Line) -> None:
        if self._waiting:
            line.send(*self._waiting.popleft())
        else:
            self._idle.append(line)

    def ended(self, line: _Line) -> None:
        self._lines.discard(line)
        if line in self._idle:
            self._idle.remove(line)
        if self._waiting:
            self.send(*self._waiting.popleft())

    def wire(self, number: int) -> bytes:
        return self._load.requests.wire(number)

    def note(self, number: int, status: int, late: float, due: float) -> None:
        loop = asyncio.get_running_loop()
        self.outcomes.append(Outcome(number, status, late, loop.time() - due, due + self._epoch))
        if not 200 <= status < 300 and self._load.again_after:
            later = loop.time() + self._load.again_after
            loop.call_at(later, self.send, number, later)
            return
        self._open -= 1
        if not self._open:
            self._done.set()


class _Line(asyncio.Protocol):
    """A connection with one request at a time."""

    def __init__(self, load: OpenLoad) -> None:
        self._load = load
        self._asked: tuple[int, float, float] | None = None
        """Number, when it was due, and how late it was sent."""
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._load.opened(self)

    def send(self, number: int, due: float) -> None:
        self._asked = number, due, asyncio.get_running_loop().time() - due
        self._transport.write(self._load.wire(number))

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, found, body = self._heard.partition(b"\r\n\r\n")
        if not found or self._asked is None:
            return
        _, _, length = head.lower().partition(b"content-length: ")
        if len(body) < int(length.partition(b"\r\n")[0] or 0):
            return
        (number, due, late), self._asked, self._heard = self._asked, None, b""
        self._load.note(number, int(head[9:12]), late, due)
        if b"connection: close" in head.lower():
            self._transport.close()
        else:
            self._load.became_idle(self)

    def connection_lost(self, _: Exception | None) -> None:
        self.give_up()
        self._load.ended(self)

    def give_up(self) -> None:
        """Nobody waits for the answer any longer."""
        if self._asked is not None:
            (number, due, late), self._asked = self._asked, None
            self._load.note(number, CUT, late, due)


class LoadProcess:
    """A load that runs in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def outcomes(self) -> list[Outcome]:
        """Of every attempt; waits until it ends."""
        assert self._process.stdout is not None
        return [Outcome(*orjson.loads(line)) for line in self._process.stdout]


@contextmanager
def offered(load: Load) -> Iterator[LoadProcess]:
    """Begins at once."""
    process = subprocess.Popen([sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(orjson.dumps(asdict(load)))
    process.stdin.close()
    try:
        yield LoadProcess(process)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _read(stream: IO[bytes]) -> Load:
    document = orjson.loads(stream.read())
    requests = document.pop("requests")
    senders = [(name, token) for name, token in requests.pop("senders")]
    return Load(requests=ReportRequests(senders, **requests), **document)


def _main() -> None:
    outcomes = asyncio.run(OpenLoad(_read(sys.stdin.buffer)).run())
    for outcome in outcomes:
        sys.stdout.buffer.write(orjson.dumps(astuple(outcome)) + b"\n")


if __name__ == "__main__":
    _main()
