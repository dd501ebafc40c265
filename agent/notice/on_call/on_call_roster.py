"""Whom the words of steps mean, by the settings, what people arranged, and the calendar file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from agent.notice.arrangements.people import OnCallSettings, PersonSettings
from agent.notice.arrangements.policies import EVERYONE, ON_CALL
from agent.notice.on_call import plan
from agent.notice.on_call.calendar_file import CalendarFile
from agent.notice.on_call.overrides import OnCallOverride
from agent.notice.on_call.rotation import OnCallRotation
from agent.notice.on_call.shift import Shift


class OnCallRoster:
    """A `Roster`. Safe for threads."""

    def __init__(
        self,
        people: Sequence[PersonSettings],
        on_call: OnCallSettings,
        overrides: Callable[[], Sequence[OnCallOverride]] = lambda: (),
        calendar: CalendarFile | None = None,
    ) -> None:
        self.everybody = {person.name: person for person in people}
        self.rotations = [OnCallRotation(settings) for settings in on_call.rotations]
        self.overrides = overrides
        self.calendar = calendar

    def people(self, notify: Sequence[str], at: datetime) -> list[PersonSettings]:
        """See `Roster`. One who has a name that is also a role is meant by it too."""
        shifts = self.on_call(at) if any(word.partition(":")[0] == ON_CALL for word in notify) else []
        names = dict.fromkeys(name for word in notify for name in self._named(word, shifts))
        return [self.everybody[name] for name in names]

    def on_call(self, at: datetime) -> list[Shift]:
        """Who is on call at an instant, and by what."""
        events = self.calendar.shifts(at, at) if self.calendar else []
        return plan.at(self.rotations, self.overrides(), events, self.everybody, at)

    def _named(self, word: str, shifts: Sequence[Shift]) -> list[str]:
        kind, _, rotation = word.partition(":")
        if word == EVERYONE:
            return list(self.everybody)
        if kind == ON_CALL:
            return [shift.person for shift in shifts if not rotation or shift.rotation == rotation]
        return [person.name for person in self.everybody.values() if word == person.name or word in person.roles]
