"""A machine whose clock is far ahead of the org's: what it calls now has not happened in the org."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from agent.sources.objects import settings as kinds
from tests.sources.objects import object_rows as rows
from tests.sources.objects.conftest import RowReader

DAY = timedelta(days=1)


def test_no_row_is_lost_while_the_machine_is_a_day_ahead(reader: RowReader) -> None:
    """A poll counts as read what the org's clock has reached, from the first one of a process on."""
    reader.org.faults = replace(reader.org.faults, date_ahead_seconds=-86_400)
    reader.settings = kinds.SetupAuditTrailSettings(type="setup_audit_trail", start=2 * DAY)
    source, wanted, found = reader.loop.new_source(), [], []
    for number in range(4):
        wanted += reader.add(rows.AUDIT_TRAIL, reader.clock() - DAY)
        found += reader.names(reader.poll(source))
        reader.clock.advance(minutes=20)
        source = reader.loop.new_source() if number == 1 else source
    assert found == wanted


def test_a_clock_that_is_set_right_leaves_no_hole(reader: RowReader) -> None:
    """What happened in the org while the machine was ahead, and had been read up to its own time, is read on."""
    reader.org.faults = replace(reader.org.faults, date_ahead_seconds=-86_400)
    first = reader.add(rows.AUDIT_TRAIL, reader.clock() - DAY)
    reader.settings = kinds.SetupAuditTrailSettings(type="setup_audit_trail", start=2 * DAY)
    assert reader.names(reader.poll()) == first
    reader.clock.advance(hours=3)
    second = reader.add(rows.AUDIT_TRAIL, reader.clock() - DAY - timedelta(hours=1))
    reader.clock.advance(seconds=-86_400)
    reader.org.faults = replace(reader.org.faults, date_ahead_seconds=0)
    assert reader.names(reader.poll()) == second


def test_a_date_that_is_wrong_hides_no_row(reader: RowReader) -> None:
    """Rows come by the machine's clock as well, each once."""
    reader.org.faults = replace(reader.org.faults, date_ahead_seconds=-86_400)
    source, wanted, found = reader.loop.new_source(), [], []
    for _ in range(3):
        wanted += reader.add(rows.AUDIT_TRAIL, reader.clock())
        found += reader.names(reader.poll(source))
        reader.clock.advance(minutes=1)
    assert list(dict.fromkeys(found)) == wanted
