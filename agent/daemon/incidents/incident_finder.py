"""An incident by what a person writes of its id, in whichever shard it is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from itertools import islice

from agent.errors import LeaklineError
from agent.notice.incidents.book import INCIDENT
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.incidents.incident import Incident, decode

Desks = Callable[[], Mapping[str, IncidentDesk]]
"""By the shard's name, as they are now."""

ID_BEGIN = "inc-"
MOST_NEAR = 2_000
"""Incidents of a shard among which near ids are looked for."""
NAMED = 5


class UnknownIncident(LeaklineError):
    """No incident, or several, begin with what was written."""


class IncidentFinder:
    """Reads without a lock."""

    def __init__(self, desks: Desks) -> None:
        self.desks = desks

    def find(self, text: object) -> tuple[IncidentDesk, str]:
        """Where it is, and its whole id. `text`: the id or its beginning, with or without `inc-`. Raises UnknownIncident."""
        begin = str(text).strip().lower().removeprefix(ID_BEGIN)
        if not re.fullmatch(r"[0-9a-f]{1,12}", begin):
            raise UnknownIncident(f"{str(text)[:40]!r} is not the id of an incident", hint=self._near(str(text)))
        found = [
            (desk, key.removeprefix(INCIDENT))
            for desk in self.desks().values()
            for key in islice(desk.recall.keys(f"{INCIDENT}{ID_BEGIN}{begin}"), NAMED + 1)
        ]
        if not found:
            raise UnknownIncident(f"there is no incident {ID_BEGIN}{begin}", hint=self._near(f"{ID_BEGIN}{begin}"))
        if len(found) > 1:
            ids = ", ".join(number for _, number in found[:NAMED])
            raise UnknownIncident(f"several incidents begin with {ID_BEGIN}{begin}", hint=f"write more of one of {ids}")
        return found[0]

    def incident(self, text: object) -> tuple[IncidentDesk, Incident]:
        """As it is stored. Raises UnknownIncident, and LeaklineError for one that is damaged."""
        desk, number = self.find(text)
        data = desk.recall(INCIDENT + number)
        if data is None:
            raise UnknownIncident(f"there is no incident {number}", hint=self._near(number))
        try:
            return desk, decode(data)
        except ValueError as error:
            hint = "`leakline problems list` says what to do; `leakline clocks list` has its deadlines"
            raise LeaklineError(f"{number} is damaged and cannot be read", hint=hint) from error

    def _near(self, text: str) -> str:
        known = [
            key.removeprefix(INCIDENT)
            for desk in self.desks().values()
            for key in islice(desk.recall.keys(INCIDENT), MOST_NEAR)
        ]
        near = difflib.get_close_matches(text.lower(), known, n=3)
        return f"write {' or '.join(near)}" if near else "`leakline incidents list --all` has their ids"
