"""What is to be known of an object of the org to read its records in the order of their time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


@dataclass(frozen=True, slots=True)
class QueriedObject:
    """One object. `kind`: a `big` object is filtered by its time and its key alone, sorted newest first alone, and has no
    further pages (SOQL with Big Objects); a `standard` one is read in the order of time and id, page after page; one
    whose records have no id (`keyless`) in the order of time alone, each moment of it as a whole.
    """

    name: str
    kind: Literal["big", "standard", "keyless"]
    time: str = "EventDate"
    """The field with the record's time."""
    key: str = "EventIdentifier"
    """Of a big object: the field that tells records of one time apart, a UUID."""


@dataclass(frozen=True, slots=True)
class ReadObject:
    """An object that a source reads. `name`: under which its position is kept and by which it is told of."""

    name: str
    queried: QueriedObject
    overlap: timedelta
    """How far behind the last poll each poll looks for records that became visible late."""
