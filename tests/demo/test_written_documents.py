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


def test_texts_stay_as_they_are_written() -> None:
    """Though they look like times, at whatever depth, and wherever in the lines they come first."""
    times = {"a": "2026-11-26T23:58:14.120Z", "b": {"day": "2026-11-26", "list": ["2026-11-26 23:58:14"]}}
    plain: list[dict[str, object]] = [{"n": 1, "b": {"n": 1}}] * 150
    for documents in ([times, *plain], [*plain, times]):
        (frame,) = read_documents(orjson.dumps(document) + b"\n" for document in documents)
        row = frame.filter(frame["a"].is_not_null()).row(0, named=True)
        expected = {"a": times["a"], "b.day": "2026-11-26", "b.list": ["2026-11-26 23:58:14"], "n": None, "b.n": None}
        assert row == expected
        assert frame["b.n"].sum() == 150


def test_a_key_may_have_values_of_two_kinds() -> None:
    """Texts and numbers become texts, whole numbers and others become numbers, in either order."""
    mixed: list[dict[str, object]] = [{"k": 1, "f": 1, "z": None}, {"k": "x", "f": 1.5, "z": 3}]
    for documents in (mixed, mixed[::-1]):
        (frame,) = read_documents(orjson.dumps(document) + b"\n" for document in documents)
        assert sorted(frame["k"].to_list()) == ["1", "x"]
        assert sorted(frame["f"].to_list()) == [1.0, 1.5]
