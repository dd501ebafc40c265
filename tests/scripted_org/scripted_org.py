"""The simulated org with log files that a test gives it one by one, and with answers that no org should give.

Protocols, SOQL, tokens and certificates are the simulator's; what stands here is only what a faithful org cannot do:
files of a test's own making, records that lie, bodies in any encoding, answers that are nonsense or never end.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from agent.simulator.log_files.log_file import LogFile
from agent.simulator.org.simulated_org import SimulatedOrg
from agent.simulator.records.record_kind import FieldType
from agent.simulator.world.columns import Layout
from agent.simulator.world.faults import Faults
from agent.simulator.world.simulator_settings import SimulatorSettings

API_LIMIT = 100_000
"""API calls of a day, unless a test says otherwise by the fault `limit_after`."""

Scripted = tuple[Any, ...]
"""Status, JSON or bytes, and perhaps headers."""


def csv_of(event_type: str, rows: list[list[str]], columns: str = "TIMESTAMP,USER_ID,URI") -> bytes:
    """A log file in Salesforce's dialect."""
    lines = [["EVENT_TYPE", *columns.split(",")], *([event_type, *row] for row in rows)]
    return "".join(",".join('"' + c.replace('"', '""') + '"' for c in line) + "\n" for line in lines).encode()


@dataclass
class ScriptedFile:
    """A log file of the org. `visible_at`: when queries begin to return it."""

    id: str
    created: dt.datetime
    log_date: dt.datetime
    body: bytes
    event_type: str = "Login"
    interval: str = "Hourly"
    sequence: int = 1
    length: int | None = None
    visible_at: dt.datetime | None = None

    def listed(self) -> LogFile:
        """As the simulator's queries see it; its body is not on disk."""
        length = len(self.body) if self.length is None else self.length
        created, visible = _milliseconds(self.created), _milliseconds(self.visible_at or self.created)
        return LogFile(
            self.id, self.event_type, self.interval, _milliseconds(self.log_date), self.sequence, created, visible,
            version=1, path=Path(), length=length, rows=0, layout=Layout((), ()),
        )  # fmt: skip


def _milliseconds(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)


class ScriptedOrg(SimulatedOrg):
    """What the server answers from; tests change it at will. `clock` is the org's."""

    def __init__(self, folder: Path, clock: Callable[[], dt.datetime], seed: int = 7) -> None:
        """`seed`: orgs with other seeds have other ids."""
        self.clock = clock
        self.url = ""
        """Where it answers, once it does."""
        super().__init__(
            SimulatorSettings(
                folder=folder,
                seed=seed,
                history=dt.timedelta(),
                event_types=(),
                scenarios=(),
                people=10,
                daily_files=False,
                api_limit=API_LIMIT,
                now=lambda: self.clock(),
            )
        )
        self.begin_anew(clock)

    def begin_anew(self, clock: Callable[[], dt.datetime]) -> None:
        """Without files, counters, faults and scripted answers."""
        self.clock = clock
        self.calls = Counter()
        self.api_calls = 0
        self.faults = Faults()
        self.files: list[ScriptedFile] = []
        self.page = 2000
        """Records of a page."""
        self.gzip = True
        """Whether log files are compressed for those who take it."""
        self.queries: list[str] = []
        """SOQL that was asked, in order."""
        self.forms: list[dict[str, str]] = []
        """Fields of the token requests, in order."""
        self.token_error: Scripted | None = None
        """What the token endpoint answers instead."""
        self.token_extra: dict[str, Any] = {}
        """What a token answer says otherwise."""
        self.status: dict[str, Scripted] = {}
        """What is answered instead, by the kind of call (query, describe, limits, userinfo), `listing` for queries by time
        of creation, or a file's id."""
        self.odd: dict[str, Any] = {}
        """A record's id, or its RequestIdentifier where it has none, to what is listed otherwise of it, or to what stands in
        its place."""
        self.bodies: dict[str, tuple[bytes, str]] = {}
        """File id to the bytes and the Content-Encoding that are sent in place of its own."""
        self.held: dict[str, Event] = {}
        """Kind of call (query, describe, …; `listing`) to what must happen before it is answered."""
        self.stuck: set[str] = set()
        """What is answered a byte in five seconds: token, listing, log_file."""
        self.is_stuck = threading.Event()
        """Set once a call got such an answer."""
        self.cut_at: dict[str, int] = {}
        """File id to the bytes, as sent, after which its transfer breaks off."""
        self.end_at: dict[str, int] = {}
        """The same, but with a clean end."""
        self.drip: dict[str, float] = {}
        """File id to the seconds between two bytes."""
        self.objects: dict[str, list[dict[str, Any]]] = {}
        """Object name to its records, in place of the simulated ones; related fields under their path."""
        self.tables: dict[str, dict[str, FieldType]] = {}
        """Objects that the simulated org does not have, with their fields; their records are in `objects`."""
        self.stale_locators = 0
        """How many pages after the first are refused."""

    def log_files(self) -> list[LogFile]:
        """The files that queries can show now; nothing is kept from them for its age."""
        now = _milliseconds(self.now())
        listed = [file.listed() for file in self.files]
        kinds = ("Daily",) if self.faults.no_hourly else ("Daily", "Hourly")
        return [file for file in listed if file.visible <= now and file.interval in kinds]

    def file(self, ident: str) -> ScriptedFile:
        """The file with this id."""
        return next(file for file in self.files if file.id == ident)
