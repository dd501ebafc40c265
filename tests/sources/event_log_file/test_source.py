"""Which log files are read, and what a batch of them says."""

from __future__ import annotations

import random

import polars as pl
import pytest
from pydantic import ValidationError

from agent.sources.event_log_file.event_types import DEFAULT
from agent.sources.event_log_file.source import EventLogFileSettings
from tests.scripted_org.scripted_org import ScriptedFile, ScriptedOrg, csv_of
from tests.sources.event_log_file.log_files import HOUR, daily, hourly, rows
from tests.sources.reader import START, Clock, Reader


def test_settled_files_are_read_once(reader: Reader, org: ScriptedOrg, clock: Clock) -> None:
    """A file is read when it has settled, and never again while nothing changes."""
    org.files = [hourly(1, "a", "b"), hourly(2, "c", hours_ago=0.05)]
    reader.read()
    assert reader.rows() == ["a", "b"]
    reader.read()
    assert org.calls["log_file"] == 1
    clock.advance(minutes=5)
    reader.read()
    assert reader.rows() == ["a", "b", "c"]


def test_batches_say_where_they_come_from(reader: Reader, org: ScriptedOrg, clock: Clock) -> None:
    """A batch carries org, service, type, file and when we saw it; columns are the vendor's, an id beside them."""
    org.files = [hourly(1, "a")]
    (batch,) = reader.read()
    assert (batch.org, batch.source, batch.event_type) == (reader.session.org_id, "event_log_file", "Login")
    assert (batch.input, batch.created) == (org.files[0].id, clock())
    assert batch.frame.columns == ["EVENT_TYPE", "TIMESTAMP", "USER_ID", "URI", "event.id"]
    assert batch.frame.dtypes == [pl.String] * 5


def test_files_come_in_order_of_creation_though_downloads_run_ahead(reader: Reader, org: ScriptedOrg) -> None:
    """Order is (CreatedDate, Id), ties of one second included, over several pages."""
    org.page = 7
    org.files = [hourly(n, f"row {n}", hours_ago=2 + n // 10) for n in range(30)]
    random.Random(1).shuffle(org.files)
    reader.read()
    expected = sorted(org.files, key=lambda f: (f.created, f.id))
    assert [batch.input for batch in reader.batches] == [f.id for f in expected]


def test_the_first_start_goes_back_as_far_as_set(reader: Reader, org: ScriptedOrg, clock: Clock) -> None:
    """Older files are left alone, by the sweep as well."""
    org.files = [hourly(1, "old", hours_ago=25), hourly(2, "new", hours_ago=23)]
    reader.read()
    clock.advance(hours=2)
    reader.read()
    assert reader.rows() == ["new"]


def test_only_wanted_types_are_asked_for(reader: Reader, org: ScriptedOrg) -> None:
    """The default names the security-relevant types; a list is respelled as the org spells; all asks for no type."""
    reader.read()
    assert f"'{DEFAULT[0]}'" in org.queries[-1]
    reader.restart(event_types=EventLogFileSettings(event_types=["login", "BlockedRedirect", "New"]).event_types)
    reader.read()
    assert "EventType IN ('Login','BlockedRedirections','New')" in org.queries[-1]
    reader.restart(event_types="all")
    reader.read()
    assert "EventType" not in org.queries[-1].partition("WHERE")[2]


def test_every_query_names_interval_and_never_id(reader: Reader, org: ScriptedOrg) -> None:
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


def test_unknown_types_and_columns_are_kept(reader: Reader, org: ScriptedOrg) -> None:
    """What nobody has documented is read like the rest."""
    reader.restart(event_types="all")
    body = csv_of("NewThing", [["1", "2"]], columns="TIMESTAMP,NEVER_SEEN")
    org.files = [ScriptedFile("0AT000000000000001", START - 2 * HOUR, START - 5 * HOUR, body, event_type="NewThing")]
    (batch,) = reader.read()
    assert batch.event_type == "NewThing"
    assert batch.frame["NEVER_SEEN"].to_list() == ["2"]


def test_a_file_of_a_header_alone_is_known_afterwards(reader: Reader, org: ScriptedOrg) -> None:
    """No rows, no second download."""
    org.files = [hourly(1)]
    reader.read()
    reader.read()
    assert reader.rows() == []
    assert org.calls["log_file"] == 1


def test_malformed_rows_are_rejected_and_the_rest_goes_on(reader: Reader, org: ScriptedOrg) -> None:
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


def test_settings_refuse_what_they_do_not_know() -> None:
    """A misspelt setting or a wrong value is an error."""
    for wrong in ({"event_type": "all"}, {"interval": "weekly"}, {"start": "soon"}, {"parallel": 0}):
        with pytest.raises(ValidationError):
            EventLogFileSettings.model_validate(wrong)
