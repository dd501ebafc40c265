"""What an org answers is bounded before and after decompression, and in nesting."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import SourceError, TransportError
from agent.network.answer_body import DEEPEST, json_of
from tests.attack.hostile.bombs import BOMBS, MB, bomb_of
from tests.attack.hostile_org import HostileOrg


@pytest.mark.parametrize("where", ["listing", "limits", "describe", "token", "error", "token error"])
@pytest.mark.parametrize("name", BOMBS)
def test_a_json_bomb_is_refused_in_bounded_memory(hostile: HostileOrg, where: str, name: str) -> None:
    """As a page, an allowance, a description, a token or a reason: a transport error, and some megabytes."""
    body, headers = bomb_of(name)
    org, session = hostile.org, hostile.session()
    if where.startswith("token"):
        org.token_error = (200 if where == "token" else 503, body, headers)
    else:
        org.status["limits" if where == "error" else where] = (500 if where == "error" else 200, body, headers)
    ask: dict[str, Callable[[], Any]] = {
        "listing": lambda: list(session.query("SELECT Id FROM EventLogFile WHERE CreatedDate > 2026-01-01T00:00:00Z")),
        "describe": lambda: session.fields("User"),
    }
    asked = ask.get(where) or session.limits
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
