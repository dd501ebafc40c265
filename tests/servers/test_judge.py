"""The judge itself: it sees what is missing, doubled, altered and invented, and forgives only spelling."""

from __future__ import annotations

import json
from typing import Any

from tests.servers.judge import judge

SENT = {"a": '{"event":{"id":"a"},"n":1}', "b": '{"event":{"id":"b"},"t":"2026-01-02T03:04:05.120Z"}'}


def test_everything_is_seen() -> None:
    """One missing, one doubled, one invented, one altered."""
    found = judge(SENT | {"c": "{}", "d": '{"n":1}'}, [("a", SENT["a"])] * 2 + [("d", '{"n":2}'), ("x", "{}")])
    assert found.missing == {"b", "c"}
    assert found.duplicate == {"a": 2}
    assert found.invented == {"x"}
    assert list(found.altered) == ["d"]
    assert not found.complete
    assert str(found).startswith("2 missing, 1 invented, 1 more than once, 1 altered")


def test_spelling_is_forgiven() -> None:
    """`1.0` is `1`, a time with other zeros is the same time, and volatile fields do not count."""
    arrived: Any = {"event": {"id": "b", "ingested": "2027-01-01T00:00:00Z"}, "t": "2026-01-02T03:04:05.12Z"}
    found = judge(SENT, [("a", '{"n":1.0,"event":{"id":"a"}}'), ("b", json.dumps(arrived))])
    assert found.exact


def test_lines_that_are_not_json_are_compared_as_they_stand() -> None:
    """A CEF line has to be the same, octet for octet."""
    assert judge({"a": "CEF:0|x"}, [("a", "CEF:0|x")]).exact
    assert judge({"a": "CEF:0|x"}, [("a", "CEF:0|x ")]).altered
