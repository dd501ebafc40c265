"""What the control socket may ask about incidents; a command that finds no daemon makes the same requests of the state."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from typing import Any, get_args

from agent.daemon.control.command import ControlCommand
from agent.daemon.incidents.grouping_requests import GroupingRequests
from agent.daemon.incidents.handling_requests import HandlingRequests
from agent.daemon.incidents.incident_edit import Entered, IncidentEdits, Judges
from agent.daemon.incidents.incident_finder import Desks, IncidentFinder
from agent.daemon.incidents.incident_list import IncidentList, IncidentSelection
from agent.daemon.incidents.judging_requests import JudgingRequests
from agent.errors import LeaklineError
from agent.notice.incidents.incident import Origin, State
from agent.notice.regimes.model import RegimePack
from agent.notice.regimes.pack import shipped

PREFIX = "incidents_"
JUDGING = f"{PREFIX}decide"
"""Who may make this request judges incidents."""

REQUESTS = tuple(
    PREFIX + name
    for name in (
        "list",
        "show",
        "acknowledge",
        "assign",
        "comment",
        "snooze",
        "anchor",
        "fact",
        "decide",
        "close",
        "merge",
        "split",
    )
)


class IncidentRequests:
    """Each may be called from any thread."""

    def __init__(
        self,
        desks: Desks,
        now: Callable[[], datetime],
        pack: Callable[[], RegimePack] = lambda: shipped().pack,
        soon: Callable[[], None] = lambda: None,
        entered: Entered = lambda _: nullcontext(enter_result=True),
        needs_second: Callable[[], bool] = lambda: False,
        judges: Judges = lambda _: True,
    ) -> None:
        """`desks`: by the shard's name, as they are now; the others: see `IncidentEdits`."""
        finder = IncidentFinder(desks)
        self.edits = edits = IncidentEdits(finder, now, pack, soon, entered, needs_second, judges)
        self._now = now
        self._list = IncidentList(finder)
        self._handling = HandlingRequests(edits)
        self._judging = JudgingRequests(edits)
        self._grouping = GroupingRequests(edits)

    def commands(self) -> list[ControlCommand]:
        handling, judging, grouping = self._handling, self._judging, self._grouping
        return [
            ControlCommand("incidents_list", self.list, changes=False),
            ControlCommand("incidents_show", self.show, changes=False),
            ControlCommand("incidents_acknowledge", handling.acknowledge, changes=True),
            ControlCommand("incidents_assign", handling.assign, changes=True),
            ControlCommand("incidents_comment", handling.comment, changes=True),
            ControlCommand("incidents_snooze", handling.snooze, changes=True),
            ControlCommand("incidents_anchor", judging.anchor, changes=True),
            ControlCommand("incidents_fact", judging.fact, changes=True),
            ControlCommand("incidents_decide", judging.decide, changes=True),
            ControlCommand("incidents_close", judging.close, changes=True),
            ControlCommand("incidents_merge", grouping.merge, changes=True),
            ControlCommand("incidents_split", grouping.split, changes=True),
        ]

    def list(
        self, everything: bool = False, register: bool = False, state: str = "", origin: str = "", limit: int = 50
    ) -> dict[str, Any]:
        """Open incidents by their next deadline, or also those that have ended."""
        for what, value, known in (("a state", state, get_args(State)), ("an origin", origin, get_args(Origin))):
            if value and value not in known:
                raise LeaklineError(f"{str(value)[:40]!r} is not {what}", hint=f"write one of {', '.join(known)}")
        if not isinstance(limit, int) or limit < 1:
            raise LeaklineError("a limit is a number from 1 on")
        return self._list.rows(IncidentSelection(bool(everything), bool(register), state, origin, limit))

    def show(self, number: str) -> dict[str, Any]:
        """One incident with all that is known of it, its clocks, and what to do next."""
        return self._list.whole(number, self._now())
