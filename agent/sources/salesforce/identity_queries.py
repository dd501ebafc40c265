"""The questions that tell who stands behind the ids of users and connected apps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from agent.sources.salesforce import soql_literal
from agent.sources.salesforce.api_error import Refused
from agent.sources.salesforce.id_form import is_record_id

ObjectFields = dict[str, Any]

CALL_SECONDS = 30.0
"""Until a call is interrupted, after which the look-ups rest. Nobody waits so long for it."""

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
    """What a look-up needs of a session; `deadline` is in seconds, for each call."""

    @property
    def closed(self) -> bool: ...

    def check_budget(self) -> None: ...

    def query(self, soql: str, *, deadline: float | None = None) -> Iterator[Mapping[str, Any]]: ...

    def fields(self, object_name: str, *, deadline: float | None = None) -> Mapping[str, Mapping[str, Any]]: ...


class IdentityQueries:
    """Asks for what is known of ids (15 characters), in as many queries as a URI has room for.

    Every call raises what the session raises. An id that the org does not know has no record.
    """

    def __init__(self, session: QuerySession) -> None:
        self._session = session

    def users(self, ids: Sequence[str]) -> list[ObjectFields]:
        """With those of the fields that this user may see; relations as `Profile.Name`."""
        self._session.check_budget()
        seen = self._session.fields("User", deadline=CALL_SECONDS)
        fields = ["Id", *(name for name in _USER_FIELDS if name in seen)]
        relations = [path for name, path in _USER_RELATIONS.items() if name in seen]
        for paths in ([*relations, _LICENSE], relations):
            try:
                return list(self._ask("User", [*fields, *paths], ids))
            except Refused as error:
                if error.code != "INVALID_FIELD":
                    raise
        return list(self._ask("User", fields, ids))

    def applications(self, ids: Sequence[str]) -> Iterator[ObjectFields]:
        """Connected apps with their names."""
        self._session.check_budget()
        return self._ask("ConnectedApplication", ["Id", "Name"], ids)

    def _ask(self, object_name: str, fields: Sequence[str], ids: Sequence[str]) -> Iterator[ObjectFields]:
        """At most one record an id, whatever the org answers."""
        wanted = set(ids)
        for listed in soql_literal.lists(ids):
            query = f"SELECT {', '.join(fields)} FROM {object_name} WHERE Id IN {listed}"  # noqa: S608
            for record in self._session.query(query, deadline=CALL_SECONDS):
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
