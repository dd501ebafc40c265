"""All incidents of one shard, with what was read of them kept in memory.

Its caller holds the shard's commit lock: nothing is between detection and commit then, and what is in memory is what is
stored. What batches changed that are not stored yet is in memory too, and can be taken back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import orjson
import structlog

from agent.notice.incidents.alert_places import ALERT, TOGETHER, outdated, placed
from agent.notice.incidents.incident import Incident, Origin, decode, encode
from agent.notice.incidents.kept_values import KeptValues

log = structlog.get_logger()

INCIDENT, LINK, OPEN, UNSEEN, RECKON = "incident/", "link/", "open/", "unseen/", "reckon/"
"""Keys under `keys.RESPONSE`."""

ESCALATE = "escalate/"
"""Keys of incidents of which it is to be seen whether somebody must be told."""

DAMAGED = "damaged/"
"""What was stored of an incident that could not be read, and was opened again by its first alert."""

ENTRIES = 4
"""Incidents that a link leads to: of more, the ones whose evidence is oldest are not looked for."""

MOST_INCIDENTS, MOST_LINKS = 2_000, 20_000
"""That are kept in memory: about 2 kB for an incident, and 0.3 for a link. One that is not takes 0.04 ms to read."""


class Stored(Protocol):
    """What is stored under `keys.RESPONSE` (`agent.store.state.StateRecall`)."""

    def __call__(self, key: str, /) -> bytes | None: ...

    def keys(self, prefix: str, /) -> Iterator[str]: ...


@dataclass(frozen=True, slots=True)
class LinkEntry:
    """An incident that alerts with a link may belong to. Times: milliseconds of event time, of its evidence."""

    incident: str
    first: int
    last: int


Entries = tuple[LinkEntry, ...]


@dataclass(slots=True)
class BookChange:
    """Incidents and links as they are to be."""

    incidents: dict[str, tuple[Incident | None, Incident]] = field(default_factory=dict)
    """By id, as it was and as it is to be."""
    links: dict[str, Entries] = field(default_factory=dict)
    """By key."""
    places: dict[str, str] = field(default_factory=dict)
    """The incident of each alert, by `place_key`."""
    outdated: Sequence[str] = ()
    """Keys of places that nobody asks for any more."""
    reckon: set[str] = field(default_factory=set)
    """Incidents whose clocks are to be reckoned anew."""

    def remember(self) -> dict[str, bytes | None]:
        """What is to be stored, by key."""
        changes: dict[str, bytes | None] = {}
        for before, after in self.incidents.values():
            changes[INCIDENT + after.id] = encode(after)
            if before is not None and before.is_open and open_key(before) != open_key(after):
                changes[open_key(before)] = None
            if after.is_open and (before is None or open_key(before) != open_key(after)):
                changes[open_key(after)] = b""
            if before is not None and waits(before) and not waits(after):
                changes[unseen_key(before)] = None
            if waits(after) and not (before is not None and waits(before)):
                changes[unseen_key(after)] = b""
            if moves_escalation(before, after):
                changes[ESCALATE + after.id] = b""
        for key, entries in self.links.items():
            changes[LINK + key] = _encoded(entries) if entries else None
        changes |= dict.fromkeys(self.outdated)
        changes |= {ALERT + key: number.encode() for key, number in self.places.items()}
        for number in self.reckon:
            changes[RECKON + number] = b""
        return changes


class IncidentBook:
    """See the page."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self._incidents: KeptValues[Incident | None] = KeptValues(self._read_incident, MOST_INCIDENTS)
        self._links: KeptValues[Entries] = KeptValues(self._read_entries, MOST_LINKS)
        self._places: KeptValues[str] = KeptValues(self._read_place, MOST_LINKS)
        self._cleared: date | None = None
        """The day on which the last outdated place was forgotten."""
        self.damaged: set[str] = set()
        """Incidents that alerts would have joined, and that cannot be read."""
        self.changes = 0
        """How often something was stored: who waits for that reads it without a lock."""

    def incident(self, number: str) -> Incident | None:
        """Raises ValueError for one that is damaged."""
        return self._incidents.get(number)

    def readable(self, number: str) -> Incident | None:
        """None also for one that is damaged: no alert waits for its repair."""
        try:
            return self.incident(number)
        except ValueError as error:
            if number not in self.damaged:
                log.error("an incident cannot be read", incident=number, reason=str(error)[:300])
            self.damaged.add(number)
            return None

    def set_aside(self, numbers: Iterable[str]) -> dict[str, bytes | None]:
        """What is to be stored before incidents are opened that are there and cannot be read; mostly nothing."""
        changes: dict[str, bytes | None] = {}
        for number in self.damaged.intersection(numbers):
            changes[DAMAGED + number] = self._stored(INCIDENT + number)
            old = [*self._stored.keys(OPEN), *self._stored.keys(UNSEEN)]
            changes |= dict.fromkeys(key for key in old if key.endswith(f"/{number}"))
        return changes

    def entries(self, key: str) -> Entries:
        """Where a link leads. `key`: see `link_key`."""
        return self._links.get(key)

    def recall(self, key: str) -> bytes | None:
        """What else is stored under a key; it is never changed by a batch."""
        return self._stored(key)

    def place(self, key: str) -> str:
        """The incident of an alert; empty where none is known. `key`: see `place_key`."""
        return self._places.get(key)

    def outdated_places(self, today: date) -> list[str]:
        """Keys that may be forgotten; looked for once a day, and again while there are many."""
        if self._cleared == today:
            return []
        found = outdated(self._stored.keys, today)
        self._cleared = today if len(found) < TOGETHER else None
        return found

    def advance(self, change: BookChange) -> Callable[[], None]:
        """These count from now on; returns what takes that back."""
        incidents = self._incidents.change({number: after for number, (_, after) in change.incidents.items()})
        links = self._links.change(change.links)
        places = self._places.change(change.places)

        def take_back() -> None:
            places()
            links()
            incidents()

        return take_back

    def settle(self) -> None:
        """Everything that advanced is stored."""
        self._incidents.settle()
        self._links.settle()
        self._places.settle()
        self.changes += 1

    def forget(self) -> None:
        """Read everything again: what was changed may not have been stored."""
        self._incidents.forget()
        self._links.forget()
        self._places.forget()

    def ids(self) -> list[str]:
        """Of all incidents there ever were."""
        return [key.removeprefix(INCIDENT) for key in self._stored.keys(INCIDENT)]

    def open_ids(self) -> list[str]:
        return [key.rsplit("/", 1)[1] for key in self._stored.keys(OPEN)]

    def _read_incident(self, number: str) -> Incident | None:
        data = self._stored(INCIDENT + number)
        return decode(data) if data is not None else None

    def _read_place(self, key: str) -> str:
        return placed(self._stored, key)

    def _read_entries(self, key: str) -> Entries:
        data = self._stored(LINK + key)
        try:
            return tuple(
                LinkEntry(str(number), int(first), int(last)) for number, first, last in orjson.loads(data or b"[]")
            )
        except (ValueError, TypeError) as error:
            log.error("a link to incidents cannot be read, and begins again", link=key, reason=str(error)[:300])
            return ()


