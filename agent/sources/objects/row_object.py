"""What a source reads of an object: which fields, by which time, under which names, and what the user needs for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from agent.sources.object_query.queried_object import QueriedObject, ReadObject
from agent.sources.objects.catalogue import WatchedObject
from agent.sources.objects.settings import ObjectSettings

LATE = timedelta(minutes=10)
"""A transaction may be open so long until its rows can be seen (Apex governor limits: Maximum execution time)."""
LOGGED_LATE = timedelta(minutes=30)
"""How late rows of event log objects may come: nothing documents it; as of stored events."""
EVENT_LOG = "EventLog"
"""How the event log objects end."""
EVENT_LOG_NEED = "View Event Log Object Data"


@dataclass(frozen=True, slots=True)
class RowObject:
    """An object of which rows are read."""

    read: ReadObject
    fields: Sequence[str] | None
    """What is selected, as far as the user sees it; None: all that an org describes."""
    required: frozenset[str]
    need: str
    version: str = ""
    """The field whose change makes a row another one; empty: rows do not change."""

    @property
    def name(self) -> str:
        return self.read.name

    @property
    def named_by(self) -> Sequence[str]:
        """The columns that name a row; none where its cells do."""
        if self.read.queried.kind != "standard":
            return ()
        return ("Id", self.version) if self.version else ("Id",)


def of_watched(watched: WatchedObject) -> RowObject:
    """An object of the table, which reads its rows."""
    queried = QueriedObject(watched.name, "standard", str(watched.time), "Id")
    read = ReadObject(watched.name, queried, watched.overlap)
    return RowObject(read, watched.fields, frozenset(watched.required), watched.need, watched.version or "")


def of_event_log(name: str) -> RowObject:
    """An event log object. No id of its records is documented (Object Reference), so that none is asked for."""
    queried = QueriedObject(name, "keyless", "Timestamp", "")
    return RowObject(ReadObject(name, queried, LOGGED_LATE), None, frozenset({"Timestamp"}), EVENT_LOG_NEED)


def of_settings(settings: ObjectSettings, name: str) -> RowObject:
    """An object that the settings name, as the org spells it."""
    queried = QueriedObject(name, "standard", settings.time_field, "Id")
    fields = list(dict.fromkeys(["Id", settings.time_field, *settings.fields]))
    need = f"Read on {name}"
    return RowObject(
        ReadObject(name, queried, LATE), fields, frozenset({settings.time_field}), need, settings.time_field
    )
