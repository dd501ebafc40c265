"""What the file destination wrote is read back under dotted names."""

from __future__ import annotations

import orjson

from agent.demo.written_documents import BATCH_ROWS, read_documents

NAME = 'the "provider":"one" \x00 ż'
LOGIN = {
    "event": {"provider": "Login", "id": "1"},
    "user": {"name": NAME, "roles": ["a", "b"]},
}
OTHER_LOGIN = {"event": {"provider": "Login", "id": "2"}, "source": {"geo": {"location": {"lat": 1.5}}}, "count": 7}
REPORT = {"event": {"provider": "Report", "id": "3"}, "count": "many"}


def test_a_document_is_a_row_of_a_frame_of_its_provider() -> None:
    """A key that others have alone is null, a list stays a list, and text that looks like a key is text."""
    read = list(read_documents(orjson.dumps(document) + b"\n" for document in (LOGIN, REPORT, OTHER_LOGIN)))
    logins, reports = sorted(read, key=lambda frame: -frame.height)
    assert logins.to_dicts() == [
        {"event.provider": "Login", "event.id": "1", "user.name": NAME, "user.roles": ["a", "b"],
         "source.geo.location.lat": None, "count": None},
        {"event.provider": "Login", "event.id": "2", "user.name": None, "user.roles": None,
         "source.geo.location.lat": 1.5, "count": 7},
    ]  # fmt: skip
    assert reports.to_dicts() == [{"event.provider": "Report", "event.id": "3", "count": "many"}]


def test_more_documents_than_a_frame_takes_are_read_in_several() -> None:
    """Every document once."""
    line = orjson.dumps(LOGIN) + b"\n"
    assert [frame.height for frame in read_documents([line] * (BATCH_ROWS + 1))] == [BATCH_ROWS, 1]


def test_a_document_without_a_provider_is_read_as_well() -> None:
    """And no lines are no frames."""
    assert [frame.to_dicts() for frame in read_documents([b'{"a":{"b":1}}\n'])] == [[{"a.b": 1}]]
    assert list(read_documents([])) == []
