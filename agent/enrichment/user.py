"""Name, profile and role of a user, by id.

Columns: `user.{name,full_name,email,roles}` (the profile is the role) and `salesforce.user.*`; for the user that
something was done to, `user.target.{name,full_name,email}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from agent.enrichment.lookup_cache import LookupCache

UserLookup = Callable[[Sequence[str]], Mapping[str, Mapping[str, Any]]]
"""User ids to their fields as the org names them (`Username`, `Profile.Name`, …). An id that is not known, or cannot be
asked for now, is left out; it never raises for that."""

COLUMNS: dict[str, pl.DataType] = {
    "user.name": pl.String(),
    "user.full_name": pl.String(),
    "user.email": pl.String(),
    "user.roles": pl.List(pl.String()),
    "salesforce.user.profile": pl.String(),
    "salesforce.user.role": pl.String(),
    "salesforce.user.type": pl.String(),
    "salesforce.user.license": pl.String(),
    "salesforce.user.department": pl.String(),
    "salesforce.user.title": pl.String(),
    "salesforce.user.company": pl.String(),
    "salesforce.user.federation_id": pl.String(),
    "salesforce.user.is_active": pl.Boolean(),
}
"""In the order of `UserRecord.values`."""
TARGET_COLUMNS: dict[str, pl.DataType] = {
    "user.target.name": pl.String(),
    "user.target.full_name": pl.String(),
    "user.target.email": pl.String(),
}

_USER_ID = re.compile(r"005[A-Za-z0-9]{12}([A-Za-z0-9]{3})?")


@dataclass(frozen=True, slots=True)
class UserRecord:
    """What an org says of a user; None where it says nothing."""

    username: str | None = None
    name: str | None = None
    email: str | None = None
    profile: str | None = None
    role: str | None = None
    type: str | None = None
    license: str | None = None
    department: str | None = None
    title: str | None = None
    company: str | None = None
    federation_id: str | None = None
    is_active: bool | None = None

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> UserRecord:
        """From fields of a User and its relations, as the org names them."""
        active = fields.get("IsActive")
        texts = {name: fields.get(path) for name, path in _PATHS.items()}
        given = {name: text for name, text in texts.items() if isinstance(text, str) and text}
        return cls(**given, is_active=active if isinstance(active, bool) else None)

    def values(self) -> tuple[Any, ...]:
        """As the columns `COLUMNS`."""
        return (
            self.username,
            self.name,
            self.email,
            [self.profile] if self.profile else None,
            self.profile,
            self.role,
            self.type,
            self.license,
            self.department,
            self.title,
            self.company,
            self.federation_id,
            self.is_active,
        )


_PATHS = {
    "username": "Username",
    "name": "Name",
    "email": "Email",
    "profile": "Profile.Name",
    "role": "UserRole.Name",
    "type": "UserType",
    "license": "Profile.UserLicense.Name",
    "department": "Department",
    "title": "Title",
    "company": "CompanyName",
    "federation_id": "FederationIdentifier",
}


class UserColumns:
    """What one org says of its users, beside columns of their ids."""

    def __init__(self, users: UserLookup) -> None:
        self._users = users
        self._actors = LookupCache(COLUMNS, self._rows)
        self._targets = LookupCache(TARGET_COLUMNS, self._target_rows)

    def columns(self, ids: pl.Series) -> dict[str, pl.Series]:
        """For the users who did something; `ids`: `String`. Columns by name, row for row beside it."""
        return self._actors.columns(ids)

    def target_columns(self, ids: pl.Series) -> dict[str, pl.Series]:
        """For the users it was done to."""
        return self._targets.columns(ids)

    def forget(self) -> None:
        """Look up every id anew."""
        self._actors.forget()
        self._targets.forget()

    def _rows(self, ids: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        return {user_id: record.values() for user_id, record in self._records(ids).items()}

    def _target_rows(self, ids: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        return {user_id: (record.username, record.name, record.email) for user_id, record in self._records(ids).items()}

    def _records(self, ids: Sequence[str]) -> dict[str, UserRecord]:
        real = [user_id for user_id in ids if _USER_ID.fullmatch(user_id)]
        found = self._users(real) if real else {}
        # An answer may spell an id with 15 or 18 characters; the first 15 are the id.
        records = {user_id[:15]: UserRecord.of(fields) for user_id, fields in found.items()}
        return {user_id: records[user_id[:15]] for user_id in real if user_id[:15] in records}
