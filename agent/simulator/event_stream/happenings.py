"""The real-time events of a window of time, made of the rows of log files and of what scenarios tell beside them.

An event is the same in whatever window it is made: its ids depend on the hidden id of its row alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Any

import polars as pl

from agent.simulator.event_stream import twins_access, twins_reading, twins_working
from agent.simulator.event_stream.event_kind import EventKind, event_kinds
from agent.simulator.event_stream.twin import Twin, common
from agent.simulator.log_files.traffic import ACTOR, EVENT_TYPES, Numbered, Traffic
from agent.simulator.world.planted_event import PlantedEvent
from agent.simulator.world.random_columns import roll
from agent.simulator.world.record_id import long_id, role_id, short_id

TWINS = (*twins_access.TWINS, *twins_reading.TWINS, *twins_working.TWINS)
"""Every way in which a row becomes an event; one row may become several."""

FORMS: Mapping[str, pl.DataType] = {
    "time": pl.Int64(), "text": pl.String(), "decimal": pl.Float64(), "integer": pl.Int64(), "boolean": pl.Boolean(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RealTimeRow:
    """One event. `time`: milliseconds since 1970; `values`: those that are not null, times in milliseconds."""

    kind: EventKind
    id: str
    """The hidden id of the row it is made of, or of the planted event."""
    time: int
    scenario: str | None
    values: Mapping[str, Any]

    @property
    def identifier(self) -> str:
        """EventIdentifier."""
        return str(self.values["EventIdentifier"])


class Happenings:
    """Makes events. `event_types`: the types of log files that have traffic; None: all."""

    def __init__(self, seed: int, traffic: Traffic, event_types: Collection[str] | None = None) -> None:
        self._seed = seed
        self._traffic = traffic
        self._types = EVENT_TYPES if event_types is None else tuple(event_types)

    @property
    def event_types(self) -> tuple[str, ...]:
        """The types of log files that have traffic."""
        return self._types

    def between(self, window: tuple[int, int], names: Collection[str] | None = None) -> list[RealTimeRow]:
        """The events with `window[0] <= time < window[1]` in order of time; `names`: of these kinds alone."""
        made: list[RealTimeRow] = []
        for event_type, twins in self._twins(names):
            made += self._made(event_type, twins, self._traffic.rows(event_type, window, actors=True))
        for name in names or event_kinds():
            made += self._alone(name, self._traffic.streamed_alone(name, window))
        return sorted(made, key=lambda row: (row.time, row.id))

    def of_planted(self, numbered: Numbered, window: tuple[int, int]) -> list[RealTimeRow]:
        """The same of these planted events alone, as `Traffic.plant` returned them."""
        made: list[RealTimeRow] = []
        for event_type, twins in self._twins(None):
            for frame in self._traffic.rows_of(numbered, event_type, window):
                made += self._made(event_type, twins, frame)
        for name in event_kinds():
            made += self._alone(name, self._traffic.streamed_alone(name, window, numbered))
        return sorted(made, key=lambda row: (row.time, row.id))

    def _twins(self, names: Collection[str] | None) -> Iterator[tuple[str, list[Twin]]]:
        """The types of log files that are needed, each with what is made of its rows."""
        for event_type in dict.fromkeys(twin.event_type for twin in TWINS if twin.event_type in self._types):
            twins = [twin for twin in TWINS if twin.event_type == event_type and (names is None or twin.name in names)]
            if twins:
                yield event_type, twins

    def _made(self, event_type: str, twins: Iterable[Twin], rows: pl.DataFrame) -> Iterator[RealTimeRow]:
        """`rows` as `Traffic.rows` gives them, with actors."""
        for twin in twins:
            chosen = rows.filter(twin.where)
            if chosen.is_empty():
                continue
            kind = event_kinds()[twin.name]
            prepared = chosen.with_columns(*self._ids(kind, chosen["_id"]), *self._people(chosen))
            fields = {**common(event_type), **twin.fields}
            wanted = [
                expression.cast(FORMS[kind.fields[name]]).alias(name)
                for name, expression in fields.items()
                if name in kind.fields
            ]
            hidden = prepared.select("_id", "_time", "_scenario").iter_rows()
            for (ident, time, scenario), values in zip(hidden, prepared.select(wanted).to_dicts(), strict=True):
                yield RealTimeRow(kind, ident, time, scenario, _without_nulls(values))

    def _ids(self, kind: EventKind, hidden: pl.Series) -> list[pl.Series]:
        """EventIdentifier, EventUuid, an execution's id and a number to draw from, for each hidden id."""
        digests = [self._digest(kind, ident) for ident in hidden]
        columns = {name: [_uuid(digest[place : place + 16]) for digest in digests] for name, place in _PLACES.items()}
        numbers = pl.Series("_draw", [int.from_bytes(digest[48:56]) for digest in digests], dtype=pl.UInt64)
        return [*(pl.Series(name, values, dtype=pl.String) for name, values in columns.items()), numbers]

    def _digest(self, kind: EventKind, ident: str) -> bytes:
        """56 bytes that are the event's own."""
        return blake2b(f"{self._seed}/{kind.name}/{ident}".encode(), digest_size=56).digest()

    def _people(self, rows: pl.DataFrame) -> list[pl.Series]:
        """Profile, role and the login's id of who made each row."""
        users = rows[f"{ACTOR}user"]
        columns = {
            "_profile": [self._profiles.get(user, ("", ""))[0] for user in users],
            "_role": [self._profiles.get(user, ("", ""))[1] for user in users],
            "_login_id": [_login_id(key) for key in rows[f"{ACTOR}login_key"]],
        }
        return [pl.Series(name, values, dtype=pl.String) for name, values in columns.items()]

    @cached_property
    def _profiles(self) -> Mapping[str, tuple[str, str]]:
        """User id to profile id and role id, of 18 characters; no role is empty text."""
        return {
            user.id: (long_id(user.profile.id), long_id(role_id(user.role)) if user.role else "")
            for user in self._traffic.staff.users
        }

    def _alone(self, name: str, planted: Iterable[tuple[str, PlantedEvent]]) -> Iterator[RealTimeRow]:
        """Events that no log file tells of."""
        kind = event_kinds()[name]
        for ident, event in planted:
            digest, session = self._digest(kind, ident), event.session
            profile, role = self._profiles.get(session.user, ("", ""))
            values: dict[str, Any] = {
                "EventDate": event.time, "CreatedDate": event.time, "EventIdentifier": _uuid(digest[:16]),
                "EventUuid": _uuid(digest[16:32]), "UserId": session.user_long, "Username": session.username,
                "UserType": session.user_type, "SourceIp": session.ip, "SessionKey": session.session_key,
                "LoginKey": session.login_key, "LoginHistoryId": _login_id(session.login_key), "ProfileId": profile,
                "RoleId": role, "SessionLevel": "STANDARD", "UserAgent": session.user_agent, "EvaluationTime": 0.0,
                "ExecutionIdentifier": _uuid(digest[32:48]), "CreatedById": session.user_long,
            }  # fmt: skip
            known = {field: value for field, value in {**values, **event.cells}.items() if field in kind.fields}
            yield RealTimeRow(kind, ident, event.time, event.scenario or None, _without_nulls(known))


_PLACES = {"_identifier": 0, "_uuid": 16, "_execution": 32}
"""Where in an event's digest its ids are."""


def _uuid(digest: bytes) -> str:
    """16 bytes as a UUID of version 4."""
    digits = digest.hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


@lru_cache(maxsize=1 << 14)
def _login_id(login_key: str) -> str:
    """The id of the row in LoginHistory, as the audit trail makes it."""
    return long_id(short_id("LoginHistory", roll("login id", login_key) % 62**7)) if login_key else ""


def _without_nulls(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and value != ""}
