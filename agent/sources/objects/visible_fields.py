"""Which fields of an object are selected: what is wanted of it, without what this org hides from the user."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Protocol

from agent.errors import Forbidden
from agent.sources.object_query.field_descriptions import (
    DESCRIBE_EVERY,
    Described,
    FieldDescriptions,
    not_a_moment,
    types_of,
)
from agent.sources.objects.catalogue import secrets
from agent.sources.salesforce.api_error import Refused
from agent.sources.salesforce.session import Session


class ObjectSelection(Protocol):
    """An object and what is wanted of it."""

    @property
    def name(self) -> str: ...

    @property
    def fields(self) -> Sequence[str] | None:
        """In any case of letters; those of related objects with a dot. None: all that the org describes."""
        ...

    @property
    def required(self) -> Collection[str]:
        """Without which nothing can be told of a record."""
        ...

    @property
    def need(self) -> str:
        """The permission that the user needs to see the object."""
        ...


class VisibleFields:
    """Of one org. What it keeps is asked for anew now and then, and by a new process."""

    def __init__(self, session: Session, now: Callable[[], datetime]) -> None:
        self._session = session
        self._now = now
        self._descriptions = FieldDescriptions(session, now)
        self._denied: dict[str, tuple[datetime, frozenset[str]]] = {}
        """Fields of related objects that a query could not select, and since when: no describe of the object tells of them."""

    def described(self, wanted: ObjectSelection) -> Described:
        """Raises what `Session.fields` raises, and Forbidden where a required field is hidden, which the next call looks for
        anew.
        """
        described = self._descriptions.of(wanted.name)
        seen = {field.lower() for field in types_of(described, None)}
        if hidden := next((field for field in sorted(wanted.required) if field.lower() not in seen), None):
            self._descriptions.forget(wanted.name)
            raise Forbidden(
                f"{self._session.settings.name}: the field {wanted.name}.{hidden} is hidden from the user or does not exist",
                hint=f"let the user see the field, and give the user the permission {wanted.need}",
            )
        return described

    def moment(self, wanted: ObjectSelection, name: str) -> str:
        """The date-time field by which records are read, as the org spells it. Raises what `described` raises, and Forbidden
        where it is of another type.
        """
        described = self.described(wanted)
        time = spelled(described, name)
        if other := not_a_moment(described, time):
            self._descriptions.forget(wanted.name)
            raise Forbidden(
                f"{self._session.settings.name}: the field {wanted.name}.{time} is a {other} and not a date-time",
                hint="write a date-time field as time_field, such as SystemModstamp",
            )
        return time

    def of(self, wanted: ObjectSelection) -> dict[str, str]:
        """Name to type, in the order in which they are wanted, as the org spells them; related ones as texts. No secret is
        among them. Raises what `described` raises.
        """
        described = self.described(wanted)
        seen = types_of(described, None)  # a wanted field may be the last one that an object of thousands has
        chosen = types_of(described) if wanted.fields is None else {}
        for name in wanted.fields or ():
            if "." in name:
                chosen |= {name: "string"} if self._is_related(wanted.name, described, name) else {}
            elif (found := spelled(described, name)) in seen:
                chosen[found] = seen[found]
        return {name: kind for name, kind in chosen.items() if name.rpartition(".")[2].lower() not in secrets()}

    def refused(self, wanted: ObjectSelection, error: Refused) -> bool:
        """Whether others are selected now: the org describes others, or a related one is left out for a while."""
        if error.code != "INVALID_FIELD":
            return False
        if self._descriptions.have_changed(wanted.name):
            return True
        related = {name for name in self.of(wanted) if "." in name}
        named = {name for name in related if any(f"'{part}'" in str(error) for part in (name, *name.split(".")))}
        if related:
            _, before = self._denied.get(wanted.name, (None, frozenset[str]()))
            self._denied[wanted.name] = self._now(), before | (named or related)
        return bool(related)

    def _is_related(self, name: str, described: Described, path: str) -> bool:
        """Whether the object leads to a field of a related one, and no query was refused for it lately."""
        since, denied = self._denied.get(name, (self._now(), frozenset[str]()))
        if path in denied and since <= self._now() < since + DESCRIBE_EVERY:
            return False
        relation = path.partition(".")[0].lower()
        return any(str(field.get("relationshipName")).lower() == relation for field in described.values())


def spelled(described: Described, name: str) -> str:
    """As the org spells it; as it is where the org has none."""
    return name if name in described else {field.lower(): field for field in described}.get(name.lower(), name)
