"""Rows of log files that event log objects had told of: by how far these were read."""

from __future__ import annotations

import orjson
import pytest

from agent.assembly.coverage.object_coverage import ObjectCoverage
from agent.assembly.coverage.stream_coverage import HOUR
from agent.assembly.org_feeds import org_feeds
from tests.assembly.test_org_feeds import HOUR_10, batch, org


def coverage(high: int, *unread: list[int], since: int = HOUR_10) -> ObjectCoverage:
    """Of an org whose LoginEventLog was read from `since` to `high`, but for spans."""
    cursor = orjson.dumps({"version": 1, "events": {"LoginEventLog": [high, high, unread]}, "gaps": {}}).decode()
    return ObjectCoverage({"since/LoginEventLog": str(since).encode()}.get, lambda: cursor)


LOGINS = batch("Login", {"@timestamp": [HOUR_10, HOUR_10 + HOUR - 1, HOUR_10 + HOUR, HOUR_10 + 2 * HOUR, None]})


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (coverage(HOUR_10 + 3 * HOUR), [True, True, True, False, False]),
        (coverage(HOUR_10 + 3 * HOUR, since=HOUR_10 + 1), [False, False, True, False, False]),
        (coverage(HOUR_10 + 9 * HOUR, [HOUR_10 + HOUR, HOUR_10 + HOUR + 5]), [True, True, False, True, False]),
    ],
)
def test_whole_hours_that_were_read_are_covered(found: ObjectCoverage, expected: list[bool]) -> None:
    """Not the newest one, for records may become visible late, and none of which a part is still to be read."""
    rows = found.rows(LOGINS, LOGINS.frame)
    assert rows is not None
    assert rows.by_event["LoginEventLog"].to_list() == expected


def test_what_was_never_read_covers_nothing() -> None:
    """Another type, another service, an object that is not read yet, a cursor of another version."""
    found = coverage(HOUR_10 + 3 * HOUR)
    reports = batch("Report", {"@timestamp": [HOUR_10]})
    stored = batch("Login", {"@timestamp": [HOUR_10]}, "event_log_object")
    assert found.rows(reports, reports.frame) is None
    assert found.rows(stored, stored.frame) is None
    recall = {"since/LoginEventLog": b"0"}.get
    assert ObjectCoverage(recall, lambda: None).rows(LOGINS, LOGINS.frame) is None
    assert ObjectCoverage(recall, lambda: "{}").rows(LOGINS, LOGINS.frame) is None


def test_stream_and_objects_cover_beside_each_other() -> None:
    """Rules that see one of the two leave out the rows that it told of."""
    found, nothing = coverage(HOUR_10 + 3 * HOUR), dict[str, bytes]().get
    streamed = {"covered/LoginEvent": orjson.dumps([[HOUR_10, HOUR_10 + HOUR]])}
    both = org_feeds(org("event_log_file", "real_time", "event_log_object"), streamed.get, found)
    rows = both.covered(LOGINS, LOGINS.frame)
    assert rows is not None
    assert rows.by_event.keys() == {"LoginEvent", "LoginEventLog"}
    assert not org_feeds(org("event_log_file", "event_log_object", prefer="both"), nothing, found).coverage
