"""Real-time events: what rules ask of them, and fields that nobody described."""

from __future__ import annotations

import polars as pl
import pytest

from agent.model import Batch
from tests.golden.documents import ORG, golden_batches
from tests.normalize.batches import NORMALIZER, REAL_TIME_EVENTS, cells_of, shaped

SERVICE = "real_time_event_monitoring"


def batch_of(event_type: str, **cells: str | None) -> Batch:
    frame = pl.DataFrame({"event.id": ["0" * 32], **{name: [cell] for name, cell in cells.items()}})
    return Batch(ORG, SERVICE, event_type, frame.with_columns(pl.col(pl.Null).cast(pl.String)))


@pytest.mark.parametrize("spelling", ["ReportEvent", "ReportEventStream", "FileEventStore", "SomeNewEvent"])
def test_rules_can_ask_where_a_row_was_read(spelling: str) -> None:
    """Rules see `EventType`, which rows do not have, as the channel or the object; events have it as event.provider."""
    batch = batch_of(spelling, UserId="005Kz00000Vol61IAB")
    assert NORMALIZER.prepare(batch)["EventType"].to_list() == [spelling]
    frame = shaped(batch)
    assert frame["event.provider"].to_list() == [spelling]
    assert "EventType" not in frame.columns


def test_a_sample_may_name_the_event_type_itself() -> None:
    """A row that has `EventType` keeps it, and gives it back."""
    batch = batch_of("ApiEvent", EventType="ApiEventStream", RowsProcessed="7")
    assert NORMALIZER.prepare(batch)["EventType"].to_list() == ["ApiEventStream"]
    assert cells_of(NORMALIZER.unshape(shaped(batch))) == cells_of(batch.frame)


@pytest.mark.parametrize("event", REAL_TIME_EVENTS)
def test_streamed_and_stored_rows_say_the_same(event: str) -> None:
    """The same happening has the same document from the stream and from where it is stored, but for what one of them lacks."""
    rows = [shaped(batch).row(0, named=True) for batch in golden_batches(event)]
    first = rows[0]
    for row in rows[1:]:
        apart = {name for name in first.keys() & row.keys() if first[name] != row[name]}
        assert apart <= {"event.id", "event.provider", "salesforce.id"}


def test_an_event_that_nobody_described_keeps_its_fields() -> None:
    """Each field of an unknown event is a text field of its own, numbers besides, and comes back as it was."""
    batch = batch_of(
        "MobileScreenshotEvent", ScreenDescription="home", AppVersion="7.5", EventDate="2026-03-02T08:00:00.000Z"
    )
    frame = shaped(batch)
    assert frame["salesforce.screendescription"].to_list() == ["home"]
    assert frame["salesforce.appversion"].to_list() == ["7.5"]
    assert frame["leakline.number.appversion"].to_list() == [7.5]
    assert frame["event.action"].to_list() == ["mobile-screenshot-event"]
    assert cells_of(NORMALIZER.unshape(frame)) == cells_of(batch.frame)


@pytest.mark.parametrize(("rows", "count"), [("12000", 12000), ("-1", None), (None, None), ("many", None)])
def test_rows_of_an_api_query(rows: str | None, count: int | None) -> None:
    """The rows of a query are counted as those of log files are; that they are not known is no count."""
    prepared = NORMALIZER.prepare(batch_of("ApiEventStream", RowsProcessed=rows, ApiType="SOAP Partner"))
    assert prepared.get_column("leakline.rows", default=pl.Series([None])).to_list() == [count]
    assert prepared["leakline.door"].to_list() == ["soap"]


def test_who_logged_in_as_whom() -> None:
    """The user of a LoginAsEvent is the administrator, whose id it does not tell, and its target who was entered."""
    row = NORMALIZER.prepare(
        batch_of(
            "LoginAsEvent", UserId="005Kz00000Vol61IAB", Username="vera@a.example", DelegatedUsername="admin@a.example"
        )
    ).row(0, named=True)
    assert "user.id" not in row
    assert (row["user.name"], row["user.target.id"]) == ("admin@a.example", "005Kz00000Vol61IAB")
    assert (row["user.target.name"], row["leakline.login_name"]) == ("vera@a.example", "admin@a.example")


@pytest.mark.parametrize(
    ("cell", "user"),
    [
        ("005Kz00000Vol61IAB", "005Kz00000Vol61IAB"),
        ('["005Kz00000Vol61"]', "005Kz00000Vol61IAB"),
        ("005Kz00000Vol61IAB, 005Kz00000Vol62IAB", None),
        ("0PSKz0000004PerOAE", None),
        (None, None),
    ],
)
def test_who_was_given_a_permission_set(cell: str | None, user: str | None) -> None:
    """The one user of a list is the target, whichever way the list is written; of several none is."""
    prepared = NORMALIZER.prepare(batch_of("PermissionSetEvent", ImpactedUserIds=cell))
    assert prepared.get_column("user.target.id", default=pl.Series([None])).to_list() == [user]


@pytest.mark.parametrize(("cell", "value"), [("true", True), ("false", False), ("1", True), ("maybe", None)])
def test_words_of_truth_come_back(cell: str, value: bool | None) -> None:
    """A boolean that is written as a word comes back as one, and anything else as it was."""
    batch = batch_of("FileEvent", CanDownloadPdf=cell, EventDate="2026-03-02T08:00:00.000Z")
    frame = shaped(batch)
    assert frame.get_column("salesforce.candownloadpdf", default=pl.Series([None])).to_list() == [value]
    assert cells_of(NORMALIZER.unshape(frame)) == cells_of(batch.frame)
    assert ("leakline.problems" in frame.columns) == (value is None)
