"""What an org gives of each object that its sources read: whether it is there, which fields are hidden, how many rows a day."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.errors import Forbidden, SourceError
from agent.sources.object_query.field_descriptions import NAME, Described, not_a_moment
from agent.sources.objects.catalogue import objects_of
from agent.sources.objects.object_list import NO_LOGS
from agent.sources.objects.row_object import EVENT_LOG, EVENT_LOG_NEED
from agent.sources.objects.settings import AnyObjectSettings, EventLogObjectSettings, ObjectSettings
from agent.sources.salesforce import soql_literal
from agent.sources.salesforce.api_error import Missing
from agent.sources.salesforce.session import Session

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WantedObject:
    """An object that a source reads. `time`: by which rows are read; empty for a snapshot."""

    name: str
    fields: Sequence[str]
    required: Collection[str]
    time: str
    need: str


@dataclass(frozen=True, slots=True)
class ObjectAccess:
    """What the org gives of one."""

    wanted: WantedObject
    refusal: str = ""
    """Why nothing of it can be read; empty where it can."""
    hidden: Sequence[str] = ()
    """Fields that are wanted and not seen."""
    rows: int | None = None
    """Of the last day, of a snapshot all; None where the org does not count them."""


def wanted_objects(settings: AnyObjectSettings, names: Collection[str]) -> list[WantedObject]:
    """What a source would read of an org with objects of these names."""
    if isinstance(settings, ObjectSettings):
        spelled = _spelled(settings.object, names)
        fields = list(dict.fromkeys(["Id", settings.time_field, *settings.fields]))
        return [WantedObject(spelled, fields, [settings.time_field], settings.time_field, f"Read on {spelled}")]
    if isinstance(settings, EventLogObjectSettings):
        found = [name for name in sorted(names) if name.endswith(EVENT_LOG) and NAME.fullmatch(name)]
        found = [name for name in found if name not in NO_LOGS]
        chosen = found if settings.objects == "all" else [_spelled(name, names) for name in settings.objects]
        return [WantedObject(name, (), ["Timestamp"], "Timestamp", EVENT_LOG_NEED) for name in chosen]
    return [
        WantedObject(
            watched.name,
            watched.fields,
            watched.required,
            str(watched.time) if watched.reads == "rows" else "",
            watched.need,
        )
        for watched in objects_of(settings.type)
    ]


def examine_object(session: Session, wanted: WantedObject, names: Collection[str], now: datetime) -> ObjectAccess:
    """Three calls at most. Raises SourceError for what is not about this object."""
    if wanted.name not in names:
        return ObjectAccess(wanted, "the org has no such object that this user can see")
    seen, kind = frozenset[str](), ""
    # No list of an event log object's fields is wanted: all that it has are read.
    if wanted.fields:
        try:
            described = session.fields(wanted.name)
            seen, kind = (
                frozenset(_visible(described, wanted)),
                not_a_moment(described, _spelled(wanted.time, described)),
            )
        except (Missing, Forbidden) as error:
            return ObjectAccess(wanted, str(error.args[0]))
    hidden = [name for name in wanted.fields if name.lower() not in seen]
    barring = [name for name in hidden if name in wanted.required]
    if barring:
        return ObjectAccess(wanted, f"the field {wanted.name}.{barring[0]} is hidden from the user", hidden)
    if kind:
        return ObjectAccess(wanted, f"the field {wanted.name}.{wanted.time} is a {kind} and not a date-time", hidden)
    try:
        return ObjectAccess(wanted, hidden=hidden, rows=_counted(session, wanted, now))
    except Forbidden as error:
        return ObjectAccess(wanted, str(error.args[0]), hidden)


def _visible(described: Described, wanted: WantedObject) -> Iterator[str]:
    """Wanted fields that the describe shows, in lower case; of a related one it shows that the relation is there."""
    own = {name.lower() for name in described}
    relations = {str(field.get("relationshipName")).lower() for field in described.values()}
    for name in wanted.fields:
        first, _, related = name.lower().partition(".")
        if first in (relations if related else own):
            yield name.lower()


def _counted(session: Session, wanted: WantedObject, now: datetime) -> int | None:
    """Rows of the last day, or all of a snapshot. Raises Forbidden."""
    since = f" WHERE {wanted.time} >= {soql_literal.time(now - DAY)}" if wanted.time else ""
    try:
        count, _ = session.counted(f"SELECT COUNT() FROM {wanted.name}{since}")  # noqa: S608 - checked names
    except Forbidden:
        raise
    except SourceError:
        return None
    return count if count >= 0 else None


def _spelled(name: str, names: Collection[str]) -> str:
    """As the org spells it, where it has it."""
    return name if name in names else next((own for own in names if own.lower() == name.lower()), name)
