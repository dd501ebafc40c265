"""How far the machine's clock is from the org's: within what `Date` headers leave open, and never beyond."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import SourceError
from agent.sources.salesforce.clock_offset import FOR, KEPT, ClockOffset, OrgClock
from agent.sources.salesforce.session import Session
from tests.scripted_org.scripted_org import ScriptedOrg
from tests.sources.reader import Clock

START = datetime(2026, 7, 1, 12, tzinfo=UTC)


@dataclass
class TwoClocks:
    """A machine that is ahead of an org by so many seconds, and the questions it asks."""

    ahead: float
    true: datetime = START
    measured: OrgClock = field(init=False)

    def __post_init__(self) -> None:
        self.measured = OrgClock(self.machine, lambda: (self.true - START).total_seconds())

    def machine(self) -> datetime:
        return self.true + timedelta(seconds=self.ahead)

    def ask(self, there: float = 0.1, back: float = 0.1, date: str | None = None, **headers: str) -> None:
        """The question takes so many seconds until `Date` is written, the answer so many after it."""
        asked = self.machine()
        self.true += timedelta(seconds=there)
        written = format_datetime(self.true.replace(microsecond=0), usegmt=True) if date is None else date
        self.true += timedelta(seconds=back)
        self.measured.note(asked, {"Date": written, **headers})

    def wait(self, seconds: float) -> None:
        self.true += timedelta(seconds=seconds)


ways = st.tuples(st.floats(0, 2), st.floats(0, 2), st.floats(0, 100))


@given(ahead=st.floats(-1e5, 1e5), answers=st.lists(ways, min_size=3, max_size=12))
def test_the_true_figure_is_within_the_error(ahead: float, answers: list[tuple[float, float, float]]) -> None:
    """However the way is shared between question and answer, and on whatever part of a second they fall."""
    clocks = TwoClocks(ahead)
    for there, back, pause in answers:
        clocks.ask(there, back)
        clocks.wait(pause)
    offset = clocks.measured.offset
    assert offset is not None
    assert abs(offset.ahead - ahead) <= offset.error + 1e-3
    assert offset.error <= 0.5 + 2 + 1e-3
    assert offset.least <= abs(ahead) + 1e-3


def test_several_answers_say_more_than_one_second() -> None:
    """`Date` has whole seconds; answers on different parts of a second narrow it down."""
    clocks = TwoClocks(-7.3)
    for _ in range(KEPT):
        clocks.ask(0.02, 0.02)
        clocks.wait(1.1)
    offset = clocks.measured.offset
    assert offset is not None
    assert offset.error < 0.15
    assert offset.ahead == pytest.approx(-7.3, abs=0.15)


def test_two_answers_say_nothing_yet() -> None:
    """Nor do answers without a time of their own, from a cache, or after too long a wait."""
    clocks = TwoClocks(60)
    clocks.ask()
    clocks.ask()
    for date in ("", "yesterday", "Wed, 01 Jul 2026 12:00:00", "Wed, 99 Jul 99999 12:00:00 GMT", "9" * 10_000):
        clocks.ask(date=date)
    clocks.ask(Age="30")
    clocks.ask(there=11)
    assert clocks.measured.offset is None
    clocks.ask()
    assert clocks.measured.offset is not None


def test_one_server_with_another_clock_changes_nothing() -> None:
    """What most answers say counts."""
    clocks = TwoClocks(0.0)
    for _ in range(3):
        clocks.ask()
    clocks.ask(date=format_datetime(START + timedelta(hours=1), usegmt=True))
    offset = clocks.measured.offset
    assert offset is not None
    assert abs(offset.ahead) <= 1


def test_a_clock_that_is_set_is_measured_anew() -> None:
    """At the latest when most of the kept answers came after it; at once when it is told."""
    clocks = TwoClocks(0.0)
    for _ in range(KEPT):
        clocks.ask()
    clocks.ahead = 20.0
    for _ in range(KEPT // 2 + 1):
        clocks.ask()
    offset = clocks.measured.offset
    assert offset is not None
    assert offset.ahead == pytest.approx(20, abs=1)
    clocks.measured.forget()
    assert clocks.measured.offset is None


def test_old_answers_say_nothing_any_more() -> None:
    """After an hour."""
    clocks = TwoClocks(0.0)
    for _ in range(KEPT):
        clocks.ask()
    clocks.wait(FOR - 2)
    assert clocks.measured.offset is not None
    clocks.wait(3)
    assert clocks.measured.offset is None


def measured(session: Session) -> ClockOffset | None:
    return session.clock.offset


def test_every_answer_of_an_org_counts(session: Session, org: ScriptedOrg, clock: Clock) -> None:
    """Also that of the token endpoint and a refusal; an org that says no time is not measured."""
    for _ in range(3):
        session.limits()
    assert measured(session) is None
    org.faults = org.faults.changed({"date_ahead_seconds": -30})
    session.limits()
    org.status["limits"] = (500, [{"errorCode": "UNKNOWN", "message": "no"}])
    with pytest.raises(SourceError):
        session.limits()
    session.token(stale=session.token())
    assert measured(session) == ClockOffset(29.5, 0.5)
