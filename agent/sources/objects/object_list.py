"""Which objects a source reads: those of the table, one that the settings name, or all event log objects of the org."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.errors import Forbidden
from agent.sources.object_query.field_descriptions import DESCRIBE_EVERY, NAME
from agent.sources.objects.catalogue import objects_of
from agent.sources.objects.row_object import (
    EVENT_LOG,
    EVENT_LOG_NEED,
    RowObject,
    of_event_log,
    of_settings,
    of_watched,
)
from agent.sources.objects.settings import AnyObjectSettings, EventLogObjectSettings, ObjectSettings
from agent.sources.salesforce.session import Session

NO_LOGS = frozenset({"IdpEventLog"})
"""Objects that end as event log objects do and are none: this one is a standard object of its own (Object Reference)."""


@dataclass(frozen=True, slots=True)
class ObjectChoice:
    """What is to be read now, and what is wanted and not there: names with the reason."""

    rows: Sequence[RowObject]
    missing: Sequence[tuple[str, str]] = ()


class ObjectList:
    """Of one source. Which objects the org has is asked for anew now and then, and by a new process."""

    def __init__(self, session: Session, settings: AnyObjectSettings, now: Callable[[], datetime]) -> None:
        self._session = session
        self._settings = settings
        self._now = now
        self._names: frozenset[str] = frozenset()
        self._asked: datetime | None = None

    def choice(self) -> ObjectChoice:
        """Raises what `Session.objects` raises, and Forbidden where there is no event log object at all."""
        settings = self._settings
        if isinstance(settings, EventLogObjectSettings):
            return self._event_logs(settings)
        if isinstance(settings, ObjectSettings):
            name = self._spelled(settings.object)
            if name is None:
                return ObjectChoice([], [(settings.object, _absent(f"Read on {settings.object}"))])
            return ObjectChoice([of_settings(settings, name)])
        return ObjectChoice([of_watched(watched) for watched in objects_of(settings.type) if watched.reads == "rows"])

    def _event_logs(self, settings: EventLogObjectSettings) -> ObjectChoice:
        if settings.objects == "all":
            names = [name for name in sorted(self._there()) if name.endswith(EVENT_LOG) and NAME.fullmatch(name)]
            found = [name for name in names if name not in NO_LOGS]
            if not found:
                self._asked = None
                raise Forbidden(
                    f"{self._session.settings.name}: the org has no event log object that this user can see",
                    hint=f"they need Event Monitoring; give the user the permission {EVENT_LOG_NEED}",
                )
            return ObjectChoice([of_event_log(name) for name in found])
        spelled = {name: self._spelled(name) for name in settings.objects}
        missing = [(name, _absent(EVENT_LOG_NEED)) for name, found in spelled.items() if found is None]
        return ObjectChoice([of_event_log(found) for found in dict.fromkeys(spelled.values()) if found], missing)

    def _spelled(self, name: str) -> str | None:
        """As the org spells it; None where it has none that this user can see."""
        there = self._there()
        found = name if name in there else next((own for own in there if own.lower() == name.lower()), None)
        if found is None:
            self._asked = None  # each poll looks whether it is there by now
        return found

    def _there(self) -> frozenset[str]:
        now = self._now()
        if self._asked is None or not self._asked <= now < self._asked + DESCRIBE_EVERY:
            self._names, self._asked = self._session.objects(), now
        return self._names


def _absent(need: str) -> str:
    return (
        f"the org has no such object that this user can see; give the user the permission {need}, or correct the name"
    )
