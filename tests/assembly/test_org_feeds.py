"""An org with log files and a stream: which rows are covered, and what events say of the other feed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import orjson
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from agent.assembly.coverage.stream_coverage import HOUR, StreamCoverage, whole_hours
from agent.assembly.org_feeds import ONE_FEED, OrgFeeds, org_feeds, prefers_stream
from agent.model import Batch
from agent.normalize.also_seen import ALSO_SEEN_IN

HOUR_10 = int(datetime(2026, 7, 1, 10, tzinfo=UTC).timestamp() * 1000)


def org(*sources: str, prefer: str = "stream", **settings: Any) -> Any:
    """Settings of an org, as far as they are asked for here. `settings`: of all its sources."""
    return SimpleNamespace(prefer=prefer, sources=[SimpleNamespace(type=name, **settings) for name in sources])


def batch(event_type: str, columns: dict[str, list[Any]], source: str = "event_log_file") -> Batch:
    frame = pl.DataFrame(columns)
    if "@timestamp" in columns:
        frame = frame.with_columns(pl.col("@timestamp").cast(pl.Datetime("ms", "UTC")))
    return Batch("00D", source, event_type, frame)


def covered(spans: dict[str, list[list[int]]], rows: Batch) -> dict[str, list[bool]]:
    found = StreamCoverage({f"covered/{event}": orjson.dumps(s) for event, s in spans.items()}.get).rows(
        rows, rows.frame
    )
    return {event: mask.to_list() for event, mask in found.by_event.items()} if found else {}


def seen(feeds: OrgFeeds, rows: Batch) -> list[list[str] | None] | None:
    assert feeds.other is not None
    prepared = feeds.other.add(rows.frame, rows)
    return prepared[ALSO_SEEN_IN].to_list() if ALSO_SEEN_IN in prepared.columns else None


@given(st.lists(st.integers(0, 40), max_size=6, unique=True))
def test_an_hour_is_covered_as_a_whole_or_not_at_all(quarters: list[int]) -> None:
    """Spans begin and end at quarters of an hour here; an hour counts when all of its quarters lie in one span."""
    ends = sorted(quarters[: len(quarters) // 2 * 2])
    spans = [(start * HOUR // 4, end * HOUR // 4) for start, end in zip(ends[::2], ends[1::2], strict=True)]
    naive = {hour for hour in range(11) if any(s <= hour * HOUR and (hour + 1) * HOUR <= e for s, e in spans)}
    assert set(whole_hours(spans)) == naive


def test_rows_of_a_covered_hour_are_covered_by_the_events_of_their_kind() -> None:
    """A row without a time, one of another hour and one that is no query are not."""
    times = [HOUR_10, HOUR_10 + HOUR - 1, HOUR_10 + HOUR, None, HOUR_10]
    rows = batch("RestApi", {"@timestamp": times, "leakline.resource": ["query"] * 4 + ["sobjects/Account"]})
    streamed = {"ApiEvent": [[HOUR_10 - 5, HOUR_10 + HOUR]], "ReportEvent": [[0, 1 << 45]]}
    assert covered(streamed, rows) == {"ApiEvent": [True, True, False, False, False]}
    assert covered({"ApiEvent": [[HOUR_10 + 1, HOUR_10 + HOUR]]}, rows) == {}
    assert covered(streamed, replace(rows, event_type="Dashboard")) == {}
    assert StreamCoverage({"covered/ApiEvent": b"{oops"}.get).rows(rows, rows.frame) is None
    assert covered(streamed, replace(rows, source="real_time_event_monitoring")) == {}


def test_coverage_is_read_anew_when_it_has_grown() -> None:
    """What the stream remembers meanwhile counts for the next batch."""
    stored = {"covered/LoginEvent": orjson.dumps([[HOUR_10, HOUR_10 + HOUR - 1]])}
    coverage, rows = StreamCoverage(stored.get), batch("Login", {"@timestamp": [HOUR_10]})
    assert coverage.rows(rows, rows.frame) is None
    stored["covered/LoginEvent"] = orjson.dumps([[HOUR_10, HOUR_10 + HOUR]])
    assert coverage.rows(rows, rows.frame) is not None


def test_only_an_org_with_both_feeds_prefers_one() -> None:
    """Without a stream nothing changes; with `both`, or with stored events alone, rules alert for each feed."""
    recall: dict[str, bytes] = {}
    assert org_feeds(org("event_log_file"), recall.get) is ONE_FEED
    assert org_feeds(org("real_time", "stored_events"), recall.get) is ONE_FEED
    assert org_feeds(org("event_log_file", "real_time"), recall.get).coverage
    assert not org_feeds(org("event_log_file", "real_time", prefer="both"), recall.get).coverage
    stored = org("event_log_file", "stored_events")
    assert not prefers_stream(stored)
    assert not org_feeds(stored, recall.get).coverage


def test_events_name_the_kinds_of_the_other_feed() -> None:
    """By the names in `event.provider` of its rows, those alone that the settings read; in either direction."""
    login = batch("Login", {"A": ["1", "2"]})
    streamed, stored = org("event_log_file", "real_time"), org("event_log_file", "stored_events")
    types = dict[str, bytes]().get
    assert seen(org_feeds(streamed, types), login) == [["LoginEventStream"]] * 2
    assert seen(org_feeds(stored, types), login) == [["LoginEvent"]] * 2
    calls = batch("RestApi", {"leakline.resource": ["query", "sobjects/Account", "jobs/query/7/results"]})
    assert seen(org_feeds(streamed, types), calls) == [["ApiEventStream"], None, ["BulkApiResultEvent"]]
    reports = batch("ReportEventStream", {"A": ["1"]}, "real_time_event_monitoring")
    assert seen(org_feeds(streamed, types), reports) == [["Report", "AsyncReportRun", "ReportExport"]]
    assert seen(org_feeds(streamed, types), batch("Dashboard", {"A": ["1"]})) is None
    few = org_feeds(org("event_log_file", "real_time", events=["LoginEvent"], event_types=["Report"]), types)
    assert seen(few, reports) == [["Report"]]
    assert (seen(few, login), seen(few, calls)) == ([["LoginEventStream"]] * 2, None)


def test_log_files_and_event_log_objects_name_each_other() -> None:
    """Those alone that the settings read, and beside what the stream tells."""
    types = dict[str, bytes]().get
    feeds = org_feeds(org("event_log_file", "event_log_object"), types)
    assert not feeds.coverage
    assert seen(feeds, batch("Login", {"A": ["1"]})) == [["LoginEventLog"]]
    assert seen(feeds, batch("UriEventLog", {"A": ["1"]}, "event_log_object")) == [["URI"]]
    assert seen(feeds, batch("IdpEventLog", {"A": ["1"]}, "event_log_object")) is None
    streamed = org_feeds(org("event_log_file", "event_log_object", "real_time"), types)
    assert seen(streamed, batch("Login", {"A": ["1"]})) == [["LoginEventStream", "LoginEventLog"]]
    few = org_feeds(org("event_log_file", "event_log_object", objects=["ReportEventLog"]), types)
    assert seen(few, batch("Login", {"A": ["1"]})) is None
