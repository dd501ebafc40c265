"""The loop that has damaged batches fetched again from where they were read.

Each lost row arrives once, under the id it had: the batch made anew must have the ids of the lost one, row for row,
and goes only to those destinations that lack it. What cannot be had again is a dead letter without content.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

import polars as pl
import structlog

from agent.errors import DiskFull, Gone, SourceError, StateDamaged
from agent.model import Batch
from agent.source import FetchesAgain
from agent.store.accounts import Accounts, DeliveryAccount
from agent.store.batch_file import BatchFile
from agent.store.dead_letters import DeadLetterContext, letters_of_lost_rows
from agent.store.origin import Origin, digest
from agent.store.queue.repairs import Damage, Share
from agent.store.queue.state_stores import StateStores
from agent.wording.number import counted

log = structlog.get_logger()

SHORTEST_PAUSE, LONGEST_PAUSE = 30.0, 3600.0
"""Seconds between two attempts at one input, doubling from the one to the other."""
GIVE_UP_AFTER = timedelta(days=3)
"""An org that cannot be asked for so long keeps its files hardly longer (hourly ones a day, daily ones 30)."""


class Repair:
    """One for all sources of a shard."""

    def __init__(
        self,
        stores: StateStores,
        shaped: Callable[[Batch], pl.DataFrame],
        sources: Mapping[str, FetchesAgain],
        *,
        now: Callable[[], datetime],
        stop: threading.Event,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`sources`: by their names; `shaped`: a batch as it is sent, without detection: its alerts went out the first time."""
        self._state, self._repairs, self._parked = stores.state, stores.repairs, stores.parked
        self._dead_letters, self._problems = stores.dead_letters, stores.problems
        self._shaped = shaped
        self._sources = sources
        self._accounts = Accounts(stores.state)
        self._now = now
        self._stop = stop
        self._monotonic = monotonic
        self._waits: dict[tuple[str, str], tuple[float, float]] = {}
        """Source and input, to (when to try again, by the monotonic clock, and the pause after that)."""

    @property
    def pending(self) -> bool:
        """Whether there may be something to repair; costs nothing while there is not."""
        return self._repairs.pending

    def attempt(self) -> None:
        """Try everything that is due, each input once."""
        damages = sorted(self._repairs.all(), key=_input)
        self._waits = {key: wait for key, wait in self._waits.items() if key in set(map(_input, damages))}
        for key, group in groupby(damages, _input):
            if self._stop.is_set():
                return
            if self._waits.get(key, (0.0, 0.0))[0] <= self._monotonic():
                try:
                    self._settle(key, list(group))
                except DiskFull as error:
                    self._wait(key, str(error))

    def _settle(self, key: tuple[str, str], damages: Sequence[Damage]) -> None:
        try:
            source = self._sources.get(key[0])
            if source is None:
                raise Gone("its rows cannot be read again from any source")
            origins = [damage.origin for damage in damages if damage.origin]
            batches = source.fetch_again(key[1], [origin.numbers() for origin in origins], self._stop)
            for damage, batch, origin in zip(damages, batches, origins, strict=True):
                self._restore(damage, batch, origin)
        except Gone as error:
            self._give_up(damages, str(error))
        except SourceError as error:
            self._put_off(key, damages, str(error))
        except (DiskFull, MemoryError, StateDamaged):
            raise
        except Exception:  # noqa: BLE001 - a daemon must not end again and again over rows that are lost already
            self._put_off(key, damages, traceback.format_exc(limit=-4))

    def _put_off(self, key: tuple[str, str], damages: Sequence[Damage], reason: str) -> None:
        overdue = [damage for damage in damages if self._now() - damage.since > GIVE_UP_AFTER]
        self._give_up(overdue, f"its source did not answer for three days: {reason}")
        if not self._stop.is_set():
            self._wait(key, reason)

    def _wait(self, key: tuple[str, str], reason: str) -> None:
        pause = min(LONGEST_PAUSE, max(SHORTEST_PAUSE, self._waits.get(key, (0.0, 0.0))[1]))
        log.warning("damaged batches are not restored yet", source=key[0], reason=reason, seconds=pause)
        self._waits[key] = (self._monotonic() + pause, 2 * pause)

    def _restore(self, damage: Damage, batch: Batch, origin: Origin) -> None:
        """Put the batch made anew into the queues of those that lack it. Raises DiskFull."""
        frame = self._shaped(batch) if batch.frame.height == damage.file.rows else batch.frame
        if frame.height != damage.file.rows or digest(frame["event.id"]) != origin.ids:
            self._give_up([damage], f"{batch.event_type} {batch.input} has other rows now")
            return
        files: list[BatchFile] = []
        try:
            for _ in damage.shares:
                files += [self._parked.write([frame], [origin])]
            with self._state.transact() as transaction:
                entries = [
                    self._parked.add(
                        transaction, share.destination, damage.lane, file, share.row, "repair", self._now()
                    )
                    for share, file in zip(damage.shares, files, strict=True)
                ]
                self._repairs.finish(transaction, damage)
        except BaseException:
            self._parked.discard(*files)
            raise
        self._parked.publish(*entries)
        log.info(
            "batch restored", rows=frame.height, input=origin.input, destinations=[s.destination for s in damage.shares]
        )

    def _give_up(self, damages: Sequence[Damage], reason: str) -> None:
        for damage in damages:
            files = [self._dead_letters.write(_lost(damage, share, reason, self._now())) for share in damage.shares]
            try:
                with self._state.transact() as transaction:
                    for share, file in zip(damage.shares, files, strict=True):
                        self._report(damage, share, reason)
                        account = DeliveryAccount(dead_lettered=file.rows, set_aside=-file.rows)
                        self._accounts.add_delivery(transaction, share.destination, damage.lane, account)
                        context = DeadLetterContext("rows-lost", share.destination, share.destination, damage.lane)
                        self._dead_letters.name(transaction, file, context)
                    self._repairs.finish(transaction, damage)
            except BaseException:
                for file in files:
                    self._dead_letters.discard(file)
                raise

    def _report(self, damage: Damage, share: Share, reason: str) -> None:
        origin, rows = damage.origin, damage.file.rows - share.row
        whence = f"{origin.event_type} {origin.input}" if origin else f"the lane {damage.lane}"
        message = f"{counted(rows, 'row')} of {whence} never reached {share.destination}: {damage.reason}, and {reason}"
        org = origin.org if origin else ""
        self._problems.report("rows-lost", share.destination, message, count=rows, org=org)


def _input(damage: Damage) -> tuple[str, str]:
    origin = damage.origin
    return (origin.source, origin.again) if origin else ("", "")


def _lost(damage: Damage, share: Share, reason: str, now: datetime) -> pl.DataFrame:
    """Dead letters for the rows of a share, which nobody has any more."""
    origin = damage.origin
    numbers = origin.numbers() if origin else pl.int_range(1, damage.file.rows + 1, eager=True)
    return letters_of_lost_rows(
        share.destination, damage.lane, origin, numbers[share.row :], f"lost: {damage.reason}; {reason}", now
    )
