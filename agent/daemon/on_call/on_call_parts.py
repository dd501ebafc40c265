"""The roster of the settings, as commands and escalation ask it, on the state of the process's shard."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from zoneinfo import ZoneInfo

from agent.errors import LeaklineError
from agent.notice.on_call.calendar_file import CalendarFile
from agent.notice.on_call.on_call_roster import OnCallRoster
from agent.notice.on_call.overrides import KeptOverrides
from agent.notice.on_call.rotation import OnCallRotation
from agent.notice.settings import NoticeSettings
from agent.store.problems import Problems
from agent.store.state import StateRecall

PROBLEM = "calendar-failed"


def build_roster(
    settings: NoticeSettings | None,
    recall: StateRecall,
    changes: Callable[[], int],
    problems: Problems,
    start: Callable[[Callable[[], None]], None] | None = None,
) -> OnCallRoster:
    """`recall`, `problems`: of the process's shard; `changes`: see `KeptOverrides`; `start`: see `CalendarFile`."""
    notice = settings or NoticeSettings()

    def failed(reason: str) -> None:
        with suppress(LeaklineError):  # a full disk, or the end of the daemon; five minutes later again
            problems.report(PROBLEM, "on_call", reason)

    def works() -> None:
        with suppress(LeaklineError):
            problems.over(PROBLEM, "on_call", "the calendar of who is on call is read again")

    calendar = calendar_of(notice, failed, works, start)
    return OnCallRoster(notice.people, notice.on_call, KeptOverrides(recall, changes), calendar)


def calendar_of(
    notice: NoticeSettings,
    failed: Callable[[str], None] = lambda _: None,
    works: Callable[[], None] = lambda: None,
    start: Callable[[Callable[[], None]], None] | None = None,
) -> CalendarFile | None:
    """None where the settings name none. Parameters: see `CalendarFile`."""
    if notice.on_call.calendar is None:
        return None
    rotations = notice.on_call.rotations
    zone = OnCallRotation(rotations[0]).zone if rotations else ZoneInfo("UTC")
    return CalendarFile(notice.on_call.calendar, [person.name for person in notice.people], zone, failed, works, start)
