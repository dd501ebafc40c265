"""Rows that could not be read, processed or delivered: kept whole, with the reason, until somebody decides.

A dead-letter frame has the columns of `SCHEMA`. `reason` may be what the other side said: it is redacted here, for all
who write dead letters. `raw` holds a refused or poisonous row as a one-row Arrow IPC file (so that it can be sent again
as it was), a malformed record as the bytes that were read, and nothing (null) for a row that was lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import orjson
import polars as pl

from agent.columns.timestamp import TIME
from agent.model import Lane, Rejection
from agent.redaction.redaction import redact
from agent.store import batch_file
from agent.store.batch_file import BatchFile
from agent.store.directory import orphan_files
from agent.store.directory.orphan_files import DatabaseView
from agent.store.origin import Origin
from agent.store.state import State, Transaction

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
    """Dead-letter files under `<state directory>/dead-letters`, numbered from 0."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._folder = state.directory / "dead-letters"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        named = frozenset(file.name for _, file in self.files())
        view = DatabaseView(state.id, {"dead": state.number("dead/next")}, named, bool(state.doubt()))
        orphan_files.clear(self._folder, view)

    def write(self, frame: pl.DataFrame) -> BatchFile:
        """Bring dead letters (`SCHEMA`) to disk. Raises DiskFull."""
        prefix = orphan_files.prefix("dead", self._state.id, self._state.number("dead/next"))
        return batch_file.write(self._folder, prefix, frame)

    def discard(self, file: BatchFile | None) -> None:
        """Remove a written file whose transaction did not happen, or that is settled."""
        if file is not None:
            (self._folder / file.name).unlink(missing_ok=True)

    def name(self, transaction: Transaction, file: BatchFile, context: DeadLetterContext | None = None) -> None:
        """Make a written file count, with the transaction. `context`: what else its rows say."""
        sequence = self._state.number("dead/next")
        # Sixteen digits: keys are read back in the order of their text, which must be that of the numbers.
        transaction.set(f"dead/file/{sequence:016d}", file.encode())
        if context is not None:
            self.note_context(transaction, sequence, context)
        transaction.set("dead/next", sequence + 1)

    def note_context(self, transaction: Transaction, number: int, context: DeadLetterContext) -> None:
        transaction.set(f"dead/about/{number:016d}", orjson.dumps(asdict(context)))

    def is_reported(self, number: int) -> bool:
        """Whether a problem counts its rows; versions without problems left files of which none does."""
        return self._state.data(f"dead/about/{number:016d}") is not None

    def count(self) -> int:
        return sum(file.rows for _, file in self.files())

    def files(self) -> list[tuple[int, BatchFile]]:
        """(file number, file) of everything kept, oldest first."""
        keys = self._state.keys("dead/file/")
        return [(int(key[-16:]), BatchFile.decode(self._state.data(key) or b"")) for key in keys]

    def file(self, number: int) -> BatchFile | None:
        data = self._state.data(f"dead/file/{number:016d}")
        return BatchFile.decode(data) if data else None

    def context(self, number: int) -> DeadLetterContext:
        """Raises Damaged for a file of an older version that cannot be read: only its rows say whose they are."""
        data = self._state.data(f"dead/about/{number:016d}")
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
        return batch_file.read(self._folder, file)

    def read(self) -> Iterator[tuple[int, pl.DataFrame]]:
        """(file number, frame) of everything kept, oldest first. Raises Damaged."""
        for number, file in self.files():
            yield number, batch_file.read(self._folder, file)

    def forget(self, transaction: Transaction, number: int) -> None:
        """Its rows are replayed or dropped; `discard` the file after the commit."""
        transaction.delete(f"dead/file/{number:016d}")
        transaction.delete(f"dead/about/{number:016d}")


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
    destination: str, lane: Lane, frame: pl.DataFrame, reasons: Sequence[tuple[int, str]], now: datetime
) -> pl.DataFrame:
    """Dead letters for rows of a shaped `frame` that a destination refused: (row, reason) pairs."""
    return _frame(
        {
            "time": now,
            "destination": destination,
            "lane": lane,
            "org": _cell(frame, "organization.id", row),
            "source": _cell(frame, "leakline.service", row) or _cell(frame, "event.dataset", row),
            "event_type": _cell(frame, "event.provider", row),
            "input": "",
            "row": row,
            "event_id": _cell(frame, "event.id", row),
            "reason": reason,
            "raw": bytes(batch_file.encode(frame[row : row + 1])),
        }
        for row, reason in reasons
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


def _cell(frame: pl.DataFrame, column: str, row: int) -> str:
    """A cell of a shaped frame as text; empty for a null, and for a column that it does not have."""
    return str(frame[column][row] or "") if column in frame.columns else ""


def _frame(rows: Iterable[dict[str, object]]) -> pl.DataFrame:
    """Dead letters (`SCHEMA`), a row each, with their reasons redacted."""
    kept = list(rows)
    clean = {reason: redact(str(reason)) for reason in {row["reason"] for row in kept}}  # many rows, few reasons
    return pl.DataFrame([{**row, "reason": clean[row["reason"]]} for row in kept], schema=SCHEMA)
