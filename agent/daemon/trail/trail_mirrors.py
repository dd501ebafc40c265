"""How far destinations are with the checkpoints that were sent to them: noted after each, reported where none accepts any."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from agent.config.settings import DestinationSettings
from agent.daemon.trail.mirror_inquiry import MirrorInquiry
from agent.errors import DiskFull
from agent.status.trail import CheckpointStatus, MirrorStatus, TrailStatus
from agent.store import keys
from agent.store.problems import Problems
from agent.store.state import State
from agent.trail import mirrors
from agent.trail.checkpointer import TakenCheckpoint, newest_checkpoint
from agent.trail.mirrors import MirrorBook, SentCheckpoint, is_late, late_after, looked_at

KIND, SUBJECT = "trail-not-mirrored", "trail"
"""Of the problem that no destination accepts a checkpoint."""


class TrailMirrors:
    """Noted by one thread at a time; the status is for any."""

    def __init__(
        self,
        process: State,
        destinations: Mapping[str, bool],
        problems: Problems,
        inquiry: MirrorInquiry,
        end: Callable[[], int],
        every: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        """`destinations`: by name, whether it gets checkpoints; `end`: the number of the next batch of the lane that carries
        them.
        """
        self._process = process
        self._destinations = destinations
        self._mirroring = [name for name, mirroring in destinations.items() if mirroring]
        self._problems = problems
        self._inquiry = inquiry
        self._end = end
        self._every = every
        self._now = now
        self._started = now()

    def note(self, taken: TakenCheckpoint) -> None:
        """A checkpoint was sent. Raises StateError."""
        sent = SentCheckpoint(taken.checkpoint.size, taken.time, self._end())
        with self._process.transact() as transaction:
            book = looked_at(self._process, self._mirroring)
            mirrors.write(transaction, book.with_sent(sent))
        self._tell(book)

    def status(self) -> TrailStatus:
        """As it is now, with what destinations answered at the start."""
        return trail_status(self._process, self._destinations, self._now(), self._inquiry)

    def _tell(self, book: MirrorBook) -> None:
        if not is_late(book, self._every, self._started, self._now()):
            self._problems.over(KIND, SUBJECT, "a destination accepts checkpoints of the trail again")
            return
        minutes = late_after(self._every).total_seconds() / 60
        message = f"no destination has accepted a checkpoint of the trail for {minutes:.0f} minutes"
        with suppress(DiskFull):
            self._problems.report(KIND, SUBJECT, message)


def mirroring(destinations: Sequence[DestinationSettings]) -> dict[str, bool]:
    """By name, whether a destination gets checkpoints: they are alerts of the process."""
    return {
        destination.name: mirrors.LANE in destination.lanes and destination.takes(keys.PROCESS)
        for destination in destinations
    }


def trail_status(
    process: State, destinations: Mapping[str, bool], now: datetime, inquiry: MirrorInquiry | None = None
) -> TrailStatus:
    """`destinations`: by name, whether it gets checkpoints; `inquiry`: None where no daemon runs."""
    book = looked_at(process, [name for name, mirroring in destinations.items() if mirroring])
    newest = newest_checkpoint(process)
    taken = datetime.fromisoformat(newest["time"]) if newest else None
    return TrailStatus(
        CheckpointStatus(int(newest["size"]), taken, _age(taken, now)) if newest and taken else None,
        [_mirror(name, mirroring, book, now, inquiry) for name, mirroring in destinations.items()],
    )


def _mirror(name: str, mirroring: bool, book: MirrorBook, now: datetime, inquiry: MirrorInquiry | None) -> MirrorStatus:
    known = book.mirrors.get(name)
    sent = known.accepted if known else None
    accepted = CheckpointStatus(sent.size, sent.time, _age(sent.time, now)) if sent else None
    answer = inquiry.answers.get(name) if inquiry else None
    if answer is None:
        return MirrorStatus(name, mirroring, accepted)
    return MirrorStatus(name, mirroring, accepted, answer.inquiry, answer.reason, answer.size)


def _age(time: datetime, now: datetime) -> float:
    return round((now - time).total_seconds(), 1)
