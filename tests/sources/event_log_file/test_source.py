"""Log files through the checkpoint: whatever the org does, each row comes once."""

from __future__ import annotations

import datetime as dt
import random
import threading
from contextlib import suppress

import polars as pl
import pytest
from pydantic import ValidationError

from agent.errors import Forbidden, LimitExceeded, SourceError, TransportError
from agent.model import OWN_EVENT_TYPE, Cursor
from agent.sources.event_log_file import csv_file as log_file
from agent.sources.event_log_file.event_types import DEFAULT
from agent.sources.event_log_file.source import EventLogFileSettings
from tests.sources.conftest import START, Clock, MakeSession, Reader
from tests.sources.org import LogFile, Org, csv_of

HOUR = dt.timedelta(hours=1)


def rows(*names: str | int) -> list[list[str]]:
    return [["20260701090000.000", "005000000000001", str(name)] for name in names]


def hourly(number: int, *names: str | int, hours_ago: float = 2, log_hours_ago: int = 5, sequence: int = 1) -> LogFile:
    return LogFile(
        f"0AT{number:015}",
        created=START - hours_ago * HOUR,
        log_date=START - log_hours_ago * HOUR,
        body=csv_of("Login", rows(*names)),
        sequence=sequence,
    )


def daily(number: int, *names: str | int, hours_ago: float = 2, days_ago: int = 2) -> LogFile:
    day = START.replace(hour=0) - dt.timedelta(days=days_ago)
    body = csv_of("Login", rows(*names))
    return LogFile(f"0AT{number:015}", START - hours_ago * HOUR, day, body, interval="Daily", sequence=0)


@pytest.fixture(params=["gzip", "plain"])
def transfer(request: pytest.FixtureRequest, org: Org) -> str:
    org.gzip = request.param == "gzip"
    return str(request.param)


# What is read


def test_settled_files_are_read_once(reader: Reader, org: Org, clock: Clock) -> None:
    """A file is read when it has settled, and never again while nothing changes."""
    org.files = [hourly(1, "a", "b"), hourly(2, "c", hours_ago=0.05)]
    reader.read()
    assert reader.rows() == ["a", "b"]
    reader.read()
    assert org.calls["LogFile"] == 1
    clock.advance(minutes=5)
    reader.read()
    assert reader.rows() == ["a", "b", "c"]


def test_batches_say_where_they_come_from(reader: Reader, org: Org, clock: Clock) -> None:
    """A batch carries org, service, type, file and when we saw it; columns are the vendor's, an id beside them."""
    org.files = [hourly(1, "a")]
    (batch,) = reader.read()
    assert (batch.org, batch.source, batch.event_type) == (reader.session.org_id, "event_log_file", "Login")
    assert (batch.input, batch.created) == (org.files[0].id, clock())
    assert batch.frame.columns == ["EVENT_TYPE", "TIMESTAMP", "USER_ID", "URI", "event.id"]
    assert batch.frame.dtypes == [pl.String] * 5


