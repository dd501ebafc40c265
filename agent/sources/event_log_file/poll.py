"""How one poll of the log files goes: what was fetched, what was skipped, how far the high water may rise."""

from __future__ import annotations

from datetime import datetime

from agent.errors import SourceError
from agent.sources.event_log_file.checkpoint import ReadPosition
from agent.sources.event_log_file.download import TooLong
from agent.sources.event_log_file.file_batches import FilePass
from agent.sources.event_log_file.listed_file import ListedFile


class Poll:
    """One poll. It takes files in the order of their creation."""

    def __init__(self, position: ReadPosition, files: FilePass) -> None:
        self.position = position
        self.files = files
        self.fetched = 0
        """Files read."""
        self.not_fetched: list[ListedFile] = []
        """Files that could not be fetched at all."""
        self.failed_in_a_row = 0
        self.error: SourceError | None = None
        self._blocked: datetime | None = None

    def after(self, listed: ListedFile) -> ReadPosition:
        """The position once `listed` is read: the high water stops at the first file that was skipped.

        Everything created up to the high water counts as read, so it must not pass a file that is still to come. Files
        read beyond it are remembered one by one (`known_key`); a replaced or late file never takes it back.
        """
        high = min(listed.created, self._blocked or listed.created)
        return ReadPosition(self.position.since, max(self.position.high, high))

    def block(self, listed: ListedFile) -> None:
        """Hold the high water at `listed`; the first one that is blocked is the oldest, for files come in order."""
        self._blocked = self._blocked or listed.created

    def skip(self, listed: ListedFile, error: SourceError) -> None:
        """Raises `error` if the file before did not come either: then it is not the file's fault.

        A file that is too long is its own fault, and does not count. Two in a row are enough: an outage would otherwise
        cost a call, and up to the deadline of 8 minutes, for each of some thousand files.
        """
        self.block(listed)
        self.error = error
        if isinstance(error, TooLong):
            return
        self.failed_in_a_row += 1
        if self.failed_in_a_row >= 2:
            raise error
