"""Past rows of objects: each part of their time is read once, whatever kept it from being read at first."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from agent.normalize.vendor_identity import identify_rows
from agent.sources.history.past import LiveSource
from agent.sources.history.past_rows import PastRows
from agent.sources.object_query.span import Span, milliseconds
from agent.sources.objects.settings import ProvisioningSettings
from agent.status.backfill import FeedCost
from tests.scripted_org.scripted_org import ScriptedOrg
from tests.sources.conftest import MakeSession
from tests.sources.objects import object_rows as rows
from tests.sources.objects.conftest import RowReader
from tests.sources.reader import START, Clock, RecalledKeys

BEGIN = START - timedelta(days=1)
"""When live collection began."""
LOGS = rows.REQUEST_LOGS


class PastRowReader:
    """Reads as the ingest loop does; the objects are those of provisioning."""

    def __init__(self, org: ScriptedOrg, clock: Clock, make_session: MakeSession) -> None:
        settings = ProvisioningSettings(type="provisioning")
        self.rows = RowReader(org, clock, make_session, settings)
        self.rows.hold(*rows.PROVISIONING)
        self.live, self.memory = RecalledKeys(), RecalledKeys()
        for shape in rows.PROVISIONING:
            self.live[f"since/{shape.object}"] = str(milliseconds(BEGIN)).encode()
        self.source = PastRows(
            make_session(),
            settings,
            LiveSource(lambda: None, self.live),
            now=clock,
            recall=self.memory,
            naming=identify_rows,
            source="acme/backfill",
        )

    def cost(self, start: datetime, end: datetime) -> FeedCost:
        """Of the logs."""
        (found,) = [feed for feed in self.source.cost(_span(start, end)) if feed.name == LOGS.object]
        return found

    def read(self, start: datetime, end: datetime) -> list[str]:
        """One day; what came."""
        found = []
        for batch in self.source.read(_span(start, end), None):
            self.memory.apply(batch.remember)
            found.append(batch)
        return self.rows.names(found)


def _span(start: datetime, end: datetime) -> Span:
    return Span(milliseconds(start), milliseconds(end))


@pytest.fixture
def past(org: ScriptedOrg, clock: Clock, make_session: MakeSession) -> PastRowReader:
    return PastRowReader(org, clock, make_session)


def days_ago(count: float) -> datetime:
    return START - timedelta(days=count)


def test_a_second_backfill_of_a_time_reads_nothing(past: PastRowReader) -> None:
    """Nor does it cost anything."""
    names = past.rows.add(LOGS, days_ago(3.5), days_ago(3.2))
    assert past.read(days_ago(4), days_ago(3)) == names
    assert past.read(days_ago(4), days_ago(3)) == []
    assert (past.cost(days_ago(4), days_ago(3)).rows, past.cost(days_ago(4), days_ago(3)).calls) == (0, 0)


def test_what_lies_around_a_time_that_was_read_is_counted_and_read(past: PastRowReader) -> None:
    """An object that is empty behind that time is not taken for empty before it."""
    (before, between) = past.rows.add(LOGS, days_ago(8), days_ago(5))
    assert past.read(days_ago(6), days_ago(4)) == [between]
    cost = past.cost(days_ago(10), START)
    assert (cost.rows, cost.is_empty, cost.oldest) == (1, False, days_ago(8))
    assert past.read(days_ago(10), START) == [before]


def test_what_could_not_be_read_is_read_by_the_next_backfill(past: PastRowReader) -> None:
    """An object whose permission is lost for a day of it is told, and the others are read; nothing comes twice."""
    (log,) = past.rows.add(LOGS, days_ago(3.5))
    (request,) = past.rows.add(rows.REQUESTS, days_ago(3.4))
    org = past.rows.org
    hidden = org.tables.pop(LOGS.object), org.objects.pop(LOGS.object)
    assert past.read(days_ago(4), days_ago(3)) == [request]
    org.tables[LOGS.object], org.objects[LOGS.object] = hidden
    past.rows.clock.advance(hours=3)
    assert past.read(days_ago(4), days_ago(3)) == [log]


def test_what_live_collection_had_not_begun_to_read_is_read_by_the_next_backfill(past: PastRowReader) -> None:
    """Until then nobody knows where its past ends."""
    (log,) = past.rows.add(LOGS, days_ago(3.5))
    begun = past.live.pop(f"since/{LOGS.object}")
    assert past.read(days_ago(4), days_ago(3)) == []
    past.live[f"since/{LOGS.object}"] = begun
    assert past.read(days_ago(4), days_ago(3)) == [log]


def test_what_is_young_is_read_again(past: PastRowReader) -> None:
    """Rows of the last hour may become visible late."""
    past.live[f"since/{LOGS.object}"] = str(milliseconds(START)).encode()
    past.read(days_ago(1), START)
    (late,) = past.rows.add(LOGS, START - timedelta(minutes=30))
    past.rows.clock.advance(hours=2)
    assert past.read(days_ago(1), START) == [late]
