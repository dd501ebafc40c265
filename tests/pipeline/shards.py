"""Several shards in one state directory, and destinations that follow some of them, run by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from agent.delivery_settings import DeliverySettings
from agent.model import LANES, Destination, Lane
from agent.pipeline.forward import Forward
from agent.pipeline.shared_lines import SharedLines
from agent.status_document import StatusDocument
from agent.store.accounts import Accounts
from agent.store.directory.state_directory import StateDirectory
from agent.store.keys import PROCESS
from agent.store.queue.removed_destinations import drop_removed
from agent.store.queue.shards import open_shards
from agent.store.queue.state_stores import StateStores
from agent.store.queue.status import counted_status
from tests.pipeline.fakes import NOW, frame_of


class Shards:
    """Those of some orgs, and the process's."""

    def __init__(self, directory: Path, *orgs: str) -> None:
        self.directory, self.orgs = directory, orgs
        self.stop = threading.Event()
        self.time = 0.0
        """Seconds by the clock that does not jump."""
        self._forwards: list[tuple[Forward, DeliverySettings]] = []
        self._open()

    def _open(self) -> None:
        self._state = StateDirectory(self.directory)
        self.stores: Mapping[str, StateStores] = open_shards(self._state, self.orgs, lambda: NOW)

    def close(self) -> None:
        self._state.close()

    def restart(self) -> None:
        """As another process; destinations have to follow anew."""
        self.close()
        self._forwards = []
        self._open()

    def follow(self, destination: Destination, settings: DeliverySettings | None = None) -> Forward:
        """The loop of a destination, over the shards that its settings take."""
        settings = settings or DeliverySettings()
        forward = Forward(
            destination,
            [stores for name, stores in self.stores.items() if settings.takes(name)],
            SharedLines(),
            problems=self.stores[PROCESS].problems,
            now=lambda: NOW,
            stop=self.stop,
            settings=settings,
            jitter=lambda: 0.0,
            monotonic=lambda: self.time,
        )
        self._forwards.append((forward, settings))
        return forward

    def drop_removed(self) -> None:
        """What waits for destinations that do not follow a shard any more, as a start does."""
        for name, stores in self.stores.items():
            named = [(forward.name, lane) for forward, takes in self._forwards if takes.takes(name) for lane in LANES]
            drop_removed(stores, named)

    def put(self, shard: str, lane: Lane, ids: Sequence[str]) -> None:
        """Commit a batch."""
        stores = self.stores[shard]
        written = [stores.spool.write(lane, [frame_of(ids)])]
        with stores.state.transact() as transaction:
            entries = stores.spool.name(transaction, written)
            Accounts(stores.state).add_spooled(transaction, lane, len(ids))
        stores.spool.publish(entries, written)

    def lose(self, shard: str, lane: Lane, sequence: int) -> None:
        """Remove a batch's file behind everybody's back; from the next restart on it is missed."""
        entry = self.stores[shard].spool.entry(lane, sequence)
        assert entry is not None
        (path,) = self.directory.rglob(entry.file.name)
        path.unlink()

    def drain(self, *forwards: Forward) -> None:
        for forward in forwards or [forward for forward, _ in self._forwards]:
            while not self.stop.is_set() and forward.forward():
                pass

    def problems(self, shard: str) -> list[str]:
        """The kinds of a shard's open problems."""
        return [problem.kind for problem in self.stores[shard].problems.open()]

    def status(self) -> StatusDocument:
        """As the state has it, for the destinations that follow."""
        takes: dict[str, Callable[[str], bool]] = {forward.name: settings.takes for forward, settings in self._forwards}
        lanes = {forward.name: forward.lanes for forward, _ in self._forwards}
        return counted_status(self.directory, self.stores, lanes, lambda name, shard: takes[name](shard))
