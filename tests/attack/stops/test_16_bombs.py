"""What an org, a proxy or a destination sends is bounded before and after decompression, in nesting and in time."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import shutil
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.destinations.elastic import reply as bulk_reply
from agent.destinations.exchange import LONGEST_ANSWER, Exchange, HttpAnswer
from agent.destinations.splunk.reply import Reply as HecReply
from agent.errors import SourceError, TransportError, Unavailable
from agent.model import Chunk
from agent.network.answer_body import DEEPEST, MOST_OF_AN_ERROR, json_of
from agent.network.connection import TlsSettings
from agent.sources.event_log_file import download as download_module
from agent.sources.event_log_file.csv_file import LONGEST_RECORD, read_log_file
from agent.sources.event_log_file.csv_record import KEPT_BYTES
from agent.sources.event_log_file.piece import MAX_ROWS
from tests.attack.four_places import problems_of
from tests.attack.hostile_org import HostileOrg, document_of, file_of
from tests.destinations.http_server import HttpServer, Reply
from tests.destinations.rows import as_json, rows
from tests.end_to_end.agent_process import AgentProcess

MB = 1 << 20


def bomb(start: bytes, filling: bytes, size: int, end: bytes = b"") -> bytes:
    """Gzip of `start`, `size` bytes of `filling`, and `end`; a thousandth of it."""
    packer = zlib.compressobj(1, wbits=31)
    block = filling * (MB // len(filling))
    parts = [packer.compress(start)]
    parts += [packer.compress(block) for _ in range(size // len(block))]
    return b"".join([*parts, packer.compress(end), packer.flush()])


ZIPPED = {"Content-Encoding": "gzip"}
HEADER = b'"EVENT_TYPE","TIMESTAMP","USER_ID","URI"\n'


# Downloads


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bombs of 8 MB do here what those of gigabytes do elsewhere."""
    monkeypatch.setattr(download_module, "LEAST_BOUND", 4 * MB)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("coding", ["gzip", ""])
def test_a_file_far_longer_than_listed_is_refused_and_the_others_are_read(hostile: HostileOrg, coding: str) -> None:
    """Two of them in a row, packed or not, are passed over and told; files before and behind come at once."""
    org, reader = hostile.org, hostile.reader()
    org.files = [file_of(n, f"{n}", hours_ago=6 - n) for n in range(4)]
    packed = bomb(HEADER, b'"Login","","",""\n', 8 * MB)
    for file in org.files[1:3]:
        org.bodies[file.id] = (packed if coding else gzip.decompress(packed), coding)
    with pytest.raises(TransportError, match=r"more than 4194304 bytes, where \d+ were listed.*max_file_mb"):
        reader.read()
    assert sorted(reader.rows()) == ["0", "3"]
    for _ in range(5):
        hostile.clock.advance(hours=8)
        try:
            reader.read()
        except TransportError as error:
            assert "were listed" in str(error)
    assert [event["event.action"] for event in reader.own()] == ["log-gap", "log-gap"]


@pytest.mark.usefixtures("small")
def test_a_file_that_has_grown_since_it_was_listed_is_read(hostile: HostileOrg) -> None:
    """The bound is far above what files grow by."""
    org, reader = hostile.org, hostile.reader()
    org.files = [file_of(1, *(f"row {n}" for n in range(20_000)))]
    org.files[0].length = 50_000
    reader.read()
    assert len(reader.rows()) == 20_000


def test_the_cap_is_a_setting(hostile: HostileOrg) -> None:
    """`max_file_mb` bounds files that were listed as long as they are, too."""
    org, reader = hostile.org, hostile.reader(max_file_mb=1)
    org.files = [file_of(1, *("x" * 1000 for _ in range(2000)))]
    with pytest.raises(TransportError, match="more than 1048576 bytes"):
        reader.read()


