"""Objects that are read of any org: what is selected of them and how, as a table (`catalogue.yaml` says what each key means).

The `…EventLog` objects are not in it: which there are, an org's describe says (`event_log_object`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from agent.duration import parse_duration

DIFFERENCE, CHANGED, BEFORE, SEEN = "Difference", "Changed", "Before", "Seen"
"""Columns of a snapshot's rows beside the object's fields: `granted`, `revoked` or `changed`; the names of the changed
fields, in alphabetical order with a comma between; their former values, a JSON object of texts; and when the snapshot was
taken that shows it. A revoked record has the cells that it was last seen with.
"""

DIFFERENCE_DATE = "DifferenceDate"
"""The column with the time of such a row: when the record was made or changed, where that lies between the two snapshots,
else when the later one was taken (as for all that was revoked: no record tells when).
"""


@dataclass(frozen=True, slots=True)
class WatchedObject:
    """An object and what is read of it."""

    name: str
    source: str
    reads: Literal["rows", "snapshot"]
    fields: Sequence[str]
    required: Sequence[str]
    need: str
    """The permission without which the user sees none of it."""
    time: str | None = None
    version: str | None = None
    compared: Sequence[str] = ()
    never: Sequence[str] = ()
    overlap: timedelta = timedelta()
    most: int | None = None
    lasts: str | None = None


@cache
def watched_objects() -> Mapping[str, WatchedObject]:
    """All of them, by name."""
    document = yaml.safe_load(Path(__file__).with_name("catalogue.yaml").read_text(encoding="utf-8"))
    return {name: WatchedObject(name, **_values(entry)) for name, entry in document.items()}


def objects_of(source: str) -> list[WatchedObject]:
    """Those of one type of source, in the table's order."""
    return [watched for watched in watched_objects().values() if watched.source == source]


def secrets() -> frozenset[str]:
    """Names of fields that no query may ever select, of whichever object they may be; in lower case."""
    return frozenset(name.lower() for watched in watched_objects().values() for name in watched.never)


def _values(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {**entry, "overlap": parse_duration(entry.get("overlap", "0s"))}
