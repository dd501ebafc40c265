"""Whether a destination refuses so much for good that it is the deployment that is wrong, and no longer the rows."""

from __future__ import annotations

from collections import deque

from agent.delivery_settings import RefusalSettings


class RefusalWindow:
    """The newest rows of one lane at one destination, and how many of them it refused."""

    def __init__(self, settings: RefusalSettings) -> None:
        self._settings = settings
        self._answers: deque[tuple[int, int]] = deque()
        """(rows, refused), the newest last; together at least `rows` rows once so many were answered."""
        self.rows = 0
        self.refused = 0

    def add(self, rows: int, refused: int) -> None:
        """`rows` were answered, `refused` of them with a refusal for good."""
        self._answers.append((rows, refused))
        self.rows += rows
        self.refused += refused
        # An answer leaves the window only while the others alone still fill it.
        while self._answers and self.rows - self._answers[0][0] >= self._settings.rows:
            old_rows, old_refused = self._answers.popleft()
            self.rows -= old_rows
            self.refused -= old_refused

    @property
    def excessive(self) -> bool:
        """Too large a share of a full window: even if all rows still missing from it were accepted."""
        return self.refused > self._settings.share * max(self.rows, self._settings.rows)

    def forget(self) -> None:
        self._answers.clear()
        self.rows = self.refused = 0
