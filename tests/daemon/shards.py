"""Two orgs and Leakline itself in one state directory, as a daemon has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from agent.daemon.backfill.loop import BackfillLoop
from agent.daemon.backfill.requests import BackfillRequests
from agent.daemon.commands import DaemonCommands
from agent.daemon.incidents.incident_access import desk_alone
from agent.daemon.incidents.incident_requests import IncidentRequests
from agent.daemon.notices.notice_requests import NoticeRequests
from agent.daemon.trail.trail_requests import TrailRequests
from agent.errors import FileError
from agent.model import LANES, Lane, Outcome, Rejection
from agent.pipeline.forward import Forward
from agent.store import keys
from agent.store.directory.shard_folders import shard_folder
from agent.store.directory.shard_state import ShardState
from agent.store.directory.state_directory import StateDirectory
from agent.store.queue.state_stores import StateStores
from agent.store.queue.status import Takes
from tests.pipeline.fakes import NOW, ListSource, Loops, ScriptedDestination, batch_of, ids_of
from tests.store.one_shard import OneShard


class NoRules:
    """Rules of a daemon that has none."""

    rules_loaded = 0
    problems: Sequence[FileError] = ()

    def reload(self) -> Sequence[Any]:
        return ()


@dataclass
class LoopStatus:
    """What a delivery loop says of itself."""

    name: str
    lanes: Sequence[Lane] = LANES
    stopped: Sequence[Lane] = ()

    def live_status(self) -> Mapping[str, Any]:
        return {"problem": "", "waits_until": None, "stopped": self.stopped}


class ShardOfMany(OneShard):
    """A shard of a directory that has others."""

    def __init__(self, whole: StateDirectory, shard: str) -> None:
        self.whole = whole
        ShardState.__init__(self, whole, shard, shard_folder(whole.directory, shard))


@dataclass
class Shards:
    """`loops` by shard: `acme`, `other`, and the process's own under the empty name."""

    folder: Path
    loops: dict[str, Loops] = field(init=False)
    forwards: dict[tuple[str, str], tuple[Forward, ScriptedDestination]] = field(default_factory=dict)
    """By shard and destination; `siem` takes all of them, `mine` has taken both orgs from the start."""
    cursor: int = 0

    def __post_init__(self) -> None:
        self.state = StateDirectory(self.folder / "state")
        self.loops = {name: Loops(ShardOfMany(self.state, name)) for name in ("acme", "other", keys.PROCESS)}
        for shard, name in [(shard, "siem") for shard in self.loops] + [("acme", "mine"), ("other", "mine")]:
            siem = ScriptedDestination(name)
            self.forwards[shard, name] = self.loops[shard].forward(siem), siem

    @property
    def stores(self) -> dict[str, StateStores]:
        return {name: loops.stores for name, loops in self.loops.items()}

    def read(self, shard: str, rows: int, *, malformed: int = 0) -> None:
        """Rows of a shard come in; some records are no rows."""
        rejections = tuple(
            Rejection("00D", "list", "Thing", f"{shard}.csv", number, "3 cells instead of 35", b'"a"')
            for number in range(malformed)
        )
        self.cursor += 1
        batch = batch_of(self.cursor, ids_of(0, rows), rejections=rejections)
        self.loops[shard].ingest().read(ListSource([batch], name=f"{shard}/list"))

    def send(self, shard: str, destination: str, *, refused: Sequence[int] = ()) -> None:
        """Everything that waits goes to a destination, which refuses some rows of the first chunk."""
        forward, siem = self.forwards[shard, destination]
        siem.script = [Outcome(rejected=[(row, "bad ip") for row in refused])] if refused else []
        self.loops[shard].drain(forward)

    def commands(self, *loops: LoopStatus, takes: Takes = lambda destination, shard: True) -> DaemonCommands:
        """Of a daemon over these shards, with these destinations."""
        stop = Event()
        desks = {name: desk_alone(stores, None, lambda: NOW) for name, stores in self.stores.items()}
        trail = TrailRequests(lambda: {name: stores.state for name, stores in self.stores.items()}, lambda: NOW)
        return DaemonCommands(
            self.folder,
            self.stores,
            {},
            NoRules(),
            lambda now: [],
            loops,
            takes,
            lambda _: "",
            lambda: None,
            lambda: NOW,
            BackfillRequests(BackfillLoop({}, lambda: NOW, stop), lambda: NOW, reads_live=True),
            further=[
                *trail.commands(),
                *IncidentRequests(lambda: desks, lambda: NOW).commands(),
                *NoticeRequests(IncidentRequests(lambda: desks, lambda: NOW).edits, lambda: NOW).commands(),
            ],
        )

    def close(self) -> None:
        self.state.close()


def opened(folder: Path) -> Iterator[Shards]:
    """For a fixture."""
    shards = Shards(folder)
    yield shards
    shards.close()
