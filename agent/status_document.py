"""What `leakline status --json` prints, as types: the daemon builds and encodes it, commands decode it into the same types.

Sums over all orgs and Leakline itself are at the top; `orgs` has each org's part, `own` that of Leakline itself. In JSON a
time is text (ISO 8601, UTC).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from agent.model import Lane
from agent.problem_kinds import Clears
from agent.status.api_budget import ApiBudgetStatus
from agent.status.backfill import BackfillStatus
from agent.status.completeness import DayCompleteness
from agent.status.deadlines import Deadline
from agent.status.drills import DrillsStatus
from agent.status.incidents import IncidentsStatus
from agent.status.maintenance import MaintenanceStatus
from agent.status.pause import PauseStatus
from agent.status.silence import FeedSilence
from agent.status.telling import TellingStatus
from agent.status.times import KernelClock, RowsFlagged, UtcTime
from agent.status.trail import TrailStatus

FeedState = Literal["opening", "streaming", "waiting", "refused", "withdrawn"]
"""`withdrawn`: the org has not offered it for a day, which is not a problem any more."""


@dataclass(frozen=True, slots=True)
class ReadCounts:
    """Rows of one source and event type: read = duplicate + malformed + spooled."""

    source: str
    event_type: str
    read: int = 0
    duplicate: int = 0
    malformed: int = 0
    spooled: int = 0


@dataclass(frozen=True, slots=True)
class LaneCounts:
    """Rows of one lane at one destination. All that were spooled = acknowledged + dead_lettered + filtered + set_aside +
    dropped + pending; `duplicate` and `resent` are among the acknowledged.
    """

    acknowledged: int = 0
    dead_lettered: int = 0
    filtered: int = 0
    """Of an org that the destination does not take, or from before it was added."""
    duplicate: int = 0
    resent: int = 0
    set_aside: int = 0
    dropped: int = 0
    pending: int = 0


@dataclass(frozen=True, slots=True)
class DestinationStatus:
    """One destination: the sum over everything it may be sent, and what only its running loop knows."""

    name: str
    lanes: Mapping[Lane, LaneCounts]
    """Those that it takes."""
    problem: str = ""
    """Why nothing is accepted just now; empty while all is well, and where no daemon runs."""
    waits_until: UtcTime | None = None
    stopped: Sequence[Lane] = ()
    """Lanes of which nothing more is sent, because it refused nearly everything."""


@dataclass(frozen=True, slots=True)
class ShardDelivery:
    """Of one org's rows, those of one destination."""

    name: str
    taken: bool
    """Whether the destination takes this org. If not, its rows are `filtered`."""
    lanes: Mapping[Lane, LaneCounts]


@dataclass(frozen=True, slots=True)
class ShardStatus:
    """What the state says of one org, or of Leakline itself."""

    name: str
    """The org's in the settings; empty for Leakline itself."""
    spool_bytes: int
    """Batch files that wait for destinations."""
    dead_letters: int
    """Rows."""
    balanced: bool | None
    """Whether every row is accounted for at every destination; None where it could not be counted."""
    lanes: Mapping[Lane, int]
    """Rows ever spooled."""
    destinations: Sequence[ShardDelivery]


@dataclass(frozen=True, slots=True)
class OrgStatus(ShardStatus):
    """One org."""

    org_id: str = ""
    """Empty while it is not known."""
    api_calls_used: int = 0
    api_calls_allowed: int = 0
    """Of the rolling day, as the org last said; 0 before it did, and where no daemon runs."""
    problem: str = ""
    """The kinds of its open problems; empty while there are none."""
    clock_ahead_seconds: float | None = None
    """By how much this machine's clock is ahead of the org's (negative: behind); None while it is not known."""
    clock_error_seconds: float | None = None
    """The true figure differs from it by no more than this."""
    api_budget: ApiBudgetStatus | None = None
    """Of its API calls, those that are Leakline's own; None where no daemon runs."""


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """One channel of a source that streams."""

    name: str
    state: FeedState
    problem: str = ""
    """Why its stream ended; empty where it works."""
    last_message: UtcTime | None = None
    """When anything last arrived, also only to say that nothing happened."""
    read_up_to: UtcTime | None = None
    """What happened before this was read."""
    lag_seconds: float | None = None
    """From its newest event to its arrival."""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source, as only the running daemon knows it."""

    name: str
    problem: str
    lag_seconds: float | None
    """Since its newest event."""
    last_success: UtcTime | None
    resumes_at: UtcTime | None
    """When it is read again after a rest."""
    paused: PauseStatus | None
    feeds: Sequence[FeedStatus] = ()
    """Of a source that streams: each of its channels."""


@dataclass(frozen=True, slots=True)
class ProblemStatus:
    """One open problem."""

    id: str
    """For `leakline problems acknowledge`; empty for one that is seen only from outside."""
    kind: str
    subject: str
    since: UtcTime | None
    message: str
    fix: str
    clears: Clears
    count: int = 1
    org: str = ""
    """The org's name in the settings; empty for what concerns Leakline itself."""