def test_a_download_leaves_the_disk_its_reserve(hostile: HostileOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state lies there too: a file for which there is no room is not written."""
    monkeypatch.setattr(download_module, "RESERVE", 1 << 60)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(1 << 70, 0, 1 << 50))
    hostile.org.files = [file_of(1, "a")]
    with pytest.raises(TransportError, match="no room"):
        hostile.reader().read()


class _Usage:
    def __init__(self, total: int, used: int, free: int) -> None:
        self.total, self.used, self.free = total, used, free


# Answers of an org


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "text": (lambda: bomb(b'{"done":true,"records":[{"x":"', b"A", 100 * MB, b'"}]}'), "gzip"),
    "empty lists": (lambda: bomb(b'{"done":true,"records":[[]', b",[]", 12 * MB, b"]}"), "gzip"),
    "objects": (lambda: bomb(b'{"done":true,"records":[{}', b',{"a":{}}', 12 * MB, b"]}"), "gzip"),
    "numbers": (lambda: bomb(b'{"done":true,"records":[1', b",1", 12 * MB, b"]}"), "gzip"),
    "depth": (lambda: bomb(b'{"done":true,"records":', b"[", 12 * MB), "gzip"),
    "twice packed": (lambda: gzip.compress(bomb(b"", b"A", 100 * MB)), "gzip, gzip"),
    "deflate": (lambda: zlib.compress(b"A" * 20 * MB), "deflate"),
    "brotli": (lambda: b"\x8b", "br"),
    "zstd": (lambda: b"\x28\xb5\x2f\xfd", "zstd"),
    "plain": (lambda: b"[" + b" " * 20 * MB + b"]", ""),
    "many members": (lambda: gzip.compress(b"") * 20_000, "gzip"),
    "damaged": (lambda: gzip.compress(b"[]")[:-8] + b"12345678", "gzip"),
}


@cache
def bomb_of(name: str) -> tuple[bytes, dict[str, str]]:
    """Its bytes and headers."""
    make, coding = BOMBS[name]
    return make(), {"Content-Encoding": coding} if coding else {}


@pytest.mark.parametrize("where", ["listing", "limits", "describe", "token", "error", "token error"])
@pytest.mark.parametrize("name", BOMBS)
def test_a_json_bomb_is_refused_in_bounded_memory(hostile: HostileOrg, where: str, name: str) -> None:
    """As a page, an allowance, a description, a token or a reason: a transport error, and some megabytes."""
    body, headers = bomb_of(name)
    org, session = hostile.org, hostile.session()
    if where.startswith("token"):
        org.token_error = (200 if where == "token" else 503, body, headers)  # type: ignore[assignment]
    else:
        org.status["limits" if where == "error" else where] = (500 if where == "error" else 200, body, headers)
    ask: dict[str, Callable[[], Any]] = {
        "listing": lambda: list(session.query("SELECT Id FROM EventLogFile WHERE CreatedDate > 2026-01-01T00:00:00Z")),
        "describe": lambda: session.fields("User"),
    }
    asked = ask.get(where) or session.limits
    org.fields["User"] = ["Id"]
    tracemalloc.start()
    try:
        with pytest.raises(TransportError):
            asked()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 150 * MB
    assert where not in ("error", "token error") or peak < 10 * MB


def test_the_reason_of_a_refusal_is_cut(hostile: HostileOrg) -> None:
    """What an org says goes into logs, status and events: a thousand characters of it do."""
    said = [{"errorCode": "UNKNOWN_EXCEPTION" * 100, "message": "x" * 10_000}]
    hostile.org.status["limits"] = (500, said)
    with pytest.raises(SourceError) as raised:
        hostile.session().limits()
    assert 1000 < len(str(raised.value)) < 1500


@given(st.integers(1, 300))
def test_nesting_is_bounded(depth: int) -> None:
    """In arrays and objects alike, whatever the parser would take."""
    for start, end in ((b"[", b"]"), (b'{"a":', b"}")):
        body = start * depth + b"1" + end * depth
        if depth <= DEEPEST:
            json_of(body)
        else:
            with pytest.raises(ValueError, match="levels"):
                json_of(body)


def test_numbers_and_texts_that_are_none_do_not_spoil_a_document() -> None:
    """They come as text, so that only the record that has one is bad."""
    document = json_of(b'[1e400, -1e400, NaN, Infinity, "\\ud800", ' + b"9" * 5000 + b", 1.5, 12, true, null]")
    assert document == ["1e400", "-1e400", "NaN", "Infinity", "?", "9" * 40, 1.5, 12, True, None]


# Log files


def test_a_record_without_end_is_one_rejection() -> None:
    """Its first megabyte is kept, and what comes behind it is read."""
    line = b'"Login","1","u","a"\n'
    body = HEADER + line + b'"Login","' + b"x" * (LONGEST_RECORD + 4 * MB) + b"\n" + line
    pieces = list(read_log_file(io.BytesIO(body)))
    assert [row for piece in pieces for row in piece.frame["URI"]] == ["a", "a"]
    ((bad,),) = [piece.bad for piece in pieces if piece.bad]
    assert len(bad.raw) == KEPT_BYTES


@pytest.mark.parametrize("filling", [b"\n", b',"a"', b'""', b'"', b"x\n", b",", b'\n"Login","'])
def test_a_file_of_nothing_but_signs_is_read_in_pieces_that_fit_the_state(filling: bytes) -> None:
    """Line feeds, commas and quotes: no piece has more records than can be remembered of one, and none is lost."""
    body = HEADER + b'"Login"' + filling * (300_000 // len(filling))
    pieces = list(read_log_file(io.BytesIO(body)))
    assert all(piece.rows == piece.frame.height + len(piece.bad) <= MAX_ROWS for piece in pieces)
    ends = [piece.first_row + piece.rows for piece in pieces]
    assert [piece.first_row for piece in pieces] == [1, *ends[:-1]]


def test_a_header_of_a_hundred_thousand_columns_is_refused() -> None:
    """It is no log file, and is told at once."""
    body = b",".join(b'"EVENT_TYPE"' for _ in range(80_000)) + b"\n"
    with pytest.raises(TransportError, match="columns"):
        list(read_log_file(io.BytesIO(body)))


# Answers of destinations


@pytest.fixture
def destination() -> Iterator[HttpServer]:
    server = HttpServer(lambda _: Reply())
    yield server
    server.stop()


@pytest.mark.parametrize("status", [200, 400, 503])
@pytest.mark.parametrize("name", BOMBS)
def test_a_destination_s_answer_is_bounded(destination: HttpServer, status: int, name: str) -> None:
    """It is no answer, or one without a meaning, and costs some megabytes."""
    body, headers = bomb_of(name)
    destination.answer = lambda _: Reply(status, body, headers)
    exchange = Exchange(destination.url, TlsSettings(), None, 60, dict)
    tracemalloc.start()
    try:
        answer = exchange.get("/")
        assert len(answer.body) <= (LONGEST_ANSWER if status == 200 else MOST_OF_AN_ERROR)
        answer.json()
    except Unavailable:
        assert status == 200
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        exchange.close()
    assert peak < (600 * MB if status == 200 else 10 * MB)


def test_cookies_do_not_pile_up(destination: HttpServer) -> None:
    """A server that sets another one each time does not make our requests longer and longer."""
    numbers = iter(range(1000))
    destination.answer = lambda _: Reply(headers={"Set-Cookie": f"c{next(numbers)}=x; Path=/"})
    exchange = Exchange(destination.url, TlsSettings(), None, 60, dict)
    for _ in range(200):
        exchange.get("/")
    exchange.close()
    assert max(len(request.headers.get("Cookie", "")) for request in destination.requests) < 1000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["items", "create", "status", "error", "type", "reason", "_id", "code", "acks", "ackId"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(deadline=None)
@given(JSON | st.fixed_dictionaries({"items": st.lists(st.fixed_dictionaries({"create": JSON}), max_size=2)}))
def test_whatever_a_destination_answers_is_understood_or_unavailable(document: Any) -> None:
    """Arbitrary JSON as the answer to a bulk request or to an event collector's."""
    answer = HttpAnswer(200, {}, json.dumps(document).encode())
    frame = rows(1)
    chunk = Chunk(as_json(frame), frame["event.id"], frame)
    HecReply.of(answer).meaning.encode()
    try:
        bulk_reply.settle(bulk_reply.results(answer, chunk, "https://x"), "https://x")
    except Unavailable as error:
        str(error).encode("utf-8", "replace")


# A daemon


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.mark.attack
def test_a_daemon_outlives_bombs_in_bounded_memory(orgs: tuple[HostileOrg, HostileOrg], tmp_path: Path) -> None:
    """Gigabytes, packed, as files and as pages: the other org is read, both are told, and memory stays as it is."""
    bad, good = orgs
    good.org.files = [file_of(2, "good", at=now())]
    bad.org.status["listing"] = (200, bomb(b'{"done":true,"records":[[]', b",[]", 1024 * MB, b"]}"), ZIPPED)
    agent = AgentProcess(tmp_path, document_of(tmp_path, bad.settings("bad"), good.settings("good")))
    agent.start()
    events = tmp_path / "out" / "events.ndjson"
    agent.wait_for(lambda: events.exists() and "good" in events.read_text())
    agent.wait_for(lambda: problems_of(agent, "source-failed"))
    before = agent.peak_mb()
    bad.org.files = [file_of(1, "bad", at=now()), file_of(3, "worse", at=now())]
    bad.org.bodies = {file.id: (bomb(HEADER, b'"Login","","",""\n', 2048 * MB), "gzip") for file in bad.org.files}
    bad.org.files += [file_of(4, "commas", at=now()), file_of(5, "well", at=now())]
    bad.org.bodies[bad.org.files[2].id] = (bomb(HEADER + b'"Login"', b',"a"', 15 * MB, b"\n"), "gzip")
    bad.org.status.clear()
    agent.wait_for(lambda: "well" in events.read_text())
    agent.wait_for(lambda: any("were listed" in problem["message"] for problem in problems_of(agent, "source-failed")))
    assert before < 700
    assert agent.peak_mb() < 900
    assert agent.stop() == 0


@pytest.mark.attack
@pytest.mark.parametrize("what", ["token", "listing", "0AT000000000000001"])
def test_sigterm_ends_a_daemon_that_waits_for_a_slow_org(
    orgs: tuple[HostileOrg, HostileOrg], tmp_path: Path, what: str
) -> None:
    """An answer that drips for hours is cut off: the daemon ends in seconds, with 0, and tells of no failure."""
    bad, _ = orgs
    bad.org.files = [file_of(1, "bad", at=now())]
    if what.startswith("0AT"):
        bad.org.drip[what] = 5.0
    else:
        bad.org.stuck.add(what)
    agent = AgentProcess(tmp_path, document_of(tmp_path, bad.settings("bad")))
    agent.start()
    agent.wait_for(lambda: bad.org.calls["LogFile"] or bad.org.calls[f"stuck {what}"])
    began = time.monotonic()
    assert agent.stop() == 0
    assert time.monotonic() - began < 60
    assert "poll failed" not in agent.log.read_text()
