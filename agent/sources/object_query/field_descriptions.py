"""What an org's describe says of the fields of its objects, asked for every few hours."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agent.sources.salesforce.session import Session

DESCRIBE_EVERY = timedelta(hours=6)
"""Between two looks at objects and fields: with 26 objects a hundred calls a day."""
UNREAD_TYPES = frozenset({"address", "location", "base64", "complexvalue"})
"""Types of fields whose parts have fields of their own, or that no query gives."""
MOST_FIELDS = 200
"""Of an object: the largest of the known ones has 45, and a query must fit a URI."""

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
"""Of an object or a field."""

Described = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Look:
    time: datetime
    fields: Described


class FieldDescriptions:
    """Of one org's objects. What it keeps is asked for anew now and then, and by a new process."""

    def __init__(self, session: Session, now: Callable[[], datetime]) -> None:
        self._session = session
        self._now = now
        self._looks: dict[str, _Look] = {}

    def of(self, name: str) -> Described:
        """The fields of an object, by name. Raises what `Session.fields` raises."""
        look, now = self._looks.get(name), self._now()
        if look is None or not look.time <= now < look.time + DESCRIBE_EVERY:
            look = self._looks[name] = _Look(now, self._session.fields(name))
        return look.fields

    def have_changed(self, name: str) -> bool:
        """Asks anew, and says whether the answer is another one than before."""
        before = self._looks.pop(name, None)
        return before is None or _types(self.of(name)) != _types(before.fields)

    def forget(self, name: str) -> None:
        """They are asked for anew the next time."""
        self._looks.pop(name, None)


def types_of(described: Described, most: int | None = MOST_FIELDS) -> dict[str, str]:
    """The fields that a query can select, name to type; `most`: of how many, None: of all."""
    named = [name for name in described if NAME.fullmatch(name)][:most]
    return {name: kind for name in named if (kind := _type(described[name])) not in UNREAD_TYPES}


def not_a_moment(described: Described, name: str) -> str:
    """Its type, where rows cannot be read by this field because it is no date-time; empty where they can."""
    kind = _type(described[name]) if name in described else ""
    return "" if kind in ("datetime", "") else kind


def _types(described: Described) -> dict[str, str]:
    return {name: _type(field) for name, field in described.items()}


def _type(field: Mapping[str, Any]) -> str:
    return str(field.get("type", "")).lower()
