"""The wire by itself, between a transport and a writer that only take notes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agent.simulator.api.wire_proxy import FEW_WAITING, MOST_GATHERED, MOST_WAITING, WireProxy


class NotedTransport(asyncio.Transport):
    """What was passed on, and how it ended."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.ended = ""

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.ended = "closed"

    def is_closing(self) -> bool:
        return bool(self.ended)


class NotedWriter(asyncio.Protocol):
    """Whether it is held back."""

    def __init__(self) -> None:
        self.held = False

    def pause_writing(self) -> None:
        self.held = True

    def resume_writing(self) -> None:
        self.held = False


class Turns:
    """A loop whose time passes by hand."""

    def __init__(self) -> None:
        self.due: list[tuple[float, Any]] = []

    def call_soon(self, work: Any) -> Any:
        """In the next turn."""
        return self.call_later(0, work)

    def call_later(self, seconds: float, work: Any) -> Any:
        """Noted; `turn` does it."""
        self.due.append((seconds, work))
        return work

    def turn(self) -> float:
        """Do what is due; the seconds that it waited."""
        seconds, work = self.due.pop(0)
        work()
        return seconds


@pytest.fixture
def parts() -> tuple[WireProxy, NotedTransport, NotedWriter, Turns]:
    transport, writer, turns = NotedTransport(), NotedWriter(), Turns()
    return WireProxy(transport, writer, turns), transport, writer, turns  # type: ignore[arg-type]


def test_bytes_of_one_turn_pass_together(parts: Any) -> None:
    """In the next turn of the loop, in order; a lot of them at once."""
    wire, transport, _, turns = parts
    wire.write(b"abc")
    wire.write(b"def")
    assert (transport.written, len(turns.due)) == ([], 1)
    turns.turn()
    wire.write(b"g" * MOST_GATHERED)
    wire.write(b"h")
    assert transport.written == [b"abcdef", b"g" * MOST_GATHERED + b"h"]


def test_a_drip_keeps_order_and_size(parts: Any) -> None:
    """The first bytes at once, the others one after the other; what is written behind a drip waits for it."""
    wire, transport, _, turns = parts
    wire.drip(2, 0.5)
    wire.write(b"abcde")
    assert transport.written == [b"ab"]
    assert turns.turn() == 0.5
    wire.drip(0, 0)
    wire.write(b"f")
    while turns.due:
        turns.turn()
    assert transport.written == [b"ab", b"cd", b"ef"]


def test_a_drip_holds_its_writer_back(parts: Any) -> None:
    """From 64 kB that wait, until a quarter of them is left."""
    wire, transport, writer, turns = parts
    wire.drip(1 << 10, 0.5)
    wire.write(b"x" * (MOST_WAITING + (2 << 10)))
    assert writer.held
    while writer.held:
        turns.turn()
    assert sum(map(len, transport.written)) > MOST_WAITING - FEW_WAITING


def test_it_ends_when_everything_is_out(parts: Any) -> None:
    """And nothing passes after that was asked for."""
    wire, transport, _, turns = parts
    wire.drip(2, 0.5)
    wire.write(b"abcd")
    wire.finish("close")
    wire.write(b"late")
    assert transport.ended == ""
    turns.turn()
    assert (transport.ended, transport.written) == ("closed", [b"ab", b"cd"])


def test_silence_is_no_end(parts: Any) -> None:
    """The connection stays, and nothing passes."""
    wire, transport, _, _ = parts
    wire.finish("hang")
    wire.write(b"late")
    wire.close()
    assert (transport.ended, transport.written) == ("", [])
