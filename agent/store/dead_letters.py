"""Rows that could not be read, processed or delivered: kept whole, with the reason, until somebody decides.

A dead-letter frame has the columns of `SCHEMA`. `reason` may be what the other side said: it is redacted here, for all
who write dead letters. `raw` holds a refused or poisonous row as a batch file of one row (so that it can be sent again
as it was), a malformed record as the bytes that were read, and nothing (null) for a row that was lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import orjson
import polars as pl

from agent.columns.frame_parts import FrameParts
from agent.columns.timestamp import TIME
from agent.model import Lane, Rejection
from agent.redaction.redaction import redact
from agent.store import batch_file, keys
from agent.store.batch_file import BatchFile
from agent.store.origin import Origin
from agent.store.state import State
from agent.store.transaction import Transaction

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "time": TIME,
    "destination": pl.String,
    "lane": pl.String,
    "org": pl.String,
    "source": pl.String,
    "event_type": pl.String,
    "input": pl.String,
    "row": pl.Int64,
    "event_id": pl.String,
    "reason": pl.String,
    "raw": pl.Binary,
}


@dataclass(frozen=True, slots=True)
class DeadLetterContext:
    """Whose rows a file of dead letters holds, and which open problem counts them."""

    kind: str
    """A key of `problem.KINDS`."""
    subject: str
    destination: str = ""
    """Who refused them or never got them; empty for rows that could not be read."""
    lane: Lane = "events"


class DeadLetters:
    """Those of one shard, in files numbered from 0."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._batches = state.batches("dead-letters")
        named = frozenset(file.name for _, file in self.files())
        self._batches.clear({"dead": self._next()}, named)

    def write(self, frame: pl.DataFrame) -> BatchFile:
        """Bring dead letters (`SCHEMA`) to disk. Raises DiskFull."""
        return self._batches.hold([frame], "dead", self._next())

    def discard(self, file: BatchFile | None) -> None:
        """Remove a written file whose transaction did not happen."""
        if file is not None:
            self._batches.discard(file)

    def name(self, transaction: Transaction, file: BatchFile, context: DeadLetterContext | None = None) -> None:
        """Make a written file count, with the transaction. `context`: what else its rows say."""
        sequence = self._next()
        self._batches.put(transaction, file)
        transaction.set(keys.DEAD_LETTERS.key(sequence), file.encode())
        if context is not None:
            self.note_context(transaction, sequence, context)
        transaction.set(keys.NEXT_DEAD_LETTERS.prefix, sequence + 1)

    def note_context(self, transaction: Transaction, number: int, context: DeadLetterContext) -> None:
        transaction.set(keys.DEAD_LETTER_CONTEXT.key(number), orjson.dumps(asdict(context)))

    def is_reported(self, number: int) -> bool:
        """Whether a problem counts its rows; a recovery takes in files of which none does."""
        return self._state.data(keys.DEAD_LETTER_CONTEXT.key(number)) is not None

    def count(self) -> int:
        return sum(file.rows for _, file in self.files())

    def files(self) -> list[tuple[int, BatchFile]]:
        """(file number, file) of everything kept, oldest first."""
        stored = self._state.keys(keys.DEAD_LETTERS.prefix)
        return [(int(keys.DEAD_LETTERS.rest(key)), BatchFile.decode(self._state.data(key) or b"")) for key in stored]

    def file(self, number: int) -> BatchFile | None:
        data = self._state.data(keys.DEAD_LETTERS.key(number))
        return BatchFile.decode(data) if data else None

    def context(self, number: int) -> DeadLetterContext:
        """Raises Damaged for a file that a recovery took in and that cannot be read: only its rows say whose they are."""
        data = self._state.data(keys.DEAD_LETTER_CONTEXT.key(number))
        if data is not None:
            return DeadLetterContext(**orjson.loads(data))
        first = self.load(number).row(0, named=True)
        lane: Lane = "alerts" if first["lane"] == "alerts" else "events"
        return DeadLetterContext("dead-letters", first["destination"] or first["source"], first["destination"], lane)

    def load(self, number: int) -> pl.DataFrame:
        """The rows (`SCHEMA`) of a file. Raises Damaged, and KeyError for a number that no file has."""
        file = self.file(number)
        if file is None:
            raise KeyError(number)
        return self._batches.read(file)[0]

    def read(self) -> Iterator[tuple[int, pl.DataFrame]]:
        """(file number, frame) of everything kept, oldest first. Raises Damaged."""
        for number, file in self.files():
            yield number, self._batches.read(file)[0]

    def forget(self, transaction: Transaction, number: int) -> None:
        """Its rows are replayed or dropped."""
        file = self.file(number)
        transaction.delete(keys.DEAD_LETTERS.key(number))
        transaction.delete(keys.DEAD_LETTER_CONTEXT.key(number))
        if file is not None:
            self._batches.delete(transaction, file)

    def _next(self) -> int:
        return self._state.number(keys.NEXT_DEAD_LETTERS.prefix)


def letters_of_rejections(rejections: Iterable[Rejection], now: datetime) -> pl.DataFrame:
    """Dead letters for what could not be read."""
    return _frame(
        {
            "time": now,
            "destination": "",
            "lane": "events",
            "org": r.org,
            "source": r.source,
            "event_type": r.event_type,
            "input": r.input,
            "row": r.row,
            "event_id": None,
            "reason": r.reason,
            "raw": r.raw,
        }
        for r in rejections
    )


def letters_of_refusals(
    destination: str, lane: Lane, rows: FrameParts, reasons: Sequence[tuple[int, str]], now: datetime
) -> pl.DataFrame:
    """Dead letters for shaped `rows` that a destination refused: (number, reason) pairs."""
    return _frame(
        {
            "time": now,
            "destination": destination,
            "lane": lane,
            "org": _cell(row, "organization.id"),
            "source": _cell(row, "leakline.service") or _cell(row, "event.dataset"),
            "event_type": _cell(row, "event.provider"),
            "input": "",
            "row": number,
            "event_id": _cell(row, "event.id"),
            "reason": reason,
            "raw": bytes(batch_file.encode([row])),
        }
        for number, reason in reasons
        for row in [rows.row(number)]
    )


def letters_of_lost_rows(
    destination: str, lane: Lane, origin: Origin | None, rows: pl.Series, reason: str, now: datetime
) -> pl.DataFrame:
    """Dead letters without content, for rows nobody has any more. `rows`: `Int64`, their numbers in the input."""
    return _frame(
        {
            "time": now,
            "destination": destination,
            "lane": lane,
            "org": origin.org if origin else "",
            "source": origin.service if origin else "",
            "event_type": origin.event_type if origin else "",
            "input": origin.input if origin else "",
            "row": row,
            "event_id": None,
            "reason": reason,
            "raw": None,
        }
        for row in rows
    )


def _cell(row: pl.DataFrame, column: str) -> str:
    """A cell of a shaped row as text; empty for a null, and for a column that it does not have."""
    return str(row[column][0] or "") if column in row.columns else ""


def _frame(rows: Iterable[dict[str, object]]) -> pl.DataFrame:
    """Dead letters (`SCHEMA`), a row each, with their reasons redacted."""
    kept = list(rows)
    clean = {reason: redact(str(reason)) for reason in {row["reason"] for row in kept}}  # many rows, few reasons
    return pl.DataFrame([{**row, "reason": clean[row["reason"]]} for row in kept], schema=SCHEMA)
