"""Which real-time events an org stores, and which of their fields this user sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from agent.errors import Forbidden
from agent.sources.object_query.field_descriptions import DESCRIBE_EVERY, NAME, FieldDescriptions, types_of
from agent.sources.object_query.queried_object import QueriedObject, ReadObject
from agent.sources.real_time.catalogue import RealTimeEvent, catalogue, event_of
from agent.sources.salesforce.api_error import Refused
from agent.sources.salesforce.session import Session

STORE = "EventStore"
"""How objects end that store events; of those that are not in the catalogue as well."""


class StoredObjects:
    """Of one org. What it keeps is asked for anew now and then, and by a new process."""

    def __init__(
        self,
        session: Session,
        events: Literal["all"] | Sequence[str],
        overlap: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._session = session
        self._chosen = None if events == "all" else [event_of(name) for name in events]
        self._overlap = overlap
        self._now = now
        self._names: frozenset[str] = frozenset()
        self._asked: datetime | None = None
        self._descriptions = FieldDescriptions(session, now)

    def refresh(self) -> None:
        """Ask which objects there are, where that was long ago. Raises what `Session.objects` raises."""
        now = self._now()
        if self._asked is not None and self._asked <= now < self._asked + DESCRIBE_EVERY:
            return
        self._names, self._asked = self._session.objects(), now

    def events(self) -> list[ReadObject]:
        """Those that are to be read and that the org stores."""
        found = [event for event in self._wanted() if event.stored in self._names]
        return [
            ReadObject(event.name, QueriedObject(str(event.stored), event.kind or "big"), self._overlap)
            for event in sorted(found, key=lambda event: event.name)
        ]

    def missing(self) -> list[RealTimeEvent]:
        """Those that the settings name and the org does not store."""
        return [event for event in self._chosen or () if event.stored not in self._names]

    def fields(self, read: ReadObject) -> Mapping[str, str]:
        """The fields that can be queried, name to type. Raises Forbidden where no record can be told by its time."""
        name, time = read.queried.name, read.queried.time
        fields = types_of(self._descriptions.of(name))
        if time not in fields:
            self._descriptions.forget(name)
            raise Forbidden(
                f"{self._session.settings.name}: the field {name}.{time} is hidden from the user",
                hint="let the user see the field",
            )
        return fields

    def refused(self, read: ReadObject, error: Refused) -> bool:
        """Whether the fields are others now."""
        return error.code == "INVALID_FIELD" and self._descriptions.have_changed(read.queried.name)

    def _wanted(self) -> list[RealTimeEvent]:
        if self._chosen is not None:
            return self._chosen
        known = list(catalogue().values())
        spellings = {spelling for event in known for spelling in event.spellings}
        unknown = [name for name in sorted(self._names - spellings) if name.endswith(STORE) and NAME.fullmatch(name)]
        return known + [RealTimeEvent(event_of(name).name, None, name, "big") for name in unknown]
