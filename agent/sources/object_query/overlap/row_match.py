"""Which rows of a page were taken before, where the visible fields are others than when they were.

A taken row and one of the page may be the same if they agree in their time and in every field that was visible then and is
now. As no row leaves an object while it is read again, each taken row has its own among those that it may be: so as many rows
of the page as possible are paired with taken ones, and what is left is new. Rows that differ only in what was hidden when one
of them was taken cannot be told apart by anybody; their number is right all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.sources.object_query.overlap.ledger_piece import LedgerPiece

MOST_TRIED = 256
"""Rows of a moment that are looked at to find a place for one taken row, when all that it may be are paired already."""


@dataclass(frozen=True, slots=True)
class PageRows:
    """Rows as a page has them: `digests` of the cells of each visible field, one for each row."""

    times: Sequence[int]
    ids: Sequence[int]
    digests: Mapping[str, Sequence[int]]
    is_named: bool
    """Whether the ids are those of the records, and not of their cells."""

    def keys(self, fields: Sequence[str]) -> list[Hashable]:
        """By which each row is compared with those that were taken with these `fields`."""
        if self.is_named and not fields:
            return list(self.ids)
        shared = [self.digests[name] for name in fields if name in self.digests]
        return list(zip(self.times, *shared, strict=True))

    def taken_keys(self, piece: LedgerPiece) -> list[Hashable]:
        """The same of the rows that were taken, of those times that the page has."""
        if self.is_named and not piece.fields:
            return list(piece.ids)
        shared = [column for name, column in zip(piece.fields, piece.digests, strict=True) if name in self.digests]
        times, rows = set(self.times), zip(piece.times, *shared, strict=True)
        return [row for row in rows if row[0] in times]


class RowMatch:
    """Of one page."""

    def __init__(self, page: PageRows) -> None:
        self._page = page
        self._candidates: list[Sequence[int]] = []
        """For each taken row the rows that it may be."""
        self._holders: dict[int, int] = {}
        """Rows of the page to the taken row with which they are paired."""

    def paired(self, pieces: Iterable[LedgerPiece]) -> set[int]:
        """The numbers of the rows that were taken before."""
        lists: dict[tuple[str, ...], list[LedgerPiece]] = defaultdict(list)
        for piece in pieces:
            lists[piece.fields].append(piece)
        # Those that were seen with the most fields have the fewest rows to choose from.
        for fields in sorted(lists, key=lambda fields: -sum(name in self._page.digests for name in fields)):
            self._pair(fields, lists[fields])
        return set(self._holders)

    def _pair(self, fields: tuple[str, ...], pieces: Sequence[LedgerPiece]) -> None:
        places: dict[Hashable, list[int]] = defaultdict(list)
        for row, key in enumerate(self._page.keys(fields)):
            places[key].append(row)
        free = {key: iter(rows) for key, rows in places.items()}
        for piece in pieces:
            for key in self._page.taken_keys(piece):
                if key not in places:
                    continue
                taken = len(self._candidates)
                self._candidates.append(places[key])
                place = next((row for row in free[key] if row not in self._holders), None)
                if place is None:
                    self._move(taken, set())
                else:
                    self._holders[place] = taken

    def _move(self, taken: int, tried: set[int]) -> bool:
        """Find a place by giving another taken row one of its other places (an augmenting path)."""
        for row in self._candidates[taken]:
            if row in tried or len(tried) >= MOST_TRIED:
                continue
            tried.add(row)
            if row not in self._holders or self._move(self._holders[row], tried):
                self._holders[row] = taken
                return True
        return False
