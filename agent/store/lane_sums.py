"""How much of a lane is behind a position, without a look at each batch."""

from __future__ import annotations

from agent.store.batch_file import BatchFile


class LaneSums:
    """Rows and bytes of the batches of one lane, from any number on.

    They are asked for with every batch that is read or settled, and a destination that was away for a night has ten
    thousands of small batches before it. Batches come at the end and go from the oldest on.
    """

    def __init__(self) -> None:
        self._before: dict[int, tuple[int, int]] = {}
        """Of each batch that is there, rows and bytes of all that ever came before it."""
        self._all = 0, 0
        """Of all that ever came."""
        self._last = -1

    def add(self, number: int, file: BatchFile) -> None:
        rows, size = self._before[number] = self._all
        self._all = rows + file.rows, size + file.size
        self._last = number

    def remove(self, number: int) -> None:
        self._before.pop(number, None)

    def oldest(self) -> int | None:
        """None where there is no batch."""
        return next(iter(self._before), None)

    def behind(self, number: int) -> tuple[int, int]:
        """Rows and bytes of the batches from this number on."""
        if number > self._last or not self._before:
            return 0, 0
        if number not in self._before:  # before the oldest, or in a gap where values were lost
            number = next(there for there in self._before if there >= number)
        rows, size = self._before[number]
        return self._all[0] - rows, self._all[1] - size
