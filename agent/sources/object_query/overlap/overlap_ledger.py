"""The rows that the next polls read again, so that each of them is taken once: however long an outage lasts, and whatever
fields come and go meanwhile.

What is remembered follows the position and no clock: a row is forgotten once no poll goes back to it. Rows without an id
are named by their cells, and would have other names as soon as other fields are visible: of these a digest of each cell is
remembered as well, some 8 bytes for one that no other row has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import polars as pl

from agent.source import Recall
from agent.sources.object_query.overlap.ledger_piece import LedgerPiece, cell_digests, short_id
from agent.sources.object_query.overlap.row_match import PageRows, RowMatch

OVERLAP = "overlap/"
"""Under which rows are remembered: `overlap/<object>/<time of the last row>/<number>`."""
MOST_ROWS = 200_000
"""Of an object: a poll reads 24,000 at most. Above it the oldest ones are forgotten, and taken once by the clock alone
(`agent.model.TakenOnce`).
"""


@dataclass(frozen=True, slots=True)
class NewRows:
    """What of a page was not taken before."""

    frame: pl.DataFrame
    taken: int
    """Rows that were."""
    remember: dict[str, bytes | None]


class OverlapLedger:
    """Of one object in one pass. `recall`: what earlier batches asked to remember, those of this pass included."""

    def __init__(self, recall: Recall, name: str) -> None:
        self._prefix = f"{OVERLAP}{name}/"
        self._pieces = {key: LedgerPiece.decode(recall(key) or b"") for key in recall.keys(self._prefix)}
        self._ids = {ident for piece in self._pieces.values() for ident in piece.ids}
        self._number = max((int(key.rpartition("/")[2]) for key in self._pieces), default=0)

    def enter(self, frame: pl.DataFrame, times: Sequence[int], horizon: int, *, is_named: bool) -> NewRows:
        """The rows of a page that are new, which count as taken from now on.

        `frame`: `event.id` and the visible fields, all `String`; `times`: of its rows, in milliseconds since 1970; `horizon`:
        to where the next polls go back; `is_named`: whether the rows' records have ids.
        """
        if frame.is_empty():
            return NewRows(frame, 0, {})
        fields = () if is_named else tuple(sorted(name for name in frame.columns if name != "event.id"))
        ids = [short_id(event_id) for event_id in frame["event.id"]]
        if any(piece.fields != fields for piece in self._pieces.values()):
            new = self._unpaired(frame, times, ids, is_named)
            left = self._renamed(frame[new])
        else:
            new = [row for row, ident in enumerate(ids) if ident not in self._ids]
            left = frame[new]
        kept = [place for place, row in enumerate(new) if times[row] >= horizon]
        remember = self._noted(left[kept], [times[new[place]] for place in kept], fields)
        return NewRows(left, frame.height - len(new), remember | self._forgotten(horizon))

    def _unpaired(self, frame: pl.DataFrame, times: Sequence[int], ids: Sequence[int], is_named: bool) -> list[int]:
        digests = {name: cell_digests(frame[name]) for name in frame.columns if name != "event.id"}
        paired = RowMatch(PageRows(times, ids, digests, is_named)).paired(self._pieces.values())
        return [row for row in range(frame.height) if row not in paired]

    def _renamed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Equal rows are numbered among those of their page: with other fields than before, a number may be used already."""
        names = frame["event.id"].to_list()
        for row, name in enumerate(names):
            while short_id(name) in self._ids:
                name = blake2b(name.encode(), digest_size=16).hexdigest()
            names[row] = name
        return frame.with_columns(pl.Series("event.id", names, dtype=pl.String))

    def _noted(self, frame: pl.DataFrame, times: Sequence[int], fields: tuple[str, ...]) -> dict[str, bytes | None]:
        ids = [short_id(event_id) for event_id in frame["event.id"]]
        self._ids.update(ids)
        remember: dict[str, bytes | None] = {}
        for piece in LedgerPiece(fields, times, ids, [cell_digests(frame[name]) for name in fields]).parts():
            self._number += 1
            key = f"{self._prefix}{max(piece.times):016}/{self._number}"
            self._pieces[key] = piece
            remember[key] = piece.encode()
        return remember

    def _forgotten(self, horizon: int) -> dict[str, bytes | None]:
        """Pieces behind the horizon, and the oldest ones where there are too many rows."""
        held = sum(len(piece.times) for piece in self._pieces.values())
        forgotten: dict[str, bytes | None] = {}
        for key in sorted(self._pieces):
            piece = self._pieces[key]
            if max(piece.times) >= horizon and held <= MOST_ROWS:
                break
            held -= len(piece.times)
            forgotten[key] = None
        for key in forgotten:
            del self._pieces[key]
        return forgotten
