"""What goes wrong in a week, some hours at a time. After each of them everything has arrived that can be seen."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from tests.end_to_end.broken_stream.broken_day import LOOK_AGAIN
from tests.end_to_end.week.simulated_week import SimulatedWeek
from tests.end_to_end.week.week_judge import WeekJudge

HIDDEN_OBJECT = "OauthToken"
HIDDEN = (
    "SetupAuditTrail.Display,SetupAuditTrail.CreatedBy.Name,LoginHistory.Browser,UserProvisioningRequest.RetryCount,"
    f"PermissionSetAssignment.SystemModstamp,Invoice__c.Amount__c,LoginEventLog.SourceIp,{HIDDEN_OBJECT}"
)
"""One field of each object, and a whole object."""
LATE = 300
"""Seconds after which every third row shows up, and every second file: sources look back for ten minutes and more."""
AHEAD = 600
"""Seconds by which the org's `Date` is wrong."""


class WeekPlay:
    """A week, its judge, and the hours that pass at a time."""

    def __init__(self, week: SimulatedWeek, hours: int, chance: random.Random) -> None:
        self.week = week
        self.judge = WeekJudge(week)
        self.hours = hours
        self.chance = chance

    def settle(self, hidden: set[str] | None = None) -> None:
        """Until everything has arrived that the org has now. `hidden`: objects that cannot be seen."""
        self.judge.look(hidden or set())
        looked = 0.0

        def has_settled() -> bool:
            nonlocal looked
            if time.monotonic() - looked < LOOK_AGAIN:
                return False
            looked = time.monotonic()
            return not self.judge.lost()

        try:
            self.week.agent.wait_for(has_settled)
        except AssertionError as error:
            raise AssertionError(f"{self.week.org.now()}: not arrived: {self.judge.lost()[:20]}") from error

    def pass_hours(self) -> None:
        self.week.pass_hours(self.hours)

    def wait_for_action(self, action: str) -> None:
        """Until the agent has sent an own event with it."""

        def is_told() -> bool:
            self.judge.arrivals.look()
            return any(document["event"].get("action") == action for document in self.judge.arrivals.own)

        self.week.agent.wait_for(is_told)


Trouble = Callable[[WeekPlay], None]


def nothing(play: WeekPlay) -> None:
    play.pass_hours()
    play.settle()


def killed_while_it_reads(play: WeekPlay) -> None:
    play.pass_hours()
    time.sleep(play.chance.random() * 1.5)  # at any moment of reading, committing and sending
    play.week.kill()
    play.week.start()
    play.settle()


def killed_before(play: WeekPlay) -> None:
    play.week.kill()
    play.pass_hours()
    play.week.start()
    play.settle()


def token_expires(play: WeekPlay) -> None:
    play.week.disturb(token_seconds=1800)
    nothing(play)
    play.week.disturb(token_seconds=0)


def rows_come_late(play: WeekPlay) -> None:
    """And so do files, with what happened meanwhile, whether the agent is killed as they come or before."""
    play.week.disturb(late_rows_seconds=LATE, visible_late_seconds=LATE)
    killed_while_it_reads(play)
    killed_before(play)
    play.week.disturb(late_rows_seconds=0, visible_late_seconds=0)
    play.settle()


def fields_are_hidden(play: WeekPlay) -> None:
    """They go and come back, and so does an object."""
    play.week.disturb(hidden_fields=HIDDEN)
    play.pass_hours()
    play.settle({HIDDEN_OBJECT})
    play.wait_for_action("fields-hidden")
    play.week.disturb(hidden_fields="")
    killed_before(play)


def clock_is_wrong(play: WeekPlay) -> None:
    """The org's, as far as its answers tell."""
    play.week.disturb(date_ahead_seconds=AHEAD)
    nothing(play)
    play.wait_for_action("clock-skew")
    play.week.disturb(date_ahead_seconds=0)


def cut(play: WeekPlay) -> None:
    """Streams after a few events, and answers of the REST API in the middle."""
    play.week.disturb(stream_cut_after=3, stream_times=6, reset=True, times=10)
    nothing(play)
    play.week.disturb(stream_cut_after=0, stream_times=0, reset=False, times=0)


TROUBLES: tuple[Trouble, ...] = (
    killed_while_it_reads,
    token_expires,
    rows_come_late,
    fields_are_hidden,
    cut,
    clock_is_wrong,
    killed_before,
)
