"""Downloads that are not whole, not there, or not the file: fetched again, taken in part, or told as a gap."""

from __future__ import annotations

import datetime as dt

import pytest

from agent.errors import TransportError
from agent.model import OWN_EVENT_TYPE
from tests.scripted_org.scripted_org import ScriptedOrg
from tests.sources.event_log_file.log_files import HOUR, hourly, many
from tests.sources.reader import START, Clock, Reader


def test_a_cut_download_is_fetched_again(reader: Reader, org: ScriptedOrg, transfer: str, clock: Clock) -> None:
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


def test_an_end_that_looks_clean_is_not_trusted(reader: Reader, org: ScriptedOrg, transfer: str, clock: Clock) -> None:
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


def test_a_file_that_stays_short_is_taken_at_the_third_time_and_flagged(
    reader: Reader, org: ScriptedOrg, clock: Clock
) -> None:
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
    assert org.calls["log_file"] == 3


def test_a_file_that_stays_cut_is_taken_in_part_and_the_rest_fetched_later(
    reader: Reader, org: ScriptedOrg, transfer: str, clock: Clock
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
    assert org.calls["log_file"] == 4


def test_a_web_page_instead_of_a_file_is_a_transport_error(reader: Reader, org: ScriptedOrg, clock: Clock) -> None:
    """HTML with status 200 is nothing to take, and the file comes at a later poll."""
    org.files = [hourly(1, "a")]
    org.status = {org.files[0].id: (200, b"<html>maintenance</html>\n" * 100)}
    for _ in range(5):
        with pytest.raises(TransportError, match="not a log file"):
            reader.read()
    assert reader.batches == []
    org.status = {}
    reader.read()
    assert reader.rows() == ["a"]


@pytest.mark.parametrize("status", [404, 410])
def test_a_file_that_is_gone_is_a_gap(reader: Reader, org: ScriptedOrg, status: int) -> None:
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
    assert org.calls["log_file"] == 2


def test_a_file_that_alone_fails_for_a_day_is_a_gap(reader: Reader, org: ScriptedOrg, clock: Clock) -> None:
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
    calls = org.calls["log_file"]
    reader.read()
    assert org.calls["log_file"] == calls


def test_an_outage_ends_the_poll_at_once(reader: Reader, org: ScriptedOrg) -> None:
    """When files fail one after the other it is not the files: no gap, no attempt for all of them."""
    org.files = [hourly(n, f"row {n}") for n in range(50)]
    org.status = {f.id: (503, b"<html>") for f in org.files}
    with pytest.raises(TransportError, match="503"):
        reader.read()
    assert reader.batches == []
    assert org.calls["log_file"] < 20
    org.status = {}
    reader.read()
    assert sorted(reader.rows()) == sorted(f"row {n}" for n in range(50))


def test_a_failed_file_is_not_left_behind_by_the_high_water(reader: Reader, org: ScriptedOrg, clock: Clock) -> None:
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


def test_a_dripping_download_is_interrupted(reader: Reader, org: ScriptedOrg) -> None:
    """A download has a deadline as a whole."""
    org.gzip = False
    org.files = [hourly(1, "a")]
    org.drip = {org.files[0].id: 0.05}
    reader.restart(deadline=dt.timedelta(seconds=0.3))
    with pytest.raises(TransportError, match="broke off"):
        reader.read()
    assert reader.batches == []


def test_closing_while_downloads_run_leaves_nothing_behind(reader: Reader, org: ScriptedOrg) -> None:
    """A stop between batches ends threads and gives up temporary files."""
    org.files = [many(n, 100) for n in range(20)]
    reader.read(stop_after=1)
    assert reader.left_behind() == []
    reader.read()
    assert len(reader.rows()) == 2000
