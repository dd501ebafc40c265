"""Drills that are to run by the settings: those that are due are asked for, and those that have not passed for too long are a problem."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from agent.daemon.drills.drill_runner import AskedDrill, DrillRunner
from agent.drills import book
from agent.drills.drill import Drill
from agent.drills.settings import DrillSettings
from agent.duration import written
from agent.errors import LeaklineError
from agent.notice.incidents.desk import IncidentDesk
from agent.store.problems import Problems

log = structlog.get_logger()

OVERDUE, SUBJECT, SCHEDULE = "drills-overdue", "drills", "schedule"
MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class OverdueDrill:
    scenario: str
    passed_at: datetime | None
    """None: never since the settings ask for it."""


class DrillWatch:
    """Of one daemon. `names`: of all scenarios there are."""

    def __init__(
        self,
        settings: Callable[[], DrillSettings | None],
        names: Callable[[], Sequence[str]],
        runner: DrillRunner,
        desk: Callable[[], IncidentDesk],
        problems: Problems,
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._names = names
        self._runner = runner
        self._desk = desk
        self._problems = problems
        self._now = now

    def wanted(self) -> list[str]:
        """Names of the scenarios that the settings ask for."""
        settings = self._settings()
        if settings is None:
            return []
        return list(self._names()) if settings.scenarios == "all" else list(settings.scenarios)

    def ask_for_all(self) -> None:
        """It is time by the schedule; those that wait already are not asked for twice."""
        settings = self._settings()
        speed = settings.speed if settings is not None else 1.0
        for name in self.wanted():
            if self._runner.is_waiting(name):
                continue
            try:
                self._runner.ask(AskedDrill(name, SCHEDULE, speed))
            except LeaklineError as error:
                log.warning("a drill of the schedule does not run", scenario=name, reason=str(error))
                return

    def look(self) -> None:
        """To be called about once a minute."""
        settings = self._settings()
        self._note_wanted()
        if settings is None:
            self._problems.over(OVERDUE, SUBJECT, "the settings ask for no drills")
            return
        late = self.overdue()
        if not late:
            self._problems.over(OVERDUE, SUBJECT, "every drill that the settings name has passed in time")
            return
        names = ", ".join(drill.scenario for drill in late[:MOST_NAMED])
        rest = f" and {len(late) - MOST_NAMED} others" if len(late) > MOST_NAMED else ""
        said = f"{len(late)} of {len(self.wanted())} drills have not passed for {written(settings.overdue_after)}: {names}{rest}"
        self._problems.report(OVERDUE, SUBJECT, said)

    def overdue(self) -> list[OverdueDrill]:
        """Counted from the last time that each passed, or from when the settings began to ask for it."""
        settings = self._settings()
        if settings is None:
            return []
        now, since = self._now(), book.asked_since(self._desk().recall)
        _, passed = self.newest()
        found = []
        for name in self.wanted():
            at = passed[name].ended_at if name in passed else None
            asked_for = since.get(name, now)
            if now - max(at or asked_for, asked_for) > settings.overdue_after:
                found.append(OverdueDrill(name, at))
        return found

    def newest(self) -> tuple[dict[str, Drill], dict[str, Drill]]:
        """By scenario: the drill that ended last, and the one that passed last."""
        return book.newest(self._desk().recall, self._now())

    def _note_wanted(self) -> None:
        """A scenario that an upgrade brings, or that the settings ask for anew, is not overdue at once."""
        desk = self._desk()
        now = self._now()
        # What a clock has stored that was ahead is stored anew: else nothing would be overdue until that day.
        known = {name: at for name, at in book.asked_since(desk.recall).items() if not book.is_ahead(at, now)}
        if changes := book.since_changed(known, self.wanted(), now):
            with desk.changing() as change:
                change.apply(changes)
