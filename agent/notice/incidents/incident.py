"""An incident, as it is stored: every change makes another one. Nothing of it is ever deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from pydantic import TypeAdapter

from agent.detection.sigma.rule import Level

Origin = Literal["live", "history", "drill"]
"""From where its alerts are: live collection, a backfill, a drill. They never mix."""

State = Literal[
    "candidate",
    "triage",
    "suspected",
    "confirmed",
    "contained",
    "notified",
    "not-notifiable",
    "not-a-breach",
    "closed",
    "merged",
]
"""`candidate`: no clock runs; `triage`: nobody has judged it, and its clocks run; `confirmed`: somebody is aware of a breach, or
that is presumed; the last four are ends, of which `not-notifiable` and `not-a-breach` keep their place in the register
(GDPR Art. 33(5))."""

ENDS: frozenset[State] = frozenset({"not-notifiable", "not-a-breach", "closed", "merged"})

LEVELS: tuple[Level, ...] = get_args(Level)
"""The lowest first."""

MOST_ALERT_IDS = 50
"""Ids of alerts that an incident names; `alerts` is the true number, and each alert names its incident."""
MOST_RULES = 50
MOST_COMMENTS = 200
"""The trail has those before."""


@dataclass(frozen=True, slots=True)
class RuleCount:
    """What one rule contributed."""

    name: str
    level: Level
    category: str
    alerts: int
    matches: int
    """Events that the alerts stand for, as far as they were told."""
    rows: int = 0
    """Rows that its alerts measured, each when it was raised."""
    most_rows: int = 0
    """The largest number of rows of one alert, later words about it included."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """When something happened that a period counts from."""

    time: datetime
    by: str
    """Who set it: a user's name, or `leakline`."""
    at: datetime
    """When it was set."""
    basis: str
    """On what grounds."""
    presumed: bool = False
    """Whether nobody declared it."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is known of an incident, or estimated from its events."""

    value: float | bool | str
    by: str
    at: datetime
    basis: str = ""
    estimated: bool = False
    """Whether it was counted from events; nothing that must be done depends on an estimate."""
    query: str = ""
    """With which the SIEM counts it."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """How an obligation ended."""

    end: Literal["sent", "not-applicable", "late"]
    """`late`: the deadline passed, and the reason is recorded; it can still be sent."""
    at: datetime
    """When it was sent, or when the decision counts from."""
    by: str
    recorded_at: datetime
    receipt: str = ""
    """What the recipient gave in return."""
    reason: str = ""
    approver: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A change of state."""

    state: State
    at: datetime
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """How much speaks for a leak, 0 to 100, and what."""

    value: int = 0
    reasons: tuple[str, ...] = ()
    """`+40 level high`, in the order in which they count."""


@dataclass(frozen=True, slots=True)
class Incident:
    id: str
    """`inc-` and twelve hexadecimal digits, from the first alert: the same after any restart or replay."""
    org: str
    """The organisation's id, where it is known."""
    origin: Origin
    state: State
    level: Level
    """The highest of its alerts."""
    title: str
    opened_at: datetime
    detected_at: datetime
    """When the first of its alerts was raised: the conservative clocks count from it."""
    first_event: datetime
    last_event: datetime
    """Event times of its evidence."""
    actor: str = ""
    """Whom it is about, as the alerts name them."""
    links: Sequence[str] = ()
    """By which further alerts join it."""
    rules: Mapping[str, RuleCount] = field(default_factory=dict)
    """By the rule's id."""
    alerts: int = 0
    revisions: int = 0
    """Later words about alerts that it already has: they are counted and change nothing else."""
    alert_ids: Sequence[str] = ()
    signals: tuple[str, ...] = ()
    """What its alerts have in common with leaks: names of `agent.notice.incidents.evidence`."""
    traces: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Kind to values that the alerts mention: user, name, address, object."""
    score: Score = field(default_factory=Score)
    has_clocks: bool = False
    anchors: Mapping[str, Anchor] = field(default_factory=dict)
    """By the pack's names; of `prior_stage:` anchors the settlements speak."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    settlements: Mapping[str, Settlement] = field(default_factory=dict)
    """By `regime/obligation`."""
    bases: Sequence[str] = ()
    """Digests of the packs and settings by which its clocks were ever reckoned; the first is the one it was judged by."""
    decisions: Sequence[Decision] = ()
    comments: Sequence[Comment] = ()
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    assignee: str = ""
    snoozed_until: datetime | None = None
    merged_into: str = ""
    merged_from: Sequence[str] = ()
    split_from: str = ""
    related: Sequence[str] = ()
    """Other incidents that its alerts would have fitted as well."""
    revision: int = 0
    """How many changes it has seen; with the id it names what is said of one of them."""

    @property
    def is_open(self) -> bool:
        return self.state not in ENDS

    @property
    def is_acknowledged(self) -> bool:
        return self.acknowledged_at is not None


_ADAPTER = TypeAdapter(Incident)


def encode(incident: Incident) -> bytes:
    return _ADAPTER.dump_json(incident, exclude_defaults=True)


def decode(data: bytes) -> Incident:
    """Raises ValueError for what is not an incident."""
    return _ADAPTER.validate_json(data)


def highest(*levels: Level) -> Level:
    return max(levels, key=LEVELS.index)
