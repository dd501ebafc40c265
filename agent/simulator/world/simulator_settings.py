"""What a simulated org is to be like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from agent.simulator.world.faults import Faults
from agent.simulator.world.stream_faults import StreamFaults

PEOPLE = 120

LoginHeader = Literal["latest", "2023", "2022", "mixed"]


def _real_time() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class OutboundSettings:
    """Where the org's outbound messages go."""

    endpoint: str
    """An https URL."""
    ca: Path
    """The authority that signed the endpoint's certificate (PEM)."""
    kept: timedelta = timedelta(hours=24)
    """How long one is tried again before it is dropped."""
    twice: bool = False
    """Send each once more after it was acknowledged, which Salesforce does now and then."""

    def __post_init__(self) -> None:
        if not self.endpoint.startswith("https://"):
            raise ValueError(f"outbound messages go over https only, not to {self.endpoint!r}")


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """One org. Everything is reproducible from `seed`, `now` at the start and these settings."""

    folder: Path
    """Certificates, keys, log files and the truth file go here; made if missing. Use a new one for each org."""
    port: int = 0
    """0: any free one."""
    pubsub_port: int = 0
    """Of the Pub/Sub API; 0: any free one."""
    keep_alive: timedelta = timedelta(seconds=270)
    """How long a stream of the Pub/Sub API is silent at most; its other waits are scaled with it (real time)."""
    seed: int = 7
    history: timedelta = timedelta(hours=24)
    """The org begins to exist this long before `now`, on the hour; it has no events from before."""
    rows_per_day: int = 120_000
    """About how many rows a weekday has."""
    scenarios: Sequence[str] | None = None
    """Names of the leaks to plant; None: all but the campaigns; empty: none."""
    event_types: Sequence[str] | None = None
    """Only these have traffic; None: all that there are."""
    people: int = PEOPLE
    """How many persons work there, beside administrators and integrations."""
    delay: tuple[timedelta, timedelta] = (timedelta(hours=3), timedelta(hours=6))
    """An hourly file is made this long after its hour began, drawn between the two, never before the hour is over.
    (0, 0): as soon as it is over, late increments within the minute after, so that everything is there at once."""
    late_share: float = 0.06
    """The share of hourly files that get a late increment; some get two, and some repeat rows."""
    daily_files: bool = True
    """Whether there are daily files, too; without them an org is made in half the time."""
    live: bool = False
    """Real-time events happen as the org's clock goes on. Else they end at the start, and what `advance` moves on by brings
    more; log files are made either way, unless `history_only`."""
    speed: float = 1.0
    """How many times faster than `now` the org's clock runs from the start on."""
    storage_delay: timedelta = timedelta(minutes=1)
    """How long after a real-time event its object has it."""
    history_only: bool = False
    """No file is made of an hour that ends after the start, unless `Org.advance` moves on to it: all that will ever be
    there is there at once, at whatever minute the org starts."""
    awkward: bool = True
    """Sprinkle in cells that break careless readers (see awkward.py)."""
    login_header: LoginHeader = "latest"
    """Which header Login files have: 35, 28 or 26 columns, or a mixture from hour to hour."""
    unknown_column: bool = False
    """RestApi files have a column nobody has documented."""
    unknown_type: bool = False
    """There are files of an event type nobody has documented."""
    big_file_mb: int = 0
    """One further RestApi file of about this size."""
    page_rows: int = 2000
    """Records a query page holds, unless the client asks for fewer."""
    api_limit: int = 100_000
    """API calls the org may make in 24 hours."""
    session_timeout: timedelta = timedelta(hours=2)
    """Access tokens unused for this long expire (the org's clock)."""
    log_file_chunk: int = 1 << 16
    """Bytes to a chunk of a streamed log file."""
    outbound: OutboundSettings | None = None
    """None: the org sends no outbound messages."""
    faults: Faults = field(default_factory=Faults)
    stream_faults: StreamFaults = field(default_factory=StreamFaults)
    now: Callable[[], datetime] = _real_time
    """The org's clock, which `Org.advance` moves on from."""

    @property
    def keeps_machine_time(self) -> bool:
        """Whether the org's clock began as the machine's own."""
        return self.now is _real_time


_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def parse_duration(text: str) -> timedelta:
    """`24h`, `3d`, `90m` or `30s`. Raises ValueError saying what is expected."""
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isdigit():
        raise ValueError(f"{text!r} is not a duration; write a number and d, h, m or s, such as 24h")
    return timedelta(**{_UNITS[unit]: int(number)})