def link_key(origin: Origin, link: str) -> str:
    """32 hexadecimal digits: whom an incident is about is not to be read off a key."""
    return hashlib.blake2b(f"{origin}\n{link}".encode(), digest_size=16).hexdigest()


def open_key(incident: Incident) -> str:
    return f"{OPEN}{incident.origin}/{incident.state}/{incident.level}/{incident.id}"


def readable_incident(recall: Stored, number: str) -> Incident | None:
    """As it is stored; None also for one that is damaged, whose damage is a problem of its own."""
    data = recall(INCIDENT + number)
    try:
        return decode(data) if data is not None else None
    except ValueError:
        return None


def waits(incident: Incident) -> bool:
    """Whether somebody should acknowledge it: a candidate alarms nobody."""
    return incident.is_open and incident.state != "candidate" and not incident.is_acknowledged


ESCALATION_DEPENDS_ON = (
    *("state", "level", "acknowledged_at", "assignee", "snoozed_until", "has_clocks"),
    *("comments", "decisions", "anchors", "facts", "settlements"),
)
"""Of an incident: the second line is what shows that somebody works on it."""


def moves_escalation(before: Incident | None, after: Incident) -> bool:
    """Whether somebody may have to be told of it, or no longer. A candidate alarms nobody."""
    if after.state == "candidate" and (before is None or before.state == "candidate"):
        return False
    return before is None or any(getattr(before, name) != getattr(after, name) for name in ESCALATION_DEPENDS_ON)


def unseen_key(incident: Incident) -> str:
    """In the order in which they were opened."""
    return f"{UNSEEN}{incident.origin}/{int(incident.opened_at.timestamp() * 1000):016d}/{incident.id}"


def with_entry(entries: Entries, entry: LinkEntry) -> Entries:
    """The entries with one more, or with newer times of one; the newest evidence first."""
    older = [known for known in entries if known.incident != entry.incident]
    return tuple(sorted([entry, *older], key=lambda known: -known.last)[:ENTRIES])


def _encoded(entries: Sequence[LinkEntry]) -> bytes:
    return orjson.dumps([[entry.incident, entry.first, entry.last] for entry in entries])
