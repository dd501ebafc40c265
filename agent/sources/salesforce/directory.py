"""Who stands behind the ids in a log: users and connected apps, asked for once and kept for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson

from agent.errors import SourceError
from agent.sources.salesforce import soql_literal
from agent.sources.salesforce.api_error import Refused
from agent.sources.salesforce.id_form import is_record_id

ObjectFields = dict[str, Any]

PAUSE = timedelta(minutes=5)
"""After a failed look-up, nobody waits for another one for so long."""

LONGEST_VALUE = 1_000
"""Characters of a value: each stands in every event of its user. The longest field asked for has 255."""

_USER_FIELDS = (
    "Username", "Name", "Email", "UserType", "IsActive", "Department", "Title", "CompanyName", "FederationIdentifier",
    "LastLoginDate", "TimeZoneSidKey",
)  # fmt: skip
_USER_RELATIONS = {"ProfileId": "Profile.Name", "UserRoleId": "UserRole.Name"}
_LICENSE = "Profile.UserLicense.Name"
"""Seen by users with View Setup and Configuration only."""


class QuerySession(Protocol):
    """What a look-up needs of a session."""

    def query(self, soql: str) -> Iterator[Mapping[str, Any]]: ...

    def fields(self, object_name: str) -> Mapping[str, Mapping[str, Any]]: ...


class Directory:
    """Look-ups with a cache that the caller keeps.

    `get` and `put` read one and write many entries of the cache by key (`user/<id>`, `application/<id>`). What cannot be asked for now is
    left out of an answer, and `problem` says why.
    """

    def __init__(
        self,
        session: QuerySession,
        *,
        get: Callable[[str], bytes | None],
        put: Callable[[Mapping[str, bytes]], None],
        now: Callable[[], datetime],
        lifetime: timedelta = timedelta(hours=24),
    ) -> None:
        self.problem = ""
        self._session = session
        self._get = get
        self._put = put
        self._now = now
        self._lifetime = lifetime
        self._resume_at: datetime | None = None

    def users(self, ids: Sequence[str]) -> dict[str, ObjectFields]:
        """User ids (15 or 18 characters) to their fields as the org names them, relations as `Profile.Name`.

        A field that this user may not see is absent; an id without user has no entry.
        """
        return self._look_up("user", ids, self._ask_users)

    def applications(self, ids: Sequence[str]) -> dict[str, str]:
        """Ids of connected apps (`0H4…`) to their names."""
        return {
            id_: name
            for id_, record in self._look_up("application", ids, self._ask_applications).items()
            if isinstance(name := record.get("Name"), str)
        }

    def _look_up(
        self, kind: str, ids: Sequence[str], ask: Callable[[Sequence[str]], Iterable[ObjectFields]]
    ) -> dict[str, ObjectFields]:
        wanted = {id_: id_[:15] for id_ in ids if is_record_id(id_)}
        cached = {short: self._cached(f"{kind}/{short}") for short in set(wanted.values())}
        missing = sorted(short for short, record in cached.items() if record is None)
        # A rest that is longer than it can be was begun by a clock that has been set back since.
        if missing and (self._resume_at is None or not timedelta() < self._resume_at - self._now() <= PAUSE):
            cached |= self._asked(kind, missing, ask)
        return {id_: record for id_, short in wanted.items() if (record := cached[short])}

    def _asked(
        self, kind: str, missing: Sequence[str], ask: Callable[[Sequence[str]], Iterable[ObjectFields]]
    ) -> dict[str, ObjectFields | None]:
        """Answers for `missing`, also put into the cache; an id that is not there is kept as an empty record."""
        try:
            found: dict[str, ObjectFields | None] = {record["Id"][:15]: record for record in ask(missing)}
        except SourceError as error:
            self.problem, self._resume_at = str(error), self._now() + PAUSE
            return {}
        self.problem, self._resume_at = "", None
        at = self._now().timestamp()
        self._put({f"{kind}/{id_}": orjson.dumps({"at": at, "record": found.setdefault(id_, {})}) for id_ in missing})
        return found

    def _cached(self, key: str) -> ObjectFields | None:
        """None if it was never asked for, or too long ago."""
        stored = self._get(key)
        content = orjson.loads(stored) if stored else None
        if content is None or self._now().timestamp() - content["at"] >= self._lifetime.total_seconds():
            return None
        record: ObjectFields = content["record"]
        return record

    def _ask_users(self, ids: Sequence[str]) -> list[ObjectFields]:
        seen = self._session.fields("User")
        fields = ["Id", *(name for name in _USER_FIELDS if name in seen)]
        relations = [path for name, path in _USER_RELATIONS.items() if name in seen]
        for paths in ([*relations, _LICENSE], relations):
            try:
                return list(self._ask("User", [*fields, *paths], ids))
            except Refused as error:
                if error.code != "INVALID_FIELD":
                    raise
        return list(self._ask("User", fields, ids))

    def _ask_applications(self, ids: Sequence[str]) -> Iterator[ObjectFields]:
        return self._ask("ConnectedApplication", ["Id", "Name"], ids)

    def _ask(self, object_name: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[ObjectFields]:
        """At most one record an id, whatever the org answers."""
        wanted = set(ids)
        for listed in soql_literal.lists(ids):
            query = f"SELECT {', '.join(fields)} FROM {object_name} WHERE Id IN {listed}"  # noqa: S608
            for record in self._session.query(query):
                id_ = record.get("Id")
                if is_record_id(id_) and id_[:15] in wanted:
                    wanted.remove(id_[:15])
                    yield {path: value for path in fields if (value := _at(record, path)) is not None}


def _at(record: Mapping[str, Any], path: str) -> str | int | float | bool | None:
    """The value at a path such as `Profile.Name`; None where a relation is empty, or where no field can have it."""
    value: Any = record
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return value[:LONGEST_VALUE]
    return value if isinstance(value, int | float) else None
