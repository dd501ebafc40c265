"""What may be asked about drills over the control socket."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import Any

from agent.daemon.control.command import ControlCommand
from agent.daemon.drills.drill_runner import AskedDrill, DrillRunner
from agent.daemon.drills.drill_watch import DrillWatch
from agent.drills import book
from agent.drills.drill import document
from agent.drills.pace import FASTEST, SLOWEST
from agent.drills.planting.catalogue import SCENARIOS
from agent.drills.settings import LEGAL
from agent.errors import LeaklineError
from agent.notice.incidents.desk import IncidentDesk

MOST_LISTED = 100


class DrillRequests:
    """Each may be called from any thread. `names`: of all scenarios there are."""

    def __init__(
        self,
        runner: DrillRunner,
        watch: DrillWatch,
        names: Callable[[], Sequence[str]],
        desk: Callable[[], IncidentDesk],
    ) -> None:
        self._runner = runner
        self._watch = watch
        self._names = names
        self._desk = desk

    def commands(self) -> list[ControlCommand]:
        """All that may be asked."""
        return [
            ControlCommand("drill_list", self.list, changes=False),
            ControlCommand("drill_show", self.show, changes=False),
            ControlCommand("drill_status", self.status, changes=False),
            ControlCommand("drill_run", self.run, changes=True),
        ]

    def list(self) -> list[dict[str, Any]]:
        """All scenarios: `name`, `family`, `summary`, and how each ended last."""
        ended, passed = self._watch.newest()
        wanted = set(self._watch.wanted())
        rows = []
        for name in self._names():
            scenario = SCENARIOS.get(name)
            last, good = ended.get(name), passed.get(name)
            rows.append(
                {
                    "name": name,
                    "family": scenario.family if scenario else "law",
                    "summary": scenario.summary if scenario else f"{name.removeprefix(LEGAL)} on a moved clock",
                    "scheduled": name in wanted,
                    "last_verdict": last.verdict if last else "",
                    "last_at": last.ended_at.isoformat() if last and last.ended_at else None,
                    "passed_at": good.ended_at.isoformat() if good and good.ended_at else None,
                }
            )
        return rows

    def run(self, scenario: str, by: str, speed: float = 1.0) -> dict[str, Any]:
        """Ask for a drill; it runs once those before it have ended. `speed`: how many times faster people are notified."""
        names = self._names()
        if scenario not in names:
            near = difflib.get_close_matches(str(scenario), names, n=3) or list(names[:3])
            hint = f"write one of {', '.join(near)}; `leakline drill list` has all"
            raise LeaklineError(f"{str(scenario)[:60]!r} is not a scenario", hint=hint)
        if not isinstance(speed, int | float) or not SLOWEST <= speed <= FASTEST:
            raise LeaklineError(f"the speed {speed!r} is not a number from {SLOWEST:g} to {FASTEST:g}")
        return document(self._runner.ask(AskedDrill(scenario, by, float(speed))))

    def show(self, number: str) -> dict[str, Any]:
        """One drill with its stages so far."""
        number = str(number)[:40].upper()
        try:
            found = book.drill(self._desk().recall, number)
        except ValueError as error:
            raise LeaklineError(f"{number} is damaged and cannot be read", hint="a backup may have it") from error
        if found is None:
            raise LeaklineError(f"there is no drill {number}", hint="`leakline drill status` has their numbers")
        return document(found)

    def status(self) -> dict[str, Any]:
        """`running`, `waiting` and `newest` drills, `failed` scenarios, of which the last one failed, `overdue` ones with when each
        passed last, and ids of `damaged` drills.
        """
        recall = self._desk().recall
        unfinished, known = book.unfinished(recall), book.latest(recall, MOST_LISTED)[::-1]
        ended, _ = self._watch.newest()
        return {
            "running": [document(drill) for drill in unfinished if drill.verdict == "running"],
            "waiting": [document(drill) for drill in unfinished if drill.verdict == "waiting"],
            "newest": [document(drill) for drill in known if drill.ended_at is not None],
            "failed": [name for name, drill in ended.items() if drill.verdict == "failed"],
            "damaged": book.damaged(recall, MOST_LISTED),
            "overdue": [
                {"scenario": late.scenario, "passed_at": late.passed_at.isoformat() if late.passed_at else None}
                for late in self._watch.overdue()
            ],
        }
