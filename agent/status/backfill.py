"""What of the status document is about backfills: what one costs, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import PlainSerializer

UtcTime = Annotated[datetime, PlainSerializer(lambda time: time.isoformat(), return_type=str)]

BackfillState = Literal["running", "paused", "failing", "stopped", "finished"]
"""`paused`: it waits on purpose; `failing`: the org refuses or does not answer, and is asked again; `stopped`: by a person."""


@dataclass(frozen=True, slots=True)
class FeedCost:
    """What reading the past of one object, or of all log files, takes."""

    source: str
    """The type of the source in the settings."""
    name: str
    """The object, the event, or `EventLogFile`."""
    calls: int = 0
    rows: int = 0
    basis: str = ""
    """How the rows are known: `counted`, or how they are estimated."""
    oldest: UtcTime | None = None
    """The oldest that the org has; None where it has nothing, or cannot say."""
    until: UtcTime | None = None
    """From when on live collection has it: it is read up to there at most."""
    note: str = ""
    """Why nothing of it is read."""
    is_empty: bool = False
    """Whether it is known that nothing is there, so that nothing is asked."""


@dataclass(frozen=True, slots=True)
class BackfillCost:
    """What a backfill of one org takes."""

    org: str
    since: UtcTime
    until: UtcTime
    feeds: Sequence[FeedCost]
    calls: int
    rows: int
    asked: int
    """API calls that finding this out took."""
    allowed: int
    """API calls of a day that a backfill may use; 0 where the org has not said what it allows."""
    used: int
    """Of the org's allowance, in the rolling day, by whomever."""
    seconds: float
    """About how long it takes, without waiting for the allowance."""
    days: int
    """In how many days the allowance lets it end; 1: at once."""


@dataclass(frozen=True, slots=True)
class BackfillStatus:
    """The last backfill of one org."""

    org: str
    state: BackfillState
    since: UtcTime
    until: UtcTime
    day: UtcTime | None
    """Up to when everything is read."""
    rows: int
    rows_expected: int
    """As announced."""
    calls: int
    calls_expected: int
    reason: str = ""
    """Why it is paused, or failing."""
    rows_per_second: float | None = None
    """Of the last minute; None where nobody measures."""
    seconds_left: float | None = None