@dataclass(frozen=True, slots=True)
class RulesStatus:
    """`problems`: files that did not load."""

    loaded: int
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class StateStatus:
    """The state directory. Without numbers where it cannot be read."""

    directory: str
    spool_bytes: int | None = None
    dead_letters: int | None = None


@dataclass(frozen=True, slots=True)
class RowsLeftOut:
    """Matched rows that took no part in a correlation."""

    id: str
    rule: str
    reason: str
    rows: int
    org: str = ""


@dataclass(frozen=True, slots=True)
class RowsCovered:
    """Rows of log files for which rules did not alert again, because the stream had told of them."""

    event_type: str
    rows: int
    org: str = ""


@dataclass(frozen=True, slots=True)
class StatusDocument:
    """The whole of it."""

    version: str
    state: StateStatus
    running: bool
    balanced: bool | None
    """Whether every row read is accounted for; None where that could not be counted."""
    problems: Sequence[ProblemStatus]
    read: Sequence[ReadCounts] = ()
    lanes: Mapping[Lane, int] | None = None
    """Rows ever spooled; None where the state cannot be read."""
    destinations: Sequence[DestinationStatus] = ()
    orgs: Sequence[OrgStatus] = ()
    own: ShardStatus | None = None
    sources: Sequence[SourceStatus] = ()
    """Empty where no daemon runs."""
    rules: RulesStatus | None = None
    """None where no daemon runs."""
    correlations_left_out: Sequence[RowsLeftOut] = ()
    rows_covered: Sequence[RowsCovered] = ()
    rows_flagged: Sequence[RowsFlagged] = ()
    clock: KernelClock | None = None
    """None where no daemon runs."""
    completeness: Sequence[DayCompleteness] = ()
    """Of the days that are kept, the oldest first."""
    backfills: Sequence[BackfillStatus] = ()
    """The last one of each org that ever had any."""
    silences: Sequence[FeedSilence] = ()
    """Sources and feeds of which nothing or not everything comes, by their names."""
    deadlines: Sequence[Deadline] = ()
    """Of incidents, the next few."""
    incidents: IncidentsStatus | None = None
    """Open ones; None where the state cannot be read."""
    trail: TrailStatus | None = None
    """None where the state cannot be read."""
    maintenance: MaintenanceStatus | None = None
    """None while no window is open."""
    telling: TellingStatus | None = None
    """None where the settings name nobody to tell, and where no daemon runs."""
    drills: DrillsStatus | None = None
    """None where none ever ran and the settings ask for none, and where no daemon runs."""

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong now and nothing waits for a person: exit status 0."""
        return bool(self.balanced) and not self.problems


_DOCUMENT = TypeAdapter(StatusDocument)
_PROBLEM = TypeAdapter(ProblemStatus)
_SOURCES = TypeAdapter(list[SourceStatus])
_FEEDS = TypeAdapter(list[FeedStatus])


def encode(document: StatusDocument) -> dict[str, Any]:
    """The document as plain JSON values."""
    values: dict[str, Any] = _DOCUMENT.dump_python(document, mode="json")
    return values


def decode(values: Any) -> StatusDocument:
    """The document of what `encode` made. Raises ValueError for anything else: another version's, say."""
    return _DOCUMENT.validate_python(values)


def encode_problem(problem: ProblemStatus) -> dict[str, Any]:
    """As it is in the document."""
    values: dict[str, Any] = _PROBLEM.dump_python(problem, mode="json")
    return values


def decode_problem(values: Any) -> ProblemStatus:
    """Raises ValueError for what `encode_problem` did not make."""
    return _PROBLEM.validate_python(values)


def decode_sources(values: Any) -> list[SourceStatus]:
    """Of plain JSON values. Raises ValueError."""
    return _SOURCES.validate_python(values)


def encode_feeds(feeds: Iterable[FeedStatus]) -> list[dict[str, Any]]:
    """As they are in the document."""
    values: list[dict[str, Any]] = _FEEDS.dump_python(list(feeds), mode="json")
    return values


def status_schema() -> dict[str, Any]:
    """The JSON schema of the document."""
    return _DOCUMENT.json_schema(mode="serialization")
