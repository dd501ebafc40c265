"""Sources of one org that together want more calls than it allows."""

from __future__ import annotations

from datetime import datetime, timedelta

from agent.errors import LimitExceeded
from agent.sources.objects.settings import (
    AnyObjectSettings,
    EventLogObjectSettings,
    ObjectSettings,
    SetupAuditTrailSettings,
)
from agent.sources.salesforce.session import Session
from tests.scripted_org.scripted_org import ScriptedOrg
from tests.sources.conftest import MakeSession
from tests.sources.objects.conftest import RowReader
from tests.sources.objects.object_rows import AUDIT_TRAIL, CUSTOM_ROWS, LOGIN_LOG, RowShape
from tests.sources.reader import Clock

EVERY = timedelta(minutes=10)
POLLS_A_DAY = 144


class BudgetedReader:
    """A source that is read when it has its turn, and what came of each of its rows."""

    def __init__(self, session: Session, org: ScriptedOrg, clock: Clock, settings: AnyObjectSettings, shape: RowShape):
        self.rows = RowReader(org, clock, lambda: session, settings)
        self.source = self.rows.source(self.rows.loop.memory)
        self.name, self.shape = self.source.name, shape
        self.made: dict[str, datetime] = {}
        self.came: list[str] = []
        self.latest = timedelta()
        """How long after it was made a row came."""

    def happen(self, now: datetime) -> None:
        """A row is made."""
        self.made |= dict.fromkeys(self.rows.add(self.shape, now), now)

    def turn(self, session: Session, now: datetime) -> None:
        try:
            if session.turn(self.name) is None:
                names = self.rows.names(self.rows.poll(self.source))
                self.came += names
                self.latest = max([self.latest, *(now - self.made[name] for name in names)])
        except LimitExceeded:
            pass


def test_important_rows_come_in_time_and_no_row_is_lost_for_want_of_calls(
    org: ScriptedOrg, clock: Clock, make_session: MakeSession
) -> None:
    """A day with 75 calls fewer than all sources would make, and with somebody else who uses more of them up: the audit trail
    comes within its poll; the rest comes late, and all of it once the org allows more.
    """
    session = make_session(api_budget={"share": 0.8})
    settings: list[tuple[AnyObjectSettings, RowShape]] = [
        (SetupAuditTrailSettings(type="setup_audit_trail", every=EVERY), AUDIT_TRAIL),
        (ObjectSettings(type="object", object="My_Object__c", fields=["Name"], every=EVERY), CUSTOM_ROWS),
        (EventLogObjectSettings(type="event_log_object", objects=["LoginEventLog"], every=EVERY), LOGIN_LOG),
    ]
    readers = [BudgetedReader(session, org, clock, kind, shape) for kind, shape in settings]
    org.change_faults(limit_after=490)

    def pass_time(polls: int) -> None:
        for poll in range(polls):
            for reader in readers:
                if poll % 6 == 0:
                    reader.happen(clock() - timedelta(minutes=1))
                reader.turn(session, clock())
            clock.advance(minutes=10)

    pass_time(POLLS_A_DAY // 4)
    org.spend(40)
    pass_time(3 * POLLS_A_DAY // 4)
    trail, custom, login_log = readers
    assert trail.latest <= EVERY
    assert len(trail.came) == 24
    assert timedelta(hours=1) < login_log.latest
    assert custom.latest < login_log.latest
    assert org.api_calls < 490 * 0.8
    org.change_faults(limit_after=0)
    pass_time(6)
    for reader in readers:
        assert sorted(reader.came) == sorted(reader.made)
