"""One change of one incident that a person makes: found, changed, stored, recorded and announced in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from agent.daemon.incidents.incident_finder import IncidentFinder, UnknownIncident
from agent.daemon.incidents.incident_list import document
from agent.errors import LeaklineError
from agent.notice.declared import NotDeclarable, time_value
from agent.notice.incidents.changes import free_text
from agent.notice.incidents.desk import IncidentChange, IncidentDesk
from agent.notice.incidents.incident import Incident
from agent.notice.regimes.model import RegimePack

Judges = Callable[[str], bool]
"""Whether a person may judge incidents now, by login name."""


@dataclass(frozen=True, slots=True)
class Edit:
    """An incident as it is to be, and what is said of that."""

    after: Incident
    action: str
    """A kebab-case verb phrase, of the event and of the record."""
    said: str
    """Behind `incident inc-… (title)`: what was done."""
    data: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, Any] = field(default_factory=dict)
    """Free text and what it quotes: it can be erased without breaking the trail."""
    reckon: bool = False


@dataclass(frozen=True, slots=True)
class Editing:
    """What an edit is made with."""

    desk: IncidentDesk
    change: IncidentChange
    by: str
    now: datetime
    needs_second: bool = False
    """Whether a second person has to say as well that a notice need not be sent."""
    judges: Judges = lambda _: True

    @property
    def clocks_run(self) -> bool:
        return self.desk.settings is not None

    def incident(self, number: str) -> Incident:
        """Raises UnknownIncident."""
        try:
            found = self.change.incident(number)
        except ValueError as error:
            hint = "`leakline problems list` says what to do; `leakline clocks list` has its deadlines"
            raise LeaklineError(f"{number} is damaged and cannot be read", hint=hint) from error
        if found is None:
            raise UnknownIncident(
                f"there is no incident {number}", hint="`leakline incidents list --all` has their ids"
            )
        return found

    def put(self, before: Incident | None, edit: Edit) -> Incident:
        """As it is stored."""
        about = f"incident {edit.after.id} ({edit.after.title})"
        return self.change.put(
            before,
            edit.after,
            edit.action,
            f"{about} {edit.said}",
            by=self.by,
            data={"state": edit.after.state, **edit.data},
            personal=edit.personal or None,
            reckon=edit.reckon,
        )


Make = Callable[[Editing, Incident], Edit]

Entered = Callable[[str], AbstractContextManager[bool]]
"""Whether a shard may be worked on while one is inside: it is not replaced meanwhile (`agent.daemon.readings.Readings.entered`)."""


class IncidentEdits:
    """Each may be called from any thread."""

    def __init__(
        self,
        finder: IncidentFinder,
        now: Callable[[], datetime],
        pack: Callable[[], RegimePack],
        soon: Callable[[], None],
        entered: Entered = lambda _: nullcontext(enter_result=True),
        needs_second: Callable[[], bool] = lambda: False,
        judges: Judges = lambda _: True,
    ) -> None:
        """`pack`: the one in force; `soon`: called after what is critical: the trail's checkpoint is to follow soon;
        `needs_second`, `judges`: see `Editing`.
        """
        self._judges = judges
        self._needs_second = needs_second
        self.finder = finder
        self.pack = pack
        self._now = now
        self._soon = soon
        self._entered = entered

    def edit(self, number: object, by: object, make: Make, *, critical: bool = False) -> dict[str, Any]:
        """The incident as `show` has it, with `message`: what was done. Raises LeaklineError for what is not allowed."""
        desk, id_ = self.finder.find(number)

        def one(editing: Editing) -> tuple[Incident, str]:
            before = editing.incident(id_)
            edit = make(editing, before)
            return editing.put(before, edit), f"{edit.after.id} {edit.said}"

        return self.edit_all(desk, by, one, critical=critical)

    def edit_all(
        self, desk: IncidentDesk, by: object, make: Callable[[Editing], tuple[Incident, str]], *, critical: bool = False
    ) -> dict[str, Any]:
        """The same for what changes several incidents of one shard; `make` returns the one that is shown, and what was done."""
        who = free_text.name(str(by), "the name of who does it")
        with self._entered(desk.shard) as may_work:
            # Two desks of one org would not know of each other's changes.
            if not may_work or self.finder.desks().get(desk.shard) is not desk:
                raise LeaklineError(f"{desk.shard} is just being loaded again", hint="try again in a few seconds")
            with desk.changing() as change:
                shown, message = make(Editing(desk, change, who, change.now, self._needs_second(), self._judges))
        if critical:
            self._soon()
        return {"message": message, **document(desk, shown, self._now())}


def moment(name: str, value: object, zone: str, desk: IncidentDesk) -> datetime:
    """A time as a person writes it; without an offset it is in `zone`, else in the zone of the settings. Raises NotDeclarable."""
    return time_value(name, str(value), place(zone, desk))


def place(zone: str, desk: IncidentDesk) -> ZoneInfo | None:
    """Raises NotDeclarable."""
    name = zone or (desk.settings.zone if desk.settings else None)
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise NotDeclarable(f"{name[:60]!r} is not a time zone; write one such as Europe/Berlin") from None


def texts(values: object, what: str) -> list[str]:
    """A list of texts out of a request. Raises LeaklineError."""
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise LeaklineError(f"name {what}", hint="one or several")
    return values
