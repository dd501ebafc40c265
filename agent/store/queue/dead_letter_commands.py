"""What people can do with the dead letters of one shard: look at them, have them sent again, let go of them.

One file at a time, each in one transaction with the accounts, the problem that counts the rows, and an event that
says who did it. Answers are plain JSON values in pages, for they may go through the daemon's socket.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import polars as pl

from agent.errors import Damaged, LeaklineError
from agent.model import Lane
from agent.problem import Field
from agent.store import batch_file
from agent.store.accounts import Accounts, DeliveryAccount
from agent.store.batch_file import BatchFile
from agent.store.dead_letters import DeadLetterContext
from agent.store.queue.state_stores import StateStores
from agent.store.transaction import Transaction
from agent.wording.number import counted

FILES_A_PAGE, ROWS_A_PAGE = 50, 500
BYTES_A_PAGE = 4 << 20
"""Bounds of one answer. A client takes 64 MB (`daemon.control.client.LONGEST_ANSWER`); rows grow in JSON, base64 by a third."""
MOST_REASONS = 3
"""Of each file in a list, the most frequent ones."""


class DeadLetterCommands:
    """Safe for threads."""

    def __init__(
        self, stores: StateStores, destinations: Mapping[str, Sequence[Lane]], now: Callable[[], datetime]
    ) -> None:
        """`destinations`: those that take the shard, by name to the lanes they take."""
        self._stores = stores
        self._letters = stores.dead_letters
        self._destinations = destinations
        self._accounts = Accounts(stores.state)
        self._now = now

    def list(self, start: int = 0) -> dict[str, Any]:
        """`files` from number `start` on, and `next`: where the next page begins, None at the end."""
        files = [(number, file) for number, file in self._letters.files() if number >= start]
        following = files[FILES_A_PAGE][0] if len(files) > FILES_A_PAGE else None
        return {"files": [self._summary(number, file) for number, file in files[:FILES_A_PAGE]], "next": following}

    def show(self, number: int, start: int = 0) -> dict[str, Any]:
        """`rows` of a file from row `start` on, and `next`. Raises LeaklineError for a number that no file has."""
        frame = self._load(number)
        rows: list[dict[str, Any]] = []
        size = 0
        for row in frame[start : start + ROWS_A_PAGE].iter_rows(named=True):
            size += len(row["raw"] or b"")
            # At least one row, however long: a page without any would be asked for without end.
            if rows and size > BYTES_A_PAGE:
                break
            rows.append(_readable(row))
        end = start + len(rows)
        return {"rows": rows, "next": end if end < frame.height else None}

    def replay(self, number: int, by: str) -> dict[str, Any]:
        """Have the rows of a file sent again to the destination that refused them. `by`: who says so.

        Raises LeaklineError where that is not possible, with the reason.
        """
        file = self._file(number)
        frame, context = self._load(number), self._context(number)
        self._refuse_what_cannot_be_sent(number, frame, context)
        written = self._stores.parked.write(_frames(frame["raw"]))
        try:
            with self._stores.state.transact() as transaction:
                self._check_still_there(number)
                entry = self._stores.parked.add(
                    transaction, context.destination, context.lane, written, 0, "replay", self._now()
                )
                changes = DeliveryAccount(dead_lettered=-file.rows, set_aside=file.rows)
                self._settle(transaction, number, file, context, changes, "replayed", by)
        except BaseException:
            self._stores.parked.discard(written)
            raise
        self._stores.parked.publish(entry)
        with self._stores.spool.grown:
            self._stores.spool.grown.notify_all()
        return {"number": number, "rows": file.rows, "destination": context.destination}

    def drop(self, number: int, by: str) -> dict[str, Any]:
        """Let go of a file of dead letters for good. `by`: who says so."""
        file, context = self._file(number), self._context(number)
        with self._stores.state.transact() as transaction:
            self._check_still_there(number)
            changes = DeliveryAccount(dead_lettered=-file.rows, dropped=file.rows)
            self._settle(transaction, number, file, context, changes, "dropped", by)
        return {"number": number, "rows": file.rows, "destination": context.destination}

    # Inside

    def _settle(
        self,
        transaction: Transaction,
        number: int,
        file: BatchFile,
        context: DeadLetterContext,
        changes: DeliveryAccount,
        done: str,
        by: str,
    ) -> None:
        self._letters.forget(transaction, number)
        if context.destination:
            self._accounts.add_delivery(transaction, context.destination, context.lane, changes)
        message = f"{by} {done} {counted(file.rows, 'dead letter')} of {context.subject} (file {number})"
        fields: dict[str, Field] = {
            "user.name": by,
            "leakline.rows": file.rows,
            "leakline.destination": context.destination,
        }
        self._stores.problems.announce(f"dead-letters-{done}", message, fields=fields)
        self._stores.problems.settle(context.kind, context.subject, file.rows, message)

    def _file(self, number: int) -> BatchFile:
        file = self._letters.file(number)
        if file is None:
            raise LeaklineError(
                f"there is no file of dead letters with the number {number}", hint="see `leakline dead-letters list`"
            )
        return file

    def _check_still_there(self, number: int) -> None:
        """Two people may have had the same thought."""
        self._file(number)

    def _load(self, number: int) -> pl.DataFrame:
        """The rows (`dead_letters.SCHEMA`) of a file. Raises LeaklineError for a number that no file has, and Damaged."""
        self._file(number)
        return self._letters.load(number)

    def _context(self, number: int) -> DeadLetterContext:
        try:
            return self._letters.context(number)
        except Damaged:
            return DeadLetterContext("dead-letters", "unknown")

    def _refuse_what_cannot_be_sent(self, number: int, frame: pl.DataFrame, context: DeadLetterContext) -> None:
        """Raises LeaklineError. `frame`: `dead_letters.SCHEMA`, whose `raw` is null where the row itself is lost."""
        if not context.destination:
            raise LeaklineError(
                f"the rows of file {number} never became events: they cannot be sent",
                hint="look at them with `leakline dead-letters show`, then drop them",
            )
        if frame["raw"].null_count():
            raise LeaklineError(
                f"the rows of file {number} are lost: only their numbers are known",
                hint="write the numbers down, then drop them",
            )
        if context.lane not in self._destinations.get(context.destination, ()):
            raise LeaklineError(
                f"no destination {context.destination!r} in the settings takes the lane {context.lane}"
                + (f" of {self._stores.shard}" if self._stores.shard else ""),
                hint="add it again, or drop them",
            )

    def _summary(self, number: int, file: BatchFile) -> dict[str, Any]:
        known: dict[str, Any] = {"number": number, "rows": file.rows}
        context = self._context(number)
        where = f"refused by {context.destination}" if context.destination else f"reading {context.subject}"
        where = f"lost for {context.destination}" if context.kind == "rows-lost" else where
        known |= {"destination": context.destination, "where": where}
        try:
            frame = self._letters.load(number)
        except Damaged as error:
            return known | {"time": "", "reason": str(error), "reasons": {}, "damaged": True}
        reasons = Counter(_last_line(reason) for reason in frame["reason"]).most_common(MOST_REASONS)
        return known | {
            "time": frame["time"][0].isoformat(),
            "reason": reasons[0][0],
            "reasons": dict(reasons),
            "damaged": False,
        }


def _last_line(reason: str) -> str:
    return (reason.strip() or "none").splitlines()[-1]


def _frames(kept: pl.Series) -> list[pl.DataFrame]:
    """Shaped rows of dead letters (`Binary`) in their order, as frames with the columns that each had: a line names its
    columns in the order of its frame.
    """
    rows = [row for raw in kept for row in batch_file.decode(raw)]
    return [pl.concat(alike) for _, alike in groupby(rows, key=lambda row: row.schema)]


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    """`raw` as the refused event, or the malformed record's text."""
    raw = row.pop("raw")
    row = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
    if raw is None:
        return row
    if row["destination"]:
        ((event,),) = (row.to_dicts() for row in batch_file.decode(raw))
        return row | {"event": {name: value for name, value in event.items() if value is not None}}
    try:
        return row | {"raw": raw.decode()}
    except UnicodeDecodeError:
        return row | {"raw_base64": base64.b64encode(raw).decode()}