def test_files_come_in_order_of_creation_though_downloads_run_ahead(reader: Reader, org: Org) -> None:
    """Order is (CreatedDate, Id), ties of one second included, over several pages."""
    org.page = 7
    org.files = [hourly(n, f"row {n}", hours_ago=2 + n // 10) for n in range(30)]
    random.Random(1).shuffle(org.files)
    reader.read()
    expected = sorted(org.files, key=lambda f: (f.created, f.id))
    assert [batch.input for batch in reader.batches] == [f.id for f in expected]


def test_the_first_start_goes_back_as_far_as_set(reader: Reader, org: Org, clock: Clock) -> None:
    """Older files are left alone, by the sweep as well."""
    org.files = [hourly(1, "old", hours_ago=25), hourly(2, "new", hours_ago=23)]
    reader.read()
    clock.advance(hours=2)
    reader.read()
    assert reader.rows() == ["new"]


def test_only_wanted_types_are_asked_for(reader: Reader, org: Org) -> None:
    """The default names the security-relevant types; a list is respelled as the org spells; all asks for no type."""
    reader.read()
    assert f"'{DEFAULT[0]}'" in org.queries[-1]
    reader.restart(event_types=EventLogFileSettings(event_types=["login", "BlockedRedirect", "New"]).event_types)
    reader.read()
    assert "EventType IN ('Login','BlockedRedirections','New')" in org.queries[-1]
    reader.restart(event_types="all")
    reader.read()
    assert "EventType" not in org.queries[-1].partition("WHERE")[2]


def test_every_query_names_interval_and_never_id(reader: Reader, org: Org) -> None:
    """Without Interval only daily files come back; with a condition on Id both kinds do."""
    org.files = [hourly(1, "a"), daily(2, "b")]
    reader.read()
    reader.read()
    for query in org.queries:
        condition = query.partition("WHERE")[2].partition("ORDER BY")[0]
        assert "Interval = '" in condition
        assert "Id" not in condition
        assert "ORDER BY CreatedDate ASC, Id ASC" in query or "LIMIT 1" in query
    assert reader.rows() == ["a"]


def test_unknown_types_and_columns_are_kept(reader: Reader, org: Org) -> None:
    """What nobody has documented is read like the rest."""
    reader.restart(event_types="all")
    body = csv_of("NewThing", [["1", "2"]], columns="TIMESTAMP,NEVER_SEEN")
    org.files = [LogFile("0AT000000000000001", START - 2 * HOUR, START - 5 * HOUR, body, event_type="NewThing")]
    (batch,) = reader.read()
    assert batch.event_type == "NewThing"
    assert batch.frame["NEVER_SEEN"].to_list() == ["2"]


def test_a_file_of_a_header_alone_is_known_afterwards(reader: Reader, org: Org) -> None:
    """No rows, no second download."""
    org.files = [hourly(1)]
    reader.read()
    reader.read()
    assert reader.rows() == []
    assert org.calls["LogFile"] == 1


def test_malformed_rows_are_rejected_and_the_rest_goes_on(reader: Reader, org: Org) -> None:
    """A bad row is kept with file and number; it is a duplicate when the file comes again."""
    file = hourly(1, "a", "b")
    file.body = file.body.replace(b'"b"\n', b'"b","too many"\n') + csv_of("Login", rows("c")).split(b"\n", 1)[1]
    org.files = [file]
    (batch,) = reader.read()
    assert reader.rows() == ["a", "c"]
    (rejection,) = batch.rejections
    assert (rejection.input, rejection.row, rejection.source) == (file.id, 2, "event_log_file")
    file.created += HOUR
    (again,) = reader.read()
    assert (again.frame.height, len(again.rejections), again.duplicates) == (0, 0, 3)


# Late, repeated and replaced


def test_files_that_become_visible_late_are_found(reader: Reader, org: Org, clock: Clock) -> None:
    """A file behind the high water is found by the overlap, an older one by the sweep."""
    near, far = hourly(1, "near", hours_ago=2.5), hourly(2, "far", hours_ago=20)
    near.visible_at = far.visible_at = START + dt.timedelta(minutes=10)
    org.files = [near, far, hourly(3, "first", hours_ago=2)]
    reader.read()
    assert reader.rows() == ["first"]
    clock.advance(minutes=20)
    reader.read()
    assert reader.rows() == ["first", "near"]
    clock.advance(minutes=50)
    reader.read()
    assert reader.rows() == ["first", "near", "far"]


def test_ties_across_polls_are_not_lost(reader: Reader, org: Org, clock: Clock) -> None:
    """Files of the second of the high water that show up later, with smaller ids, are read."""
    org.files = [hourly(5, "five")]
    reader.read()
    org.files += [hourly(1, "one"), hourly(9, "nine")]
    reader.read()
    assert reader.rows() == ["five", "one", "nine"]


def test_a_late_increment_brings_only_its_new_rows(reader: Reader, org: Org, clock: Clock) -> None:
    """Sequence 2 may repeat rows of Sequence 1; true repeats within a file are kept."""
    org.files = [hourly(1, "a", "b", "b", "c")]
    reader.read()
    org.files.append(hourly(2, "b", "d", "a", "b", "b", hours_ago=1, sequence=2))
    reader.read()
    assert sorted(reader.rows()) == ["a", "b", "b", "b", "c", "d"]
    assert reader.duplicates == 3


def test_equal_rows_of_other_hours_are_other_events(reader: Reader, org: Org) -> None:
    """Repeats are looked for within an hour, not beyond it."""
    org.files = [hourly(1, "a", log_hours_ago=5), hourly(2, "b", log_hours_ago=6)]
    reader.read()
    assert reader.rows() == ["a", "b"]
    assert reader.duplicates == 0


@pytest.mark.parametrize("change", ["created", "length"])
def test_a_replaced_file_brings_what_is_new(reader: Reader, org: Org, change: str) -> None:
    """The same id with another CreatedDate or length is read again, row by row."""
    org.files = [hourly(1, "a", "b")]
    reader.read()
    org.files[0].body = csv_of("Login", rows("b", "a", "c"))
    if change == "created":
        org.files[0].created += HOUR
        org.files[0].length = len(csv_of("Login", rows("a", "b")))
    reader.read()
    assert reader.rows() == ["a", "b", "c"]
    assert reader.duplicates == 2


def test_a_replaced_daily_file_brings_what_is_new(reader: Reader, org: Org) -> None:
    """A day's file that is issued again with late rows does not double the day."""
    reader.restart(interval="daily")
    org.files = [daily(1, *range(50), hours_ago=5)]
    reader.read()
    org.files.append(daily(2, *range(55), hours_ago=1))
    reader.read()
    assert reader.rows() == [str(n) for n in range(55)]


# Resuming


def many(number: int, count: int) -> LogFile:
    return hourly(number, *(f"{number}-{n}-{'x' * 40}" for n in range(count)))


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of about 1,000 bytes, so that small files have several."""
    monkeypatch.setattr(log_file, "CHUNK_BYTES", 1000)


@pytest.mark.parametrize("stop_after", [1, 2, 5])
def test_reading_resumes_inside_a_file(reader: Reader, org: Org, small_pieces: None, stop_after: int) -> None:
    """After a stop at any batch, reading goes on at the next row, and nothing is read twice."""
    file = many(1, 300)
    file.body += csv_of("Login", rows("same", "same")).split(b"\n", 1)[1]
    org.files = [file, many(2, 20)]
    while reader.read(stop_after=stop_after):
        reader.restart()
    assert reader.rows()[:300] == [f"1-{n}-{'x' * 40}" for n in range(300)]
    assert reader.rows()[300:302] == ["same", "same"]
    assert len(reader.rows()) == 322
    assert reader.duplicates == 0
    assert len(reader.batches) > 10


def test_rows_keep_when_their_file_was_first_seen(reader: Reader, org: Org, clock: Clock, small_pieces: None) -> None:
    """A file that is read on after a stop has one `event.created`; so has a row that is fetched again a day later."""
    org.files = [many(1, 300)]
    begun = clock()
    while reader.read(stop_after=2):
        clock.advance(hours=1)
        reader.restart()
    assert len(reader.batches) > 3
    assert {batch.created for batch in reader.batches} == {begun}
    again = reader.batches[-1].again
    clock.advance(hours=24)
    (batch,) = reader.source.fetch_again(again, [pl.Series([5])], threading.Event())
    assert (batch.created, batch.frame.height) == (begun, 1)


def test_a_file_replaced_while_it_was_half_read_is_not_doubled(reader: Reader, org: Org, small_pieces: None) -> None:
    """The new version is read from its first row, and its rows that were taken are left out."""
    org.files = [many(1, 100)]
    reader.read(stop_after=3)
    before = len(reader.rows())
    org.files[0].created += HOUR
    reader.restart()
    reader.read()
    assert sorted(reader.rows()) == sorted(f"1-{n}-{'x' * 40}" for n in range(100))
    assert reader.duplicates == before > 0


def test_an_earlier_file_between_stop_and_resume_does_no_harm(reader: Reader, org: Org, small_pieces: None) -> None:
    """A file that shows up late and comes first does not make the half-read one double or lose rows."""
    org.files = [many(5, 100)]
    reader.read(stop_after=3)
    org.files.append(hourly(1, "late", hours_ago=3))
    reader.restart()
    reader.read()
    assert sorted(reader.rows()) == sorted([*(f"5-{n}-{'x' * 40}" for n in range(100)), "late"])


@pytest.mark.parametrize("text", ["", "nonsense", "{}", '{"version": 99}', '{"version": 1, "since": 5}', "[]", "null"])
def test_a_cursor_that_is_garbage_is_said_to_be(reader: Reader, text: str) -> None:
    """A damaged cursor is an error with a way out, not a fresh start."""
    reader.cursor = Cursor(text)
    with pytest.raises(SourceError, match=r"cursor.*backup"):
        reader.read()


def test_what_is_remembered_is_forgotten_in_time(reader: Reader, org: Org, clock: Clock) -> None:
    """Known files and taken ids do not pile up."""
    for n in range(30):
        created = START + n * 12 * HOUR
        clock.time = created + HOUR
        body = csv_of("Login", rows(f"row {n}"))
        org.files.append(LogFile(f"0AT{n:015}", created, created - 3 * HOUR, body))
        reader.read()
    assert reader.rows() == [f"row {n}" for n in range(30)]
    assert len([k for k in reader.memory if k.startswith("known/")]) <= 10
    assert len([k for k in reader.memory if k.startswith("taken/")]) <= 15


# Downloads that are not whole


def test_a_cut_download_is_fetched_again(reader: Reader, org: Org, transfer: str, clock: Clock) -> None:
    """None of a cut transfer is credited, other files go on, and a later poll gets the whole."""
    org.files = [many(1, 200), hourly(2, "other", hours_ago=1)]
    org.cut_at = {org.files[0].id: 300}
    with pytest.raises(TransportError, match="broke off"):
        reader.read()
    assert reader.rows() == ["other"]
    org.cut_at = {}
    clock.advance(minutes=10)
    reader.read()
    assert len(reader.rows()) == 201
    assert reader.own() == []


def test_an_end_that_looks_clean_is_not_trusted(reader: Reader, org: Org, transfer: str, clock: Clock) -> None:
    """A file that ends early under a proper last chunk is fetched again."""
    org.files = [many(1, 200)]
    org.end_at = {org.files[0].id: 300}
    for _ in range(2):
        try:
            reader.read()
        except TransportError:
            assert transfer == "gzip"
        clock.advance(minutes=10)
    assert reader.batches == []
    org.end_at = {}
    reader.read()
    assert len(reader.rows()) == 200


def test_a_file_that_stays_short_is_taken_at_the_third_time_and_flagged(reader: Reader, org: Org, clock: Clock) -> None:
    """A file shorter than listed is not refused for ever; an event tells of it."""
    org.files = [hourly(1, "a", "b")]
    org.files[0].length = 10_000
    for _ in range(3):
        assert reader.rows() == []
        reader.read()
        clock.advance(minutes=10)
    assert reader.rows() == ["a", "b"]
    (event,) = reader.own()
    assert event["event.action"] == "log-truncated"
    assert event["salesforce.event_log_file.id"] == org.files[0].id
    assert "10000 were listed" in event["message"]
    reader.read()
    assert org.calls["LogFile"] == 3


def test_a_file_that_stays_cut_is_taken_in_part_and_the_rest_fetched_later(
    reader: Reader, org: Org, transfer: str, clock: Clock
) -> None:
    """What arrived is taken at the third time; once the whole is to be had, only the rest is new."""
    org.files = [many(1, 2000)]
    org.cut_at = {org.files[0].id: 5000}
    for _ in range(2):
        with pytest.raises(TransportError):
            reader.read()
        clock.advance(minutes=10)
    reader.read()
    taken = len(reader.rows())
    assert 0 < taken < 2000
    assert [e["event.action"] for e in reader.own()] == ["log-truncated"]
    org.cut_at = {}
    clock.advance(hours=2)
    reader.read()
    assert reader.rows() == [f"1-{n}-{'x' * 40}" for n in range(2000)]
    clock.advance(hours=2)
    reader.read()
    assert org.calls["LogFile"] == 4


def test_a_web_page_instead_of_a_file_is_a_transport_error(reader: Reader, org: Org, clock: Clock) -> None:
    """HTML with status 200 is nothing to take, and the file comes at a later poll."""
    org.files = [hourly(1, "a")]
    org.status = {org.files[0].id: (200, b"<html>maintenance</html>\n" * 100)}
    for _ in range(5):
        with pytest.raises(TransportError, match="no log file"):
            reader.read()
    assert reader.batches == []
    org.status = {}
    reader.read()
    assert reader.rows() == ["a"]


@pytest.mark.parametrize("status", [404, 410])
def test_a_file_that_is_gone_is_a_gap(reader: Reader, org: Org, status: int) -> None:
    """It is told once, as an event of Leakline's own, and not asked for again."""
    org.files = [hourly(1, "a"), hourly(2, "b", hours_ago=1)]
    org.status = {org.files[0].id: (status, [{"errorCode": "NOT_FOUND", "message": "gone"}])}
    reader.read()
    assert reader.rows() == ["b"]
    (event,) = reader.own()
    assert event["event.action"] == "log-gap"
    assert (event["event.kind"], event["event.outcome"]) == ("pipeline_error", "failure")
    assert event["leakline.gap_hours"] == 1
    assert org.files[0].id in event["message"]
    assert reader.batches[0].event_type == OWN_EVENT_TYPE
    reader.read()
    assert org.calls["LogFile"] == 2


def test_a_file_that_alone_fails_for_a_day_is_a_gap(reader: Reader, org: Org, clock: Clock) -> None:
    """A server error for one file blocks no other, and is given up after a day."""
    org.files = [hourly(1, "never")]
    org.status = {org.files[0].id: (500, [{"errorCode": "UNKNOWN_EXCEPTION", "message": "x"}])}
    for n in range(6):
        org.files.append(hourly(2 + n, f"row {n}", hours_ago=1 - 5 * n))
        clock.time = START + 5 * n * HOUR
        if n < 5:
            with pytest.raises(TransportError, match="500"):
                reader.read()
        else:
            reader.read()
    assert reader.rows() == [f"row {n}" for n in range(6)]
    assert [e["event.action"] for e in reader.own()] == ["log-gap"]
    calls = org.calls["LogFile"]
    reader.read()
    assert org.calls["LogFile"] == calls


def test_an_outage_ends_the_poll_at_once(reader: Reader, org: Org) -> None:
    """When files fail one after the other it is not the files: no gap, no attempt for all of them."""
    org.files = [hourly(n, f"row {n}") for n in range(50)]
    org.status = {f.id: (503, b"<html>") for f in org.files}
    with pytest.raises(TransportError, match="503"):
        reader.read()
    assert reader.batches == []
    assert org.calls["LogFile"] < 20
    org.status = {}
    reader.read()
    assert sorted(reader.rows()) == sorted(f"row {n}" for n in range(50))


def test_a_failed_file_is_not_left_behind_by_the_high_water(reader: Reader, org: Org, clock: Clock) -> None:
    """After a restart too, a file that failed long before the newest one is asked for."""
    reader.restart(start=dt.timedelta(days=20))
    org.files = [hourly(1, "failed", hours_ago=400), hourly(2, "x", hours_ago=300), hourly(3, "y", hours_ago=2)]
    org.status = {org.files[0].id: (500, b"")}
    with pytest.raises(TransportError):
        reader.read()
    assert reader.rows() == ["x", "y"]
    org.status = {}
    reader.restart()
    reader.read()
    assert reader.rows() == ["x", "y", "failed"]


def test_a_dripping_download_is_interrupted(reader: Reader, org: Org) -> None:
    """A download has a deadline as a whole."""
    org.gzip = False
    org.files = [hourly(1, "a")]
    org.drip = {org.files[0].id: 0.05}
    reader.restart(deadline=dt.timedelta(seconds=0.3))
    with pytest.raises(TransportError, match="broke off"):
        reader.read()
    assert reader.batches == []


def test_closing_while_downloads_run_leaves_nothing_behind(reader: Reader, org: Org) -> None:
    """A stop between batches ends threads and gives up temporary files."""
    org.files = [many(n, 100) for n in range(20)]
    reader.read(stop_after=1)
    assert reader.left_behind() == []
    reader.read()
    assert len(reader.rows()) == 2000


# The org says no


def test_a_used_up_allowance_pauses_and_loses_nothing(reader: Reader, org: Org) -> None:
    """REQUEST_LIMIT_EXCEEDED is handed on at once; afterwards reading goes on where it was."""
    org.files = [hourly(n, f"row {n}", hours_ago=10 - n) for n in range(5)]
    refusal = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    org.status = {org.files[2].id: (403, refusal)}
    with pytest.raises(LimitExceeded):
        reader.read()
    assert reader.rows() == ["row 0", "row 1"]
    org.status = {}
    reader.read()
    assert reader.rows() == [f"row {n}" for n in range(5)]


def test_the_budget_is_heeded(make_session: MakeSession, reader: Reader, org: Org) -> None:
    """Above its share of the allowance Leakline asks for nothing but the allowance."""
    reader.session = make_session(api_budget={"share": 0.5})
    reader.restart()
    reader.read()
    org.used = 600
    reader.session.limits()
    queries = org.calls["query"]
    with pytest.raises(LimitExceeded):
        reader.read()
    assert org.calls["query"] == queries


def test_a_missing_permission_is_forbidden(reader: Reader, org: Org) -> None:
    """An object that is not visible names the permission."""
    org.status = {"query": (400, [{"errorCode": "INVALID_TYPE", "message": "sObject type is not supported."}])}
    with pytest.raises(Forbidden, match="View Event Log Files"):
        reader.read()


def test_a_stale_locator_restarts_the_query(reader: Reader, org: Org) -> None:
    """INVALID_QUERY_LOCATOR between pages loses no file."""
    org.page = 5
    org.files = [hourly(n, f"row {n}") for n in range(12)]
    org.stale_locators = 1
    reader.read()
    assert reader.rows() == [f"row {n}" for n in range(12)]


# Hourly and daily


@pytest.mark.parametrize("interval", ["auto", "hourly"])
def test_without_the_interval_field_daily_files_are_read(reader: Reader, org: Org, clock: Clock, interval: str) -> None:
    """An org without hourly files falls back to daily ones and says so once."""
    org.has_interval = False
    org.files = [daily(1, "a", "b")]
    reader.restart(interval=interval)
    reader.read()
    reader.restart()
    clock.advance(hours=3)
    reader.read()
    assert reader.rows() == ["a", "b"]
    assert [e["event.action"] for e in reader.own()] == ["hourly-files-missing"]


def test_hourly_files_that_come_later_are_read_without_doubling(reader: Reader, org: Org, clock: Clock) -> None:
    """When hourly files appear, reading changes over; rows that a day's file brought are not taken again."""
    org.files = [daily(1, "a", "b", days_ago=2)]
    reader.read()
    assert [e["event.action"] for e in reader.own()] == ["hourly-files-missing"]
    old = hourly(2, "b", hours_ago=-1)
    old.log_date = org.files[0].log_date + 9 * HOUR
    org.files += [old, hourly(3, "c", hours_ago=-1)]
    clock.advance(hours=2)
    reader.read()
    assert reader.rows() == ["a", "b", "c"]
    assert reader.own()[-1]["event.action"] == "hourly-files-found"


def test_the_daily_file_reconciles_what_hourly_ones_left_out(reader: Reader, org: Org, clock: Clock) -> None:
    """Of a day's file only the rows that no hourly file brought are new."""
    reader.restart(reconcile_daily=True, start=dt.timedelta(days=4))
    day = START.replace(hour=0) - dt.timedelta(days=2)
    for hour in range(10):
        body = csv_of("Login", rows(*(f"{hour}-{n}" for n in range(10))))
        org.files.append(LogFile(f"0AT{hour:015}", day + (hour + 4) * HOUR, day + hour * HOUR, body))
    everything = [f"{hour}-{n}" for hour in range(10) for n in range(11)]
    org.files.append(daily(99, *everything, days_ago=2))
    reader.read()
    assert sorted(reader.rows()) == sorted(everything)
    assert reader.duplicates == 100
    assert reader.own() == []


def test_a_daily_file_that_does_not_fit_its_hours_is_held(reader: Reader, org: Org, clock: Clock) -> None:
    """If hourly and daily files do not agree cell for cell, nothing is doubled and an event tells."""
    reader.restart(reconcile_daily=True, start=dt.timedelta(days=4))
    day = START.replace(hour=0) - dt.timedelta(days=2)
    org.files = [LogFile("0AT000000000000001", day + 4 * HOUR, day, csv_of("Login", rows(*range(100))))]
    org.files.append(daily(2, *(f"other spelling {n}" for n in range(100)), days_ago=2))
    reader.read()
    reader.read()
    assert len(reader.rows()) == 100
    (event,) = reader.own()
    assert event["event.action"] == "log-held"
    assert event["leakline.known_share"] == 0.0
    assert org.calls["LogFile"] == 2


# Truth, at length


@pytest.mark.parametrize("seed", range(6))
def test_no_row_is_lost_and_none_doubled(reader: Reader, org: Org, clock: Clock, small_pieces: None, seed: int) -> None:
    """Days of ties, late and repeating increments, files that show up late, failures and restarts: each row once."""
    dice = random.Random(seed)
    truth: list[str] = []
    number, org.limit = 0, 10**6
    org.page = 10
    for hour in range(48):
        log_date = START + hour * HOUR
        names = [f"{hour}/{n}/{'y' * dice.randrange(60)}" for n in range(dice.randrange(1, 60))]
        truth += names
        for sequence in range(1, dice.choice([1, 1, 2, 3]) + 1):
            number += 1
            late = [f"{hour}/late {sequence}/{n}" for n in range(dice.randrange(1, 5))] if sequence > 1 else []
            truth += late
            repeated = dice.sample(names, dice.randrange(len(names))) if sequence > 1 else names
            created = log_date + dice.choice([3, 4, 5, 6, 20, 60][: 4 if sequence == 1 else 6]) * HOUR
            file = LogFile(f"0AT{number:015}", created, log_date, csv_of("Login", rows(*repeated, *late)))
            file.sequence = sequence
            if dice.random() < 0.2:
                file.visible_at = created + dice.randrange(1, 40) * HOUR
            org.files.append(file)
    while clock.time < START + 130 * HOUR:
        clock.advance(minutes=dice.choice([10, 30, 90]))
        org.cut_at, org.end_at, org.status = {}, {}, {}
        for file in dice.sample(org.files, 5):
            fault = dice.choice(["cut", "end", "status", "html"])
            if fault in ("cut", "end"):
                getattr(org, f"{fault}_at")[file.id] = dice.randrange(1, 150)
            else:
                org.status[file.id] = (503, b"") if fault == "status" else (200, b"<html>\n")
        if dice.random() < 0.1:
            org.valid = set()
        with suppress(TransportError):
            reader.read(stop_after=dice.choice([None, None, 1, 3]))
        if dice.random() < 0.2:
            reader.restart()
    org.cut_at, org.end_at, org.status = {}, {}, {}
    for _ in range(3):
        clock.advance(hours=2)
        reader.read()
    assert sorted(reader.rows()) == sorted(truth)
    assert [e for e in reader.own() if e["event.action"] != "log-truncated"] == []


def test_settings_refuse_what_they_do_not_know() -> None:
    """A misspelt setting or a wrong value is an error."""
    for wrong in ({"event_type": "all"}, {"interval": "weekly"}, {"start": "soon"}, {"parallel": 0}):
        with pytest.raises(ValidationError):
            EventLogFileSettings.model_validate(wrong)
