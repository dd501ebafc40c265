"""What one destination takes of one shard: what waits for it there, which lanes it is stopped for, what it remembers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from agent.delivery_settings import DeliverySettings
from agent.model import Destination, Lane
from agent.pipeline.pass_faults import PassFaults
from agent.store.accounts import Accounts
from agent.store.queue.destination_queue import DestinationQueue
from agent.store.queue.in_flight_batch import InFlightBatch
from agent.store.queue.state_stores import StateStores
from agent.store.queue.stopped_lanes import StoppedLanes
from agent.store.restore_detector import DeliveryMarks, RestoreDetector


class ShardFollower:
    """For the destination's loop; `queue` is safe for another thread that makes room."""

    def __init__(
        self,
        destination: Destination,
        stores: StateStores,
        settings: DeliverySettings,
        marks: DeliveryMarks,
        *,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        jitter: Callable[[], float],
    ) -> None:
        self.stores = stores
        self._monotonic = monotonic
        self._resumes = 0.0
        self._pass_name = f"delivery to {destination.name}"
        self._faults = PassFaults(stores.problems, steady=monotonic, jitter=jitter)
        self.queue = DestinationQueue(destination.name, destination.lanes, stores, now)
        self.stopped = StoppedLanes(
            destination.name, self.queue.lanes, settings.refusals, stores.state, stores.problems, monotonic
        )
        self.restore_detector = RestoreDetector(marks, destination.name, stores.state, stores.problems)
        for lane in self.queue.lanes:
            accepted = Accounts(stores.state).delivered(destination.name, lane).acknowledged
            self.restore_detector.compare(lane, self.queue.position(lane), accepted)

    @property
    def name(self) -> str:
        """Of the shard."""
        return self.stores.shard

    @property
    def lanes(self) -> Sequence[Lane]:
        """Those the destination takes, alerts first."""
        return self.queue.lanes

    def rank(self) -> int | None:
        """See `DestinationQueue.rank`, of the lanes that are open; None while it rests after a fault."""
        if self._resumes > self._monotonic():
            return None
        return self.queue.rank(self.stopped.open_lanes())

    def take(self) -> InFlightBatch | None:
        """The next batch of the lanes that are open."""
        return self.queue.take(self.stopped.open_lanes())

    def rest(self, batch: InFlightBatch, error: Exception) -> None:
        """A fault nobody expected, which is being handled, ended an attempt at the batch: the shard rests for a while, and the
        next attempt counts. Raises StateError when it cannot be noted.
        """
        self.queue.give_up(batch)
        self._resumes = self._monotonic() + self._faults.record(self._pass_name, error)

    def note_well(self) -> None:
        """A batch was sent."""
        self._faults.clear(self._pass_name)

    def is_drained(self) -> bool:
        """Whether nothing waits, neither in the lanes nor beside them."""
        return not any(self.queue.pending(lane) for lane in self.lanes) and not self.queue.parked_rows()
