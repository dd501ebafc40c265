"""What a destination answers is bounded before and after decompression, and whatever it says is understood."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.columns.frame_parts import FrameParts
from agent.destinations.elastic.reply import outcome_of, row_results
from agent.destinations.exchange import LONGEST_ANSWER, Exchange, HttpAnswer
from agent.destinations.splunk.reply import HecReply
from agent.errors import Unavailable
from agent.model import Chunk
from agent.network.answer_body import MOST_OF_AN_ERROR
from agent.network.tls import TlsSettings
from tests.attack.hostile.bombs import BOMBS, MB, bomb_of
from tests.destinations.http_server import HttpServer, Reply
from tests.destinations.rows import as_json, rows


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
    chunk = Chunk(as_json(frame), frame["event.id"], FrameParts.of(frame))
    HecReply.of(answer).meaning.encode()
    try:
        outcome_of(row_results(answer, chunk, "https://x"), "https://x")
    except Unavailable as error:
        str(error).encode("utf-8", "replace")
