"""What one destination takes of one shard: what waits for it there, which lanes it is stopped for, what it remembers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from agent.delivery_settings import DeliverySettings
from agent.model import Destination, Lane
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
    ) -> None:
        self.stores = stores
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
        """See `DestinationQueue.rank`, of the lanes that are open."""
        return self.queue.rank(self.stopped.open_lanes())

    def take(self) -> InFlightBatch | None:
        """The next batch of the lanes that are open."""
        return self.queue.take(self.stopped.open_lanes())

    def is_drained(self) -> bool:
        """Whether nothing waits, neither in the lanes nor beside them."""
        return not any(self.queue.pending(lane) for lane in self.lanes) and not self.queue.parked_rows()
